import subprocess
from pathlib import Path

import pytest

from errorbudget.change import FileChange
from errorbudget.errors import Failure
from errorbudget.ingest.git import diff


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    _git(tmp_path, "init", "-q", "-b", "main")
    _git(tmp_path, "config", "user.email", "ana@shop.example")
    _git(tmp_path, "config", "user.name", "Ana")
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "0001.sql").write_text("create table a (b int);\n")
    (tmp_path / "faq.md").write_text("one\n")
    _commit(tmp_path)
    return tmp_path


def _git(repository: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(repository), *arguments], check=True, capture_output=True)


def _commit(repository: Path) -> None:
    _git(repository, "add", "-A")
    _git(repository, "commit", "-q", "-m", "step")


def test_every_file_is_told_with_its_lines(repository: Path) -> None:
    (repository / "faq.md").write_text("one\ntwo\nthree\n")
    (repository / "new name.py").write_text("x = 1\n")
    _commit(repository)

    told = diff("HEAD~1..HEAD", repository=repository)

    assert told.files == (
        FileChange(path="faq.md", added=2, deleted=0),
        FileChange(path="new name.py", added=1, deleted=0),
    )


def test_a_binary_file_has_no_line_counts(repository: Path) -> None:
    (repository / "logo.png").write_bytes(bytes(range(256)))
    _commit(repository)

    told = diff("HEAD~1..HEAD", repository=repository)

    assert told.files == (FileChange(path="logo.png", added=None, deleted=None),)


def test_a_renamed_file_is_told_under_both_names(repository: Path) -> None:
    (repository / "docs").mkdir()
    (repository / "migrations" / "0001.sql").rename(repository / "docs" / "0001.md")
    _commit(repository)

    told = diff("HEAD~1..HEAD", repository=repository)

    assert {file.path for file in told.files} == {"docs/0001.md", "migrations/0001.sql"}


@pytest.mark.parametrize("revisions", ["HEAD", "..HEAD", "HEAD..", "--help..HEAD", "HEAD..-x"])
def test_what_is_no_range_is_refused(repository: Path, revisions: str) -> None:
    with pytest.raises(Failure, match="--diff"):
        diff(revisions, repository=repository)


def test_an_unknown_revision_says_what_to_do(repository: Path) -> None:
    with pytest.raises(Failure, match="fetch enough history"):
        diff("v9..HEAD", repository=repository)
