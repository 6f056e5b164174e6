"""Another cadence, lived through again: freezes as plain SQL finds them, and when they end."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from errorbudget.errors import Failure
from errorbudget.ledger.window import minute_floor
from errorbudget.program.program import Program
from errorbudget.program.reviewing.replaying import STEP
from program.traffic import START, Minute, at, document, fed

DAYS = 100
POLICY = """\
policy:
  bands:
    - {above: 50%, allow: [rollback, critical, low, normal, high]}
    - {above: -inf, allow: [rollback, critical]}
"""
OUTAGE = range(minute_floor(at(40)), minute_floor(at(41)))
"""A Saturday, in April."""

SLIDING = """
    select told.minute, count(*), count(*) filter (status >= 500)
    from (select unnest(range($first, $last + 1, $step)) as minute) as told
    inner join requests
        on requests.minute >= told.minute - 28 * 1440 and requests.minute < told.minute
    group by told.minute
    order by told.minute
"""


def traffic(minute: int) -> Minute:
    """Twenty requests an hour, all of them good but on the day of the outage."""
    if minute % 60:
        return 0, 0
    return (8, 12) if minute in OUTAGE else (20, 0)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("cadences")
    with fed(folder, traffic, days=DAYS, more=POLICY) as program:
        yield program


@pytest.fixture(scope="module")
def told(program: Program) -> dict[str, Any]:
    return program.cadences.simulate("shop", at=at(DAYS))


def of(told: dict[str, Any], cadence: str) -> dict[str, Any]:
    return next(one for one in told["cadences"] if one["cadence"] == cadence)


def test_a_sliding_window_is_frozen_exactly_when_plain_sql_says_so(
    program: Program, told: dict[str, Any]
) -> None:
    first = minute_floor(datetime.fromisoformat(told["from"]))
    last = minute_floor(datetime.fromisoformat(told["to"]))
    rows = program.warehouse.connection.execute(
        SLIDING, {"first": first + STEP, "last": last, "step": STEP}
    ).fetchall()

    # With few requests counts decide: fewer than three bad ones block nothing.
    frozen = [
        minute
        for minute, valid, bad in rows
        if 2 * 100 * bad >= valid and not (valid < 1_000 and bad < 3)
    ]

    (freeze,) = of(told, "sliding")["freezes"]["spans"]
    assert minute_floor(datetime.fromisoformat(freeze["from"])) == frozen[0]
    assert minute_floor(datetime.fromisoformat(freeze["to"])) == frozen[-1] + STEP
    assert len(frozen) == (frozen[-1] - frozen[0]) // STEP + 1
    # As the document promises it: nothing else was tried for that.
    assert of(told, "promised")["freezes"] == of(told, "sliding")["freezes"]


def test_a_calendar_window_forgets_at_its_end(told: dict[str, Any]) -> None:
    ends = {name: of(told, name)["freezes"]["spans"][-1]["to"] for name in ("month", "quarter")}

    assert ends["month"] == "2026-05-01T06:00:00Z"
    # The quarter allows three times as much, and the outage took most of it.
    assert ends["quarter"] > ends["month"]
    assert of(told, "both")["freezes"]["days"] >= of(told, "quarter")["freezes"]["days"]
    assert of(told, "both")["freezes"]["days"] >= of(told, "sliding")["freezes"]["days"]


def test_it_says_when_each_begins_anew_and_what_returns_day_by_day(told: dict[str, Any]) -> None:
    assert of(told, "month")["resets"] == [{"at": "2026-07-01T00:00:00Z", "remaining": 1.0}]
    assert of(told, "year")["resets"] == [{"at": "2027-01-01T00:00:00Z", "remaining": 1.0}]
    assert "sliding: 1 freeze of" in told["sentence"]
    assert {one["objective"] for one in told["cadences"]} <= {"availability", ""}


def test_a_debt_leaves_a_sliding_window_on_the_day_it_was_made(program: Program) -> None:
    told = program.cadences.simulate("shop", at=at(60))

    sliding = of(told, "sliding")
    before = [sliding["remaining"], *(one["remaining"] for one in sliding["resets"])]
    gained = [after - less for less, after in pairwise(before)]
    largest = sliding["resets"][gained.index(max(gained))]
    # The outage of day 40 leaves when day 68 is over; midnights are looked at.
    assert largest["at"] == at(69).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert largest["remaining"] == 1.0


def test_without_history_there_is_nothing_to_live_through(tmp_path: Path) -> None:
    with Program.open(tmp_path / "home", create=True) as program:
        program.objectives.apply(document(tmp_path, "quiet"), now=START)

        with pytest.raises(Failure, match="quiet: there is no history"):
            program.cadences.simulate("quiet", at=datetime(2026, 8, 1, tzinfo=UTC))


def test_before_its_first_request_there_is_none_either(program: Program) -> None:
    with pytest.raises(Failure, match="--at: no request of shop had come by then"):
        program.cadences.simulate("shop", at=at(-1))
