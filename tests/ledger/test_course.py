"""A course ends at what is left now, and goes on as requests lately failed."""

from datetime import datetime
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from errorbudget.ledger.budget import Budget, State
from errorbudget.ledger.course import Pace, ahead, course, first_minute
from errorbudget.ledger.meaning import Meaning
from errorbudget.ledger.window import Calendar, Rolling, Window, minute_ceil

NOW = minute_ceil(datetime.fromisoformat("2026-08-15T00:00:00Z"))
DAY = 1440


def budget(window: Window, valid: int, bad: int, forecast: int = 0) -> Budget:
    return Budget(
        window=window,
        span=window.span(NOW),
        end=NOW,
        allowance=Fraction(1, 100),
        valid=valid,
        bad=bad,
        forecast=forecast,
        forecast_low=forecast,
        forecast_high=forecast,
        minutes=1,
        minutes_alive=1,
        as_of=None,
        exhausts_at=None,
        state=State.HEALTHY,
        meaningful=Meaning.NORMAL,
    )


def counts(of: Budget, each: int) -> NDArray[np.int64]:
    return np.full(NOW - first_minute(of), each, np.int64)


def test_a_calendar_budget_falls_from_all_to_what_is_left() -> None:
    month = Calendar("month", "UTC")
    elapsed = NOW - month.span(NOW).start
    of = budget(month, 10 * elapsed, 300, forecast=10 * 17 * DAY)
    bad = np.zeros(elapsed, np.int64)
    bad[elapsed // 2] = 300

    points = course(of, counts(of, 10), bad)

    assert points[0].remaining == 1
    assert points[-1].remaining == pytest.approx(float(of.remaining or 0))
    assert [one.remaining for one in points] == sorted(
        (one.remaining or 0 for one in points), reverse=True
    )


def test_a_rolling_budget_forgets_what_leaves_its_window() -> None:
    week = Rolling(7 * DAY)
    of = budget(week, 70 * DAY, 0)
    bad = counts(of, 0)
    bad[3 * DAY] = 350

    points = course(of, counts(of, 10), bad)

    assert points[0].remaining == pytest.approx(1 - 350 / (0.01 * 70 * DAY))
    assert points[-1].remaining == 1


def test_nothing_is_known_of_a_time_without_requests() -> None:
    of = budget(Rolling(7 * DAY), 0, 0)

    assert {one.remaining for one in course(of, counts(of, 0), counts(of, 0))} == {None}
    assert ahead(of, Pace(0.01, 0, 1), counts(of, 0), counts(of, 0)) == []


def test_ahead_a_calendar_budget_is_spent_by_what_is_expected() -> None:
    month = Calendar("month", "UTC")
    valid = 10 * (NOW - month.span(NOW).start)
    of = budget(month, valid, 0, forecast=valid)

    last = ahead(of, Pace(0.01, low=0.005, high=0.02), counts(of, 10), counts(of, 0))[-1]

    assert last.minute == of.span.end
    assert (last.likely, last.low, last.high) == pytest.approx((0.5, 0.0, 0.75))


def test_ahead_a_rolling_budget_gets_back_what_leaves() -> None:
    of = budget(Rolling(4 * DAY), 40 * DAY, 100)
    bad = counts(of, 0)
    bad[4 * DAY + 1] = 100

    first, *_, last = ahead(of, Pace(0.0, low=0.0, high=0.0), counts(of, 10), bad)

    assert first.likely == pytest.approx(float(of.remaining or 0))
    assert last.likely == 1
