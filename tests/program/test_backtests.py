"""What a document would have done over the history there is."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from errorbudget import clock
from errorbudget.change import Change
from errorbudget.errors import Failure
from errorbudget.ledger.window import minute_floor
from errorbudget.objective.document import RiskClass
from errorbudget.program.gate.asking import Question
from errorbudget.program.program import Program
from program.replaying import notices
from program.traffic import START, at, between, document, fed

POLICY = """\
policy:
  bands:
    - {above: 50%, allow: [rollback, critical, low, normal, high]}
    - {above: -inf, allow: [rollback]}
  stale_after: 60m
risk:
  low: {max_files: 1, max_lines: 10}
"""
BURST = between(at(10, "12:00"), at(10, "14:00"), (1, 3), (4, 0))


def retold(program: Program, body: str, **more):
    return program.backtests.retell(body.encode(), "shop.yaml", **more)


def text(folder: Path, **written: str) -> str:
    return document(folder, **written).read_text()


def test_the_alerts_are_those_that_a_watch_would_have_told(tmp_path: Path) -> None:
    with fed(tmp_path, BURST, days=14, target="99%") as program:
        told = retold(program, text(tmp_path, target="99%"))["alerts"]
        watched = list(notices(program, START, START + timedelta(days=14)))

    assert [(one["kind"], one["at"]) for one in told] == [
        (
            notice.kind.value,
            datetime.fromtimestamp(notice.at * 60, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
        for _, notice in watched
    ]
    assert told[0]["level"] == "fire"
    assert "requests failed in 1h" in told[0]["line"]
    assert "No change that is known fits" in told[0]["context"]


def test_traffic_that_comes_once_an_hour_is_missed_only_when_it_stops(tmp_path: Path) -> None:
    def cron(minute: int) -> tuple[int, int]:
        comes = minute % 60 == 5 and (minute < stops or minute > minute_floor(at(3, "20:00")))
        return (40 if comes else 0, 0)

    stops = minute_floor(at(3, "12:00"))
    with fed(tmp_path, cron, days=4) as program:
        told = retold(program, text(tmp_path))["alerts"]

    assert told
    assert clock.parse(told[0]["at"]) > at(3, "13:05")
    assert told[0]["line"].startswith("0 requests came in 2h")


def test_windows_are_the_budgets_as_they_were(tmp_path: Path) -> None:
    with fed(tmp_path, BURST, days=35, target="99%") as program:
        told = retold(program, text(tmp_path, target="99%"))
        last = program.budgets.read("shop", at=START + timedelta(days=35))[0].budget.as_dict()

    assert len(told["windows"]) == 8
    for name in ("valid", "bad", "allowed", "remaining"):
        assert told["windows"][-1][name] == last[name]
    assert told["objectives"]["availability"]["overspent"] == 0


def test_nothing_that_is_in_force_learns_of_a_backtest(tmp_path: Path) -> None:
    with fed(tmp_path, BURST, days=3) as program:
        stored = program.home.path.glob("errorbudget.sqlite*[!m]")
        before = {path: path.read_bytes() for path in stored}
        retold(program, text(tmp_path, target="99.99%"))
        assert {path: path.read_bytes() for path in before} == before
        assert before


def test_every_recorded_change_is_judged_with_the_budget_of_its_moment(tmp_path: Path) -> None:
    with fed(tmp_path, BURST, days=14, target="99.9%") as program:
        for name, day in (("before", 9), ("after", 11)):
            change = Change(id=name, service="shop", version=name, started_at=at(day, "09:00"))
            program.changes.record(change, now=START)
        told = retold(program, text(tmp_path, target="99.9%", more=POLICY))

    assert told["changes"]["judged"] == 2
    assert [one["change"] for one in told["changes"]["blocked"]] == ["after"]
    assert told["changes"]["unclassified"] == {"judged": 2, "blocked": 1}
    assert told["changes"]["early"] == 2
    said = " ".join(told["sentences"])
    assert "Its policy would have blocked 1 of 2 changes." in said
    assert "1 of those blocked never came to the gate" in said
    assert "1 of those blocked came before a whole window had passed" in said


def test_a_change_has_the_risk_that_the_gate_found(tmp_path: Path) -> None:
    lenient = POLICY.replace("allow: [rollback]", "allow: [rollback, low]").replace(
        "risk:\n  low: {max_files: 1, max_lines: 10}\n", ""
    )
    with fed(tmp_path, BURST, days=14, target="99.9%", more=lenient) as program:
        change = Change(id="small", service="shop", version="small", started_at=at(11, "09:00"))
        program.changes.record(change, now=START)
        question = Question(service="shop", change="small", declared=RiskClass.LOW)
        program.gate.check(question, at=at(11, "09:00"), now=START)
        told = retold(program, text(tmp_path, target="99.9%", more=lenient))

    changes = told["changes"]
    assert (changes["judged"], changes["blocked"]) == (1, [])
    assert changes["classified"] == {"judged": 1, "blocked": 0}
    assert changes["unclassified"] == {"judged": 0, "blocked": 0}


def test_known_incidents_are_found_or_missed_and_other_pages_are_false(tmp_path: Path) -> None:
    known = [
        {"name": "quiet", "from": "2026-03-05T00:00:00Z", "to": "2026-03-05T01:00:00Z"},
        {"name": "burst", "from": "2026-03-12T12:00:00Z", "to": "2026-03-12T14:00:00Z"},
    ]
    with fed(tmp_path, BURST, days=14, target="99%") as program:
        body = text(tmp_path, target="99%")
        both = retold(program, body, incidents=known)
        one = retold(program, body, incidents=known[:1])

    assert [missed["name"] for missed in both["incidents"]["missed"]] == ["quiet"]
    assert both["incidents"]["false"] == []
    assert len(one["incidents"]["false"]) >= 1
    assert "Of 2 known incidents 1 would have been told of; missed: quiet." in both["sentences"]


@pytest.mark.parametrize("incident", [{"from": "soon", "to": "later"}, "a", {"name": "x"}])
def test_an_incident_that_cannot_be_read_is_named(tmp_path: Path, incident: object) -> None:
    wrong = pytest.raises(Failure, match="--incidents: incident 1")
    with fed(tmp_path, BURST, days=1) as program, wrong:
        retold(program, text(tmp_path), incidents=[incident])


@pytest.mark.parametrize(
    ("target", "word"), [("99.99%", "fantasy"), ("90%", "trivial"), ("99%", None)]
)
def test_a_target_that_history_makes_a_fantasy_or_trivial_is_warned_about(
    tmp_path: Path, target: str, word: str | None
) -> None:
    with fed(tmp_path, lambda m: (3, int(m % 50 == 0)), days=30) as program:
        warnings = retold(program, text(tmp_path, target=target))["warnings"]

    assert bool(warnings) == (word is not None)
    assert all(f"{target} is" in line and (word or "") in line for line in warnings)


def test_progress_is_told_day_by_day(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    with fed(tmp_path, BURST, days=3) as program:
        retold(program, text(tmp_path), progress=lambda done, all_: seen.append((done, all_)))

    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_a_document_without_history_is_refused_with_the_way_out(tmp_path: Path) -> None:
    refused = pytest.raises(Failure, match="no history")
    with Program.open(tmp_path / "home", create=True) as program, refused:
        retold(program, text(tmp_path))


def test_a_criterion_over_a_column_that_nobody_sent_is_warned_about(tmp_path: Path) -> None:
    with fed(tmp_path, lambda _: (1, 0), days=1) as program:
        body = text(tmp_path).replace("status < 500", '"status < 500 AND duration_ms < 9"')
        warnings = retold(program, body)["warnings"]

    assert (
        "availability: `good` reads duration_ms, which no request of shop ever sent: where that"
        " decides, the request is bad." in warnings
    )
