"""The gate on a real home: one entry for the same question, and what makes it another one."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from errorbudget.change import Change, Diff, FileChange
from errorbudget.objective.document import RiskClass
from errorbudget.program.gate.asking import Question
from errorbudget.program.gate.gate import Answer
from errorbudget.program.program import Program

NOW = datetime(2026, 7, 20, 12, 0, tzinfo=UTC)
DOCUMENT = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: web
environment: production
owners: {engineering: [ana@shop.example], product: [bo@shop.example]}
objectives:
  availability: {good: status < 500, target: 99%, window: {rolling: 7d}}
policy:
  bands:
    - {above: 50%, allow: [rollback, critical, low, normal, high]}
    - {above: -inf, allow: [rollback, critical]}
  hysteresis: 5%
  approval: {roles: [product, engineering], need: all, expires_within: 24h}
risk:
  low: {max_files: 1, max_lines: 10}
"""


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    with Program.open(tmp_path / "home", create=True) as program:
        (tmp_path / "web.yaml").write_text(DOCUMENT)
        program.objectives.apply(tmp_path / "web.yaml", now=NOW)
        yield program


def serve(program: Program, tmp_path: Path, good: int, bad: int, until: datetime = NOW) -> None:
    """So many requests in the hours before a moment, the bad ones last; the file ends there."""
    rows = tmp_path / f"{until:%d-%H-%M}-{good}-{bad}.csv"
    moments = (until - timedelta(seconds=10 * n) for n in range(good + bad))
    text = "".join(
        f"{moment:%Y-%m-%dT%H:%M:%SZ},web,{500 if n < bad else 200}\n"
        for n, moment in enumerate(moments)
    )
    rows.write_text("time,service,status\n" + text)
    program.requests.ingest(rows)


def ask(program: Program, change: str = "c1", *, at: datetime = NOW, **more) -> Answer:
    dry_run = more.pop("dry_run", False)
    declared = more.pop("declared", RiskClass.HIGH)
    question = Question(service="web", change=change, declared=declared, **more)
    return program.gate.check(question, at=at, now=at, dry_run=dry_run)


def kinds(program: Program) -> list[str]:
    return [entry["kind"] for entry in program.audit.log()]


def test_the_same_question_again_is_one_entry_and_is_counted(program: Program, tmp_path: Path):
    serve(program, tmp_path, 4000, 30)

    first, again = ask(program), ask(program)

    assert (first.as_dict()["entry"], first.as_dict()["askings"]) == (2, 1)
    assert (again.as_dict()["entry"], again.as_dict()["askings"]) == (2, 2)
    assert again.as_dict()["checkpoint"] == first.as_dict()["checkpoint"]
    assert again.decision.reason == first.decision.reason
    assert kinds(program) == ["objective", "decision"]


@pytest.mark.parametrize(
    "other",
    [{"change": "c2"}, {"declared": RiskClass.NORMAL, "diff": None}],
)
def test_another_change_or_risk_is_decided_anew(program: Program, tmp_path: Path, other: dict):
    serve(program, tmp_path, 4000, 30)
    small = Diff(base="a", head="b", files=(FileChange(path="a.py", added=1, deleted=0),))

    first = ask(program, diff=small, declared=RiskClass.LOW)
    second = ask(program, **{"diff": small, "declared": RiskClass.LOW} | other)

    assert second.as_dict()["entry"] == first.as_dict()["entry"] + 1


def test_another_band_is_decided_anew(program: Program, tmp_path: Path):
    serve(program, tmp_path, 4000, 30)
    before = ask(program)
    serve(program, tmp_path, 100, 0, NOW - timedelta(hours=11))
    same = ask(program)
    serve(program, tmp_path, 8000, 0, NOW - timedelta(hours=11))
    better = ask(program)

    assert (before.exit_code, same.exit_code, better.exit_code) == (3, 3, 0)
    assert [one.as_dict()["entry"] for one in (before, same, better)] == [2, 2, 3]


def test_another_version_of_the_document_is_decided_anew(program: Program, tmp_path: Path):
    serve(program, tmp_path, 4000, 30)
    ask(program)
    (tmp_path / "web.yaml").write_text(DOCUMENT + "# reviewed\n")
    program.objectives.apply(tmp_path / "web.yaml", now=NOW)

    assert ask(program).as_dict()["entry"] == 4


def test_an_allow_expires_and_covers_one_deploy(program: Program, tmp_path: Path):
    serve(program, tmp_path, 4000, 3)
    later = NOW + timedelta(minutes=5)

    allowed = ask(program)
    entry = allowed.as_dict()["entry"]
    failed = program.gate.record_outcome(entry, 1, started_at=NOW, now=later)
    retried = program.gate.record_outcome(entry, 0, started_at=later, now=later)
    used = program.gate.record_outcome(entry, 0, started_at=later, now=later)

    assert allowed.as_dict()["expires"] == "2026-07-20T13:00:00Z"
    assert [one["covered"] for one in (failed, retried, used)] == [True, True, False]
    assert ask(program, at=later).as_dict()["entry"] > entry
    fresh = ask(program, "c9").as_dict()["entry"]
    late = NOW + timedelta(hours=1, seconds=1)
    assert not program.gate.record_outcome(fresh, 0, started_at=late, now=late)["covered"]


def test_a_dry_run_leaves_nothing_behind(program: Program, tmp_path: Path):
    serve(program, tmp_path, 4000, 30)

    dry = ask(program, dry_run=True).as_dict()

    assert (dry["decision"], dry["entry"], dry["checkpoint"]) == ("needs_approval", None, None)
    assert kinds(program) == ["objective"]
    assert ask(program).as_dict()["askings"] == 1


def test_many_who_ask_at_once_get_one_entry(program: Program, tmp_path: Path):
    serve(program, tmp_path, 4000, 30)
    answers: list[dict] = []
    question = Question(service="web", change="c1", declared=RiskClass.HIGH)
    seen = program.gate.look("web", NOW)

    def asks() -> None:
        answer = program.gate.check(question, at=NOW, now=NOW, known=lambda _: seen)
        answers.append(answer.as_dict())

    threads = [threading.Thread(target=asks) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {answer["entry"] for answer in answers} == {2}
    assert sorted(answer["askings"] for answer in answers) == list(range(1, 9))


def test_the_slip_says_from_which_day_on_what_returns(program: Program, tmp_path: Path):
    serve(program, tmp_path, 4000, 30)

    decision = ask(program).decision

    assert decision.slip == (
        "Critical fixes and rollbacks may ship now; low-risk changes, normal changes and high-risk"
        " changes from Tuesday 28 July, when 71 % returns."
    )


def test_a_band_is_regained_only_above_its_edge_by_the_hysteresis(program: Program, tmp_path: Path):
    serve(program, tmp_path, 4000, 30)
    assert ask(program).exit_code == 3
    serve(program, tmp_path, 2200, 0, NOW - timedelta(hours=11))

    within = ask(program, at=NOW + timedelta(seconds=1))

    assert within.exit_code == 3
    assert "with 51 % left, not yet 5 % above the edge it fell below" in within.decision.reason


def test_the_base_is_what_is_deployed_and_else_said_to_be_the_callers_word(
    program: Program, tmp_path: Path
):
    serve(program, tmp_path, 4000, 3)
    deploy = Change(id="1", service="web", version="1.4.0", started_at=NOW - timedelta(days=1))
    program.changes.record(deploy, now=NOW)
    file = FileChange(path="a.py", added=1, deleted=0)
    honest = Diff(base="abc", head="b", files=(file,), deployed="1.4.0")
    late = Diff(base="abc", head="b", files=(file,), deployed="1.3.0")

    runs = program.gate.deployed("web", NOW)

    assert runs is not None
    assert runs.names == ("1.4.0",)
    assert ask(program, "c1", diff=honest, declared=None).as_dict()["risk"]["because"] == "a.py"
    because = ask(program, "c2", diff=late, declared=None).as_dict()["risk"]["because"]
    assert because == "a.py; against abc on the caller's word"


def test_what_a_gated_deploy_shipped_is_the_next_base(program: Program, tmp_path: Path):
    serve(program, tmp_path, 4000, 3)
    diff = Diff(base="a", head="f" * 40, files=(FileChange(path="a.py", added=1, deleted=0),))

    entry = ask(program, "checkout-2.19.0", diff=diff, declared=None).as_dict()["entry"]
    program.gate.record_outcome(entry, 0, started_at=NOW, now=NOW)

    runs = program.gate.deployed("web", NOW)
    assert runs is not None
    assert (runs.version, runs.revision) == ("checkout-2.19.0", "f" * 40)


def test_an_allow_as_of_another_moment_covers_no_deploy(program: Program, tmp_path: Path):
    serve(program, tmp_path, 4000, 3)
    question = Question(service="web", change="c1", declared=RiskClass.HIGH)
    long_ago = program.gate.check(question, at=NOW, now=NOW + timedelta(days=3))
    entry, later = long_ago.as_dict()["entry"], NOW + timedelta(days=3)

    assert long_ago.exit_code == 0
    assert not program.gate.record_outcome(entry, 0, started_at=later, now=later)["covered"]


def versioned(program: Program, tmp_path: Path, version: str, since: datetime, place: str) -> None:
    """200 good requests of a version, one every ten seconds."""
    rows = tmp_path / f"{version}-{place}.csv"
    moments = (since + timedelta(seconds=10 * n) for n in range(200))
    lines = (f"{moment:%Y-%m-%dT%H:%M:%SZ},web,200,{version},{place}\n" for moment in moments)
    rows.write_text("time,service,status,version,environment\n" + "".join(lines))
    program.requests.ingest(rows)


def test_only_what_served_in_the_same_place_is_a_version_to_go_back_to(
    program: Program, tmp_path: Path
):
    versioned(program, tmp_path, "tried", NOW - timedelta(hours=9), "staging")
    versioned(program, tmp_path, "old", NOW - timedelta(hours=6), "production")
    versioned(program, tmp_path, "new", NOW - timedelta(hours=3), "production")

    def because(version: str) -> str:
        return ask(program, version, declared=RiskClass.ROLLBACK).as_dict()["risk"]["because"]

    assert "old served 200 requests before" in because("old")
    assert "served" not in because("tried")


@pytest.mark.parametrize("told_first", [True, False])
def test_one_deploy_is_one_change_whatever_the_traffic_calls_it(
    program: Program, tmp_path: Path, told_first: bool
):
    versioned(program, tmp_path, "2.18.0", NOW - timedelta(hours=2), "production")
    program.changes.recognise(program.warehouse)
    head = "3f2a9c1" + "0" * 33
    diff = Diff(base="a", head=head, files=(FileChange(path="a.py", added=1, deleted=0),))
    entry = ask(program, head, diff=diff, declared=None).as_dict()["entry"]

    def told() -> None:
        program.gate.record_outcome(entry, 0, started_at=NOW, now=NOW + timedelta(minutes=4))

    if told_first:
        told()
    versioned(program, tmp_path, "2.19.0", NOW + timedelta(minutes=1), "production")
    program.changes.recognise(program.warehouse)
    if not told_first:
        told()

    (change,) = program.home.changes.list("web")
    assert (change.id, change.version) == (head, "2.19.0")
    runs = program.gate.deployed("web", NOW + timedelta(hours=1))
    assert runs is not None
    assert runs.names == (head, "2.19.0")
    assert program.reconciling.reconcile(now=NOW + timedelta(hours=1))["ungated"] == []
