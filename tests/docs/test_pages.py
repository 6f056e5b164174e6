"""The documentation is true: its commands run, its links lead on, its reference is current."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

import docs_world
from consoles import ROOT, Command, commands, run, said, words
from errorbudget.cli.main import application

PAGES = sorted(
    (
        ROOT / "README.md",
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "plugin").rglob("*.md"),
    )
)
_PROMISE = "errorbudget objective sign checkout.yaml --role product --key ~/.ssh/id_ed25519"
_BEGUN = ["errorbudget ingest access.log --service web"]
_PROPOSED = [*_BEGUN, "errorbudget objective propose web --out web.yaml"]
_APPLIED = [_PROMISE, "errorbudget objective apply checkout.yaml"]
BEFORE = {
    "requests.md": ["errorbudget ingest requests.ndjson"],
    "alerts.md": [
        *_APPLIED,
        *3 * ['errorbudget incident declare checkout --title "payments fail"'],
    ],
    "ask-approve-look-back.md": [
        *_PROPOSED,
        "sed -i /signoff:/,+3d web.yaml",
        "errorbudget objective apply web.yaml",
    ],
}
"""What has been typed before a page's own commands, where they go on from something."""
NOT_RUN = {
    "make demo": "serves until it is stopped; the demo's own tests run it",
    "make test": "is what is running",
    "errorbudget mcp ": "serves until it is stopped; tests of assistants run it",
    "…": "leaves something to be filled in",
}
ANSWERS = {3, 4, 5}
"""Of the gate, that are no failures."""


def _typed() -> list[Command]:
    typed = (command for page in PAGES for command in commands(page))
    return [command for command in typed if command.line.startswith("errorbudget ")]


def _runs(page: Path) -> list[Command]:
    """The commands of a page that can be run as they stand."""
    return [one for one in commands(page) if not any(no in one.line for no in NOT_RUN)]


ELSEWHERE = {
    "SKILL.md": "tests/plugin runs a skill's steps",
    "promise.md": "tests/path runs it, on a file of requests of its own",
    "postmortems.md": "tests/path runs it, and what people do between its commands",
}
RUN = [page for page in PAGES if page.name not in ELSEWHERE and _runs(page)]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    docs_world.build(folder, docs_world.now())
    return folder


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.stem)
def test_the_commands_of_a_page_run_as_they_stand(
    page: Path, template: Path, tmp_path: Path, programs: Path
):
    folder = tmp_path / "world"
    shutil.copytree(template, folder)
    work = folder / "work"
    lines = BEFORE.get(page.name, [])
    before = [Command(f"before {number}", line) for number, line in enumerate(lines)]
    typed = [*before, *_runs(page)]
    codes = run(
        typed, work, programs, HOME=str(folder), ERRORBUDGET_HOME=str(work / ".errorbudget")
    )

    for number, one in enumerate(typed):
        good = codes[one.place] == 0 or (" gate " in one.line and codes[one.place] in ANSWERS)
        assert good, f"{one.place}: exit {codes[one.place]}: {said(work, number)}"


@pytest.mark.parametrize("command", _typed(), ids=lambda command: command.place)
def test_every_command_and_option_that_is_typed_exists(command: Command):
    known: Any = typer.main.get_command(application())
    given = words(command)[1:]
    if "--" in given:
        given = given[: given.index("--")]
    while given and hasattr(known, "commands") and given[0] in known.commands:
        known = known.commands[given.pop(0)]
    assert not hasattr(known, "commands"), f"{command.place}: no such command: {command.line}"
    options = {name for one in known.params for name in one.opts}
    for word in given:
        if word.startswith("--"):
            assert word.partition("=")[0] in options, f"{command.place}: {word}"


def test_the_reference_is_what_the_code_says():
    told = subprocess.run(
        [sys.executable, ROOT / "tools" / "reference.py", "--check"],
        env=os.environ | {"ERRORBUDGET_HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.returncode == 0, told.stderr


@pytest.mark.parametrize("name", ["cli", "configuration", "document", "api", "metrics", "tools"])
def test_everything_in_the_reference_is_said_in_words(name: str):
    text = (ROOT / "docs" / "reference" / f"{name}.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| `")]

    assert rows
    assert not [row for row in rows if re.search(r"\|\s*\|$", row)]
    assert not re.findall(r"^#+ `[^`]+`\n\n(?:    |\||#)", text, re.MULTILINE)


def test_every_command_stands_in_the_reference_by_its_name():
    text = (ROOT / "docs" / "reference" / "cli.md").read_text()
    names = list(_names(typer.main.get_command(application()), "errorbudget"))

    assert len(names) > 40
    assert not [name for name in names if f"## `{name}`" not in text]


def _names(command: Any, path: str) -> Iterator[str]:
    for name, one in getattr(command, "commands", {}).items():
        if hasattr(one, "commands"):
            yield from _names(one, f"{path} {name}")
        else:
            yield f"{path} {name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path):
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        if anchor:
            heads = re.findall(r"^#+ (.+)$", found.read_text(), re.MULTILINE)
            assert anchor in {
                re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads
            }


def test_the_index_names_every_page():
    index = (ROOT / "docs" / "README.md").read_text()
    pages = [
        page.relative_to(ROOT / "docs")
        for page in (ROOT / "docs").rglob("*.md")
        if "decisions" not in page.relative_to(ROOT / "docs").parts[:1] and page.name != "README.md"
    ]

    assert not [str(page) for page in pages if f"({page}" not in index]
