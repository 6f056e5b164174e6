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
        FileChange(path="faq.md", added=2, deleted=0, mode_before="100644", mode_after="100644"),
        FileChange(path="new name.py", added=1, deleted=0, mode_after="100644"),
    )


def test_a_binary_file_has_no_line_counts(repository: Path) -> None:
    (repository / "logo.png").write_bytes(bytes(range(256)))
    _commit(repository)

    told = diff("HEAD~1..HEAD", repository=repository)

    assert told.files == (
        FileChange(path="logo.png", added=None, deleted=None, mode_after="100644"),
    )


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


def test_the_deployed_version_is_the_base_whatever_the_caller_says(repository: Path) -> None:
    _git(repository, "tag", "v1.4.0")
    (repository / "migrations" / "0002.sql").write_text("drop table a;\n")
    _commit(repository)
    (repository / "faq.md").write_text("two\n")
    _commit(repository)

    told = diff("HEAD~1..HEAD", repository=repository, deployed=["1.4.0"])
    word = diff("HEAD~1..HEAD", repository=repository, deployed=["never-tagged"])

    assert {file.path for file in told.files} == {"faq.md", "migrations/0002.sql"}
    assert told.deployed == "1.4.0"
    assert ([file.path for file in word.files], word.deployed) == (["faq.md"], "")
    with pytest.raises(Failure, match=r"--diff: v1\.4\.O: no such commit"):
        diff("v1.4.O..HEAD", repository=repository, deployed=["1.4.0"])


def test_a_branch_is_no_deployed_version(repository: Path) -> None:
    (repository / "faq.md").write_text("two\n")
    _commit(repository)

    told = diff("HEAD~1..HEAD", repository=repository, deployed=["main"])

    assert (len(told.files), told.deployed) == (1, "")


def test_the_text_of_sql_is_told_before_and_after(repository: Path) -> None:
    (repository / "migrations" / "0001.sql").write_text("create table a (b int, c int);\n")
    (repository / "large.sql").write_text("-- " + "x" * 300_000)
    _commit(repository)

    large, migration = diff("HEAD~1..HEAD", repository=repository).files

    assert migration.before == "create table a (b int);\n"
    assert migration.after == "create table a (b int, c int);\n"
    assert (large.before, large.after) == (None, None)


def test_modes_links_and_submodules_are_told(repository: Path) -> None:
    (repository / "faq.md").chmod(0o755)
    (repository / "link").symlink_to("/etc/passwd")
    head = subprocess.check_output(["git", "-C", repository, "rev-parse", "HEAD"], text=True)
    _git(repository, "update-index", "--add", "--cacheinfo", f"160000,{head.strip()},vendored")
    _git(repository, "add", "faq.md", "link")
    _git(repository, "commit", "-q", "-m", "step")

    told = {file.path: file for file in diff("HEAD~1..HEAD", repository=repository).files}

    assert (told["faq.md"].mode_before, told["faq.md"].mode_after) == ("100644", "100755")
    assert told["link"].mode_after == "120000"
    assert told["vendored"].mode_after == "160000"


def test_authors_are_who_wrote_committed_or_helped(repository: Path) -> None:
    _git(repository, "tag", "v1")
    (repository / "faq.md").write_text("two\n")
    _git(repository, "add", "-A")
    message = "step\n\nCo-authored-by: Chen <chen@shop.example>"
    author = "--author=Dilara <dilara@shop.example>"
    _git(repository, "commit", "-q", author, "-m", message)

    told = diff("v1..HEAD", repository=repository)

    assert told.authors == ("ana@shop.example", "chen@shop.example", "dilara@shop.example")


@pytest.mark.parametrize(
    "url",
    [
        "https://user:secret@git.example:443/shop/checkout.git",
        "git@git.example:shop/checkout.git",
        "ssh://git@git.example/shop/checkout",
    ],
)
def test_a_repository_is_known_by_where_it_is_without_secrets(repository: Path, url: str) -> None:
    _git(repository, "remote", "add", "origin", url)

    name = diff("HEAD..HEAD", repository=repository).repository

    assert name.replace(":443", "") == "git.example/shop/checkout"


def test_a_shallow_clone_that_lacks_the_base_cannot_tell_the_files(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (repository / "faq.md").write_text("two\n")
    _commit(repository)
    clone = tmp_path_factory.mktemp("clone") / "shallow"
    _git(repository, "clone", "-q", "--depth", "1", f"file://{repository}", str(clone))

    word = diff("v1..HEAD", repository=clone)
    known = diff("HEAD..HEAD", repository=clone, deployed=["1.4.0"])

    assert word.files == known.files == ()
    assert "v1 is not in this shallow clone" in word.unsure
    assert "the deployed 1.4.0 is not in this clone" in known.unsure


def test_a_deployed_commit_that_is_not_here_is_not_replaced_by_the_callers_word(
    repository: Path,
) -> None:
    told = diff("HEAD..HEAD", repository=repository, deployed=["a" * 40])

    assert (told.files, bool(told.unsure)) == ((), True)


def test_outside_of_a_repository_it_says_so_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="is no git repository") as refused:
        diff("HEAD~1..HEAD", repository=tmp_path)

    assert "without --diff" in refused.value.lines[1]
