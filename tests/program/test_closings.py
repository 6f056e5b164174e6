"""A quarter that has closed is reviewed by itself: once, kept word by word, told to its people."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from errorbudget.errors import Failure
from errorbudget.notify.message import Message
from errorbudget.program.program import Program
from errorbudget.program.reviewing.closings import Closings
from program.traffic import START, Minute, fed, rows

END = datetime(2026, 4, 1, tzinfo=UTC)
CLOSED = END + timedelta(days=1)


def hourly(minute: int) -> Minute:
    return (0, 0) if minute % 60 else (9, 1)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    notify = "notify: [shop-oncall]\n"
    with fed(tmp_path, hourly, days=31, target="80%", more=notify) as program:
        yield program


def closings(program: Program, woken: list[int]) -> Closings:
    return Closings(
        program.home,
        program.objectives,
        program.reviews,
        route=lambda names: [f"to:{name}" for name in names],
        wake=lambda: woken.append(1),
    )


def entries(program: Program, kind: str) -> list[dict[str, Any]]:
    found = (entry.fields() for entry in program.home.trail.entries())
    return [one["body"] for one in found if one["kind"] == kind]


def letters(program: Program) -> list[Message]:
    found = program.home.outbox.due("to:shop-oncall", CLOSED + timedelta(days=9))
    return [Message.from_bytes(one.body) for one in found]


def test_a_day_after_its_end_it_is_reviewed_once_and_its_people_are_told_once(
    program: Program,
) -> None:
    woken = list[int]()
    mine = closings(program, woken)

    assert mine.review_what_closed(CLOSED - timedelta(minutes=1)) == []
    (message,) = mine.review_what_closed(CLOSED)
    assert mine.review_what_closed(CLOSED + timedelta(days=1)) == []

    assert message.title.startswith("shop: the review of 2026Q1 is there. shop kept availability.")
    assert [one.id for one in letters(program)] == [message.id]
    assert len(woken) == 1
    (entry,) = entries(program, "review")
    kept = program.home.reviews.one("shop", "2026Q1")
    assert kept is not None
    assert entry["digest"] == kept.digest
    assert entry["verdicts"] == {"availability": "kept"}
    assert program.audit.log()[-1]["words"] == "shop: the review of 2026Q1"
    program.audit.verify()


def test_what_was_told_stays_while_late_data_change_what_is_known(
    program: Program, tmp_path: Path
) -> None:
    closings(program, []).review_what_closed(CLOSED)
    before = program.reviews.as_told("shop", "2026Q1")
    late = tmp_path / "late.ndjson"
    bad = rows(START, START + timedelta(minutes=1), lambda _: (0, 2_000))
    late.write_bytes(bad.replace(b'"status":500', b'"status":503'))
    program.requests.ingest(late)

    now = program.reviews.read("shop", "2026Q1", at=CLOSED)

    assert program.reviews.as_told("shop", "2026Q1") == before
    verdicts = [one["services"][0]["objectives"][0]["verdict"] for one in (before, now)]
    assert verdicts == ["kept", "missed"]


def test_a_document_that_came_after_the_quarter_has_nothing_to_review(program: Program) -> None:
    assert closings(program, []).review_what_closed(START + timedelta(days=2)) == []

    with pytest.raises(Failure, match="--as-told: no review of 2025Q4 was made when it closed"):
        program.reviews.as_told("shop", "2025Q4")


def test_it_closes_when_the_quarter_of_its_own_people_does(
    program: Program, tmp_path: Path
) -> None:
    path = tmp_path / "shop.yaml"
    text = path.read_text().replace("rolling: 28d", "calendar: quarter, timezone: Asia/Tokyo")
    path.write_text(text)
    program.objectives.apply(path, now=START)

    (message,) = closings(program, []).review_what_closed(CLOSED - timedelta(hours=9))

    assert message.ended_at == END - timedelta(hours=9)
