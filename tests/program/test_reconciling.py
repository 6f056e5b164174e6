"""Deploys past the gate are found in the traffic and among recorded changes, each once."""

from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from sqlalchemy import update

from errorbudget.change import Change
from errorbudget.errors import Failure
from errorbudget.program.gate.asking import Question
from errorbudget.program.program import Program
from errorbudget.program.trail.reading import read_on
from errorbudget.store.home import Home
from errorbudget.store.schema import entry
from program.traffic import START, at, document

POLICY = """\
policy:
  bands: [{above: -inf, allow: [rollback, critical, low, normal, high]}]
  unknown: {allow: [rollback, critical, low, normal, high]}
  stale_after: 10m
"""


def served(folder: Path, *, more: str = POLICY) -> Program:
    """Five days of a service, a version a day; the fourth fails for half an hour."""
    program = Program.open(folder / "home", create=True)
    program.objectives.apply(document(folder, more=more), now=START)
    rows = list[bytes]()
    for minute in range(0, 5 * 1440):
        bad = 3 * 1440 + 5 <= minute < 3 * 1440 + 35
        time = f"{START + timedelta(minutes=minute):%Y-%m-%dT%H:%M:00Z}"
        row = {"time": time, "service": "shop", "version": f"1.{minute // 1440}"}
        rows += [orjson.dumps(row | {"status": 500 if bad else 200})] * 10
    file = folder / "shop.ndjson"
    file.write_bytes(b"\n".join(rows))
    program.requests.ingest(file)
    return program


def ask(program: Program, version: str, day: int) -> None:
    moment = at(day, "00:00")
    program.gate.check(Question(service="shop", change=version), at=moment, now=moment)


def found(program: Program) -> list[tuple[str, str]]:
    told = program.reconciling.reconcile(now=at(6))["ungated"]
    return [(one["version"], one["past_the_gate"]) for one in told]


def test_what_shipped_before_the_gate_came_is_not_reported_wholesale(tmp_path: Path) -> None:
    with served(tmp_path) as program:
        told = program.reconciling.reconcile(now=at(6), since=at(3))
        assert [one["version"] for one in told["ungated"]] == ["1.3", "1.4"]
        assert told["changes"] == 2


def test_a_version_that_nobody_asked_about_is_found_once(tmp_path: Path) -> None:
    with served(tmp_path) as program:
        for day in (1, 3, 4):
            ask(program, f"1.{day}", day)

        assert found(program) == [("1.2", "nobody asked the gate")]
        assert found(program) == []
        (entry,) = (one for one in program.audit.log() if one["kind"] == "ungated")
        assert entry["words"] == "shop 1.2 shipped past the gate: nobody asked the gate"
        assert program.audit.verify()["entries"] == entry["seq"]


def test_a_recorded_change_that_nobody_asked_about_is_found(tmp_path: Path) -> None:
    with served(tmp_path) as program:
        for day in (1, 2, 3, 4):
            ask(program, f"1.{day}", day)
        flag = Change(id="dark-mode", service="shop", version="on", started_at=at(2, "09:00"))
        program.changes.record(flag, now=at(2, "09:01"))

        assert found(program) == [("on", "nobody asked the gate")]


@pytest.mark.parametrize(
    "more", ["", "signoff: {required: [product]}\nowners: {product: [bo]}\n" + POLICY]
)
def test_where_nothing_gates_nothing_is_past_the_gate(tmp_path: Path, more: str) -> None:
    with served(tmp_path, more=more) as program:
        assert found(program) == []


def test_a_quarter_is_accounted_for_by_change(tmp_path: Path) -> None:
    with served(tmp_path) as program:
        for day in (1, 3, 4):
            ask(program, f"1.{day}", day)
        (account,) = program.accounts.read("shop", "2026Q1", at=at(5))
        told = account.as_dict()

        lines = {line["change"]: line for line in told["lines"]}
        assert {name: line["bad"] for name, line in lines.items() if name} == {
            "shop@1.1": 0,
            "shop@1.2": 0,
            "shop@1.3": 300,
            "shop@1.4": 0,
        }
        assert told["bad"] == 300
        assert told["hindsight"] == {"right": 2, "costly": 1, "too_strict": 0, "unknown": 1}
        assert lines["shop@1.3"]["share"] == pytest.approx(300 / (0.01 * 5 * 14_400))


@pytest.mark.parametrize("quarter", ["2026Q5", "Q3", "2026Q2", "soon"])
def test_a_quarter_that_is_none_or_has_not_begun_is_refused(tmp_path: Path, quarter: str) -> None:
    with served(tmp_path) as program, pytest.raises(Failure, match="--quarter"):
        program.accounts.read("shop", quarter, at=at(5))


def test_the_trail_is_read_on_from_where_it_was_read_to(home: Path) -> None:
    opened = Home.open(home, create=True)

    def decided(change: str) -> None:
        body = {"service": "shop", "change": change, "as_of": "2026-07-20T12:00:00Z"}
        decision = {"decision": "allow"}
        opened.trail.append("decision", body | {"decision": decision}, START)

    decided("c1")
    opened.trail.append("note", {}, START)
    assert [one.change for one in read_on(opened).asked] == ["c1"]
    with opened.database.writing() as connection:
        connection.execute(update(entry).values(body=b"{}"))
    decided("c2")

    assert [(one.entry, one.change) for one in read_on(opened).asked] == [(1, "c1"), (3, "c2")]
    assert read_on(opened) == read_on(opened)
    opened.close()
