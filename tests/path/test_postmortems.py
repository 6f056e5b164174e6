"""The how-to of postmortems: its commands run as they stand, and their numbers trace."""

import json
import re
import shlex
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from errorbudget.cli.main import application
from errorbudget.errors import Failure
from errorbudget.program.program import Program
from tracing import untraced

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "postmortems.md"
START = datetime(2026, 3, 2, tzinfo=UTC)
SHOP = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: shop
objectives:
  availability: {good: status < 500, target: 99%, window: {rolling: 28d}}
"""
OWNED = "(owner: ana@shop.example, due: 2026-04-01)"
JUDGED = {
    "<!-- Yours: why": "The pool was too small.\n<!-- Yours: why",
    "<!-- Yours: what kept": "The alert came at once.\n<!-- Yours: what kept",
    "<!-- Yours, one": f"- [ ] a larger pool {OWNED}\n<!-- Yours, one",
}


def rows() -> str:
    """Nine days of five requests a minute, then 40 minutes in which most fail."""
    lines = list[str]()
    for minute in range(10 * 1440):
        at = START + timedelta(minutes=minute)
        burns = 8 * 1440 + 720 <= minute < 8 * 1440 + 760
        for number in range(5):
            status = 503 if (burns and number) or (minute % 60 == 7 and not number) else 200
            lines.append(f'{{"time":"{at:%FT%TZ}","service":"shop","status":{status}}}')
    return "\n".join(lines)


Run = Callable[..., Result]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the home of a service that failed for 40 minutes."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "shop.ndjson").write_text(rows())
    (folder / "shop.yaml").write_text(SHOP)
    with Program.open(folder / "home", create=True) as program:
        program.requests.ingest(folder / "shop.ndjson")
        program.objectives.apply(folder / "shop.yaml", now=START)
    return folder


@pytest.fixture
def run(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line, within this process: a dozen of them would take a dozen starts."""
    shutil.copytree(shop / "home", tmp_path / "home")
    monkeypatch.setenv("ERRORBUDGET_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(application(), words)


def test_the_commands_of_the_how_to_run_as_they_stand(run: Run, tmp_path: Path) -> None:
    commands = re.findall(r"^\$ errorbudget (.+)$", PAGE.read_text(), re.MULTILINE)

    for command in commands:
        ran = run(*shlex.split(command))
        assert ran.exception is None, (command, ran.exception)
        if " --out " in command:
            _write(tmp_path / "shop.md")

    markdown = run("postmortem", "show", "shop-2026-03-10-1200").stdout
    journal = tmp_path / "docs" / "postmortems" / "shop-2026-03-10-1200.md"
    assert len(commands) == 13
    assert "The pool was too small." in journal.read_text()
    assert journal.with_suffix(".burn.svg").read_text().startswith("<svg")
    assert "- [x] a larger pool" in markdown
    *wrong, numbers = untraced(markdown, lambda one: json.loads(run(*shlex.split(one)[1:]).stdout))
    assert wrong == []
    assert int(numbers.split()[0]) > 20


def _write(file: Path) -> None:
    text = file.read_text()
    for before, after in JUDGED.items():
        assert before in text
        text = text.replace(before, after)
    file.write_text(text)


def test_wrong_asking_is_refused_in_a_line(run: Run, tmp_path: Path) -> None:
    span = ("--from", "2026-03-10T12:00:00Z", "--to", "2026-03-10T12:40:00Z")
    run("postmortem", "draft", "shop", "availability", *span)
    run("postmortem", "show", "shop-2026-03-10-1200", "--out", "it.md")
    file = tmp_path / "it.md"
    before = file.read_text().replace("<!-- /errorbudget:data -->", "", 1)
    file.write_text(before)

    refused = run("postmortem", "save", "it.md", "--by", "ana")
    unjudged = run("postmortem", "publish", "shop-2026-03-10-1200", "--by", "ana")
    unknown = run("postmortem", "show", "shop-7")
    nothing = run("postmortem", "draft", "shop", "availability", "--at", "2026-03-05T00:00:00Z")

    said = [str(one.exception) for one in (refused, unjudged, unknown, nothing)]
    assert all(isinstance(one.exception, Failure) for one in (refused, unjudged, unknown, nothing))
    assert said[0].startswith("it.md:")
    assert file.read_text() == before
    assert "people have yet to write the root cause, what went well and the action" in said[1]
    assert "there is no such postmortem" in said[2]
    assert "nothing burns at 2026-03-05T00:00:00Z" in said[3]
