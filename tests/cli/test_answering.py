"""Approving, declining, what waits and incidents, by command: what a person at a shell is told."""

import json
import os
import pty
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from errorbudget import clock
from errorbudget.cli.main import application
from errorbudget.errors import Failure
from errorbudget.program.program import Program
from path.outside import PROGRAM
from program.test_gate import DOCUMENT, serve
from store.keys import allow, make

ANA, BO = "ana@shop.example", "bo@shop.example"
NOW = clock.now().replace(second=0, microsecond=0)
Ran = tuple[int, str, str]
Run = Callable[..., Ran]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The keys of two people, and who may sign with them."""
    folder = tmp_path_factory.mktemp("keys")
    allow(folder / "allowed_signers", *((who, make(folder, who)) for who in (ANA, BO)))
    return folder


@pytest.fixture
def run(home: Path, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on a home whose one service is overspent; somebody else is asking."""
    with Program.open(home, create=True) as program:
        (tmp_path / "web.yaml").write_text(DOCUMENT)
        program.objectives.apply(tmp_path / "web.yaml", now=NOW)
        serve(program, tmp_path, 4000, 30, NOW)
    (home / "allowed_signers").write_bytes((keys / "allowed_signers").read_bytes())
    monkeypatch.setenv("ERRORBUDGET_HOME", str(home))
    monkeypatch.setenv("GITHUB_ACTOR", "dana")
    monkeypatch.delenv("ERRORBUDGET_URL", raising=False)
    app, runner = application(["gate", "incident"]), CliRunner()

    def ran(*words: str | Path, said: str = "") -> Ran:
        done = runner.invoke(app, [str(word) for word in words], input=said)
        if isinstance(done.exception, Failure):
            return 2, done.stdout, "\n".join(done.exception.lines)
        return done.exit_code, done.stdout, done.stderr

    return ran


def answer(run: Run, keys: Path, says: str, role: str, who: str, *more: str, said: str = "") -> Ran:
    words = ["--change", "c1", "--role", role, "--reason", "the launch is worth it"]
    return run("gate", says, "web", *words, "--key", keys / f"{who}-ed25519", *more, said=said)


def row(run: Run) -> Any:
    (told,) = json.loads(run("gate", "status", "web", "--json")[1])
    return told


def test_a_held_up_change_is_approved_by_two_and_each_is_told_what_is_missing(run: Run, keys: Path):
    asked, said, _ = run("gate", "check", "web", "--change", "c1", "--risk", "high")
    first = run("gate", "status")[1]
    signed = answer(run, keys, "approve", "product", BO, "--spend", "6%", "--yes")
    half = run("gate", "status")[1]
    done = answer(run, keys, "approve", "engineering", ANA, "--yes")
    whole = run("gate", "status")[1]
    allowed = run("gate", "check", "web", "--change", "c1", "--risk", "high")

    assert asked == 3
    assert "no diff was told; --diff BASE..HEAD tells it" in said
    assert first.splitlines() == [
        "web c1: waiting (asked once)",
        "    needs product and engineering: errorbudget gate approve web --change c1"
        " --role product --reason WHY --key KEY",
    ]
    assert "Spending 6 % on this change would leave about" in signed[2]
    assert (signed[0], json.loads(signed[1])["by"], done[0]) == (0, BO, 0)
    assert "needs engineering: errorbudget gate approve web --change c1 --role eng" in half
    assert whole.startswith("web c1: approved (asked once); bo@shop.example approves: ")
    assert "errorbudget" not in whole
    assert (allowed[0], "Approved by" in allowed[1]) == (0, True)


def at_a_terminal(keys: Path, typed: bytes) -> int:
    """The exit code of an approval by a person who types this."""
    person, terminal = pty.openpty()
    words = [PROGRAM, "gate", "approve", "web", "--change", "c1", "--role", "product"]
    words += ["--reason", "the launch is worth it", "--key", keys / f"{BO}-ed25519"]
    with subprocess.Popen(words, stdin=terminal, stdout=subprocess.DEVNULL) as asked:
        os.write(person, typed)
        code = asked.wait(60)
    os.close(person)
    os.close(terminal)
    return code


def test_nothing_is_signed_where_nobody_can_be_asked_or_a_person_says_no(run: Run, keys: Path):
    run("gate", "check", "web", "--change", "c1")

    code, out, err = answer(run, keys, "approve", "product", BO)

    assert (code, out) == (2, "")
    assert "no terminal to confirm on that you approve\nRead what it leads to" in err
    assert at_a_terminal(keys, b"n\n") == 1
    assert row(run)["answers"] == []
    assert at_a_terminal(keys, b"y\n") == 0
    assert [one["by"] for one in row(run)["answers"]] == [BO]


def test_the_same_answer_again_is_the_same_and_the_last_one_counts(run: Run, keys: Path):
    run("gate", "check", "web", "--change", "c1")

    yes = [answer(run, keys, "approve", "product", BO, "--yes")[1] for _ in range(2)]
    no = answer(run, keys, "decline", "product", BO, "--until", "3d", "--yes")
    declined = row(run)
    again = answer(run, keys, "approve", "product", BO, "--yes")[1]

    assert yes[0] == yes[1]
    assert json.loads(no[1])["says"] == "decline"
    assert (declined["state"], declined["next"]) == ("declined", "")
    assert [one["says"] for one in declined["answers"]] == ["decline"]
    assert json.loads(again)["id"] != json.loads(yes[0])["id"]
    assert (row(run)["state"], row(run)["needs"]) == (
        "deferred",
        "it is to be asked about again, and then answered",
    )


def test_what_cannot_be_answered_is_said_before_anything_is_signed(run: Run, keys: Path):
    assert run("gate", "status")[1] == "no change waits, and none is to be reviewed\n"
    run("gate", "check", "web", "--change", "c1")

    for more, why in (
        (["--role", "legal"], "'legal' may not approve; write one of product, engineering"),
        (["--spend", "much"], "--spend"),
        (["--until", "9d"], "longer than the document allows: 24 hours"),
        (["--change", "c9"], "nobody has asked about c9 of web yet"),
    ):
        code, _, err = answer(run, keys, "approve", "product", BO, "--yes", *more)
        assert (code, why in err) == (2, True), err


def test_an_incident_is_declared_seen_to_noted_and_over(run: Run):
    told = json.loads(run("incident", "declare", "web", "--title", "payments hang", "--by", ANA)[1])
    number = str(told["id"])
    run("incident", "acknowledge", number, "--by", BO)
    run("incident", "note", number, "the pool is empty", "--by", BO)
    listed = run("incident", "list", "web")[1]
    run("incident", "close", number)
    shown = run("incident", "show", number)[1].splitlines()

    assert listed == f"{number}  web: payments hang ({ANA}, open, {BO} sees to it)\n"
    assert shown[0].startswith(f"{number}  web: payments hang ({ANA}, over since ")
    assert [line.split()[2] for line in shown[1:]] == ["opened", "acknowledged", "note", "closed"]
    assert any(f"{BO}: the pool is empty" in line for line in shown)
    assert run("incident", "show", "7")[0] == 2
    assert run("incident", "note", number, "\x1b[2J")[0] == 2
    # The title of an alert begins with the service already.
    run("incident", "declare", "web", "--title", "web: requests fail", "--by", ANA)
    assert run("incident", "list", "web")[1].splitlines()[0].startswith("2  web: requests fail (")
