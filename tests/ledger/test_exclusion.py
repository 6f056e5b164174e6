"""What excluded minutes do to a forecast: they teach nothing, and nothing comes in them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from errorbudget.ledger.budget import Account, Budget, needed
from errorbudget.ledger.coverage import Life, Lives
from errorbudget.ledger.exclusion import Exclusions
from errorbudget.ledger.fleet import Fleet, evaluate
from errorbudget.ledger.forecast import outlook
from errorbudget.ledger.spans import union
from errorbudget.ledger.sums import Sums
from errorbudget.ledger.tally import DAY, pack_day
from errorbudget.ledger.window import Calendar, Rolling, Span, Window, minute_floor, moment

JUNE = minute_floor(datetime(2026, 6, 1, tzinfo=UTC))
MONTH = Calendar("month", "UTC")
Minutes = NDArray[np.int64]


def june(first: int, last: int) -> Span:
    """From the first day of June up to, and with, the last."""
    return Span(JUNE + (first - 1) * DAY, JUNE + last * DAY)


def budgets_of(
    valid: Any,
    excluded: Sequence[Sequence[Span]],
    *,
    start: int = JUNE,
    bad: Any = 0,
    window: Window = MONTH,
) -> list[Budget]:
    """Budgets of objectives with the same whole days of minutes and exclusions of their own."""
    valid = np.asarray(valid, np.int64)
    bad = np.broadcast_to(np.asarray(bad, np.int64), valid.shape)
    end = start + len(valid)
    need = needed(window, moment(end))
    sums = Sums(len(excluded), need.first_day, end // DAY, excluded=excluded)
    days = [
        (
            start // DAY + day,
            pack_day(*(each[day * DAY : (day + 1) * DAY] for each in (valid, bad))),
        )
        for day in range(len(valid) // DAY)
    ]
    for row in range(len(excluded)):
        sums.load(row, days, by_minute=need.by_minute)
    rows = range(len(excluded))
    fleet = Fleet([Account(row=row, allowance=Fraction(1, 100), window=window) for row in rows])
    known = {"first_request": start, "as_of": moment(end), "alive": (Span(start, end),)}
    lives = Lives.of([Life(excluded=tuple(spans), **known) for spans in excluded])
    return list(evaluate(sums, fleet, lives, moment(end)))


def four_weeks(*excluded: Span) -> Budget:
    """A request a minute from 1 to 28 June, at the end of the 28th."""
    return budgets_of(np.ones(28 * DAY), [excluded])[0]


def test_nothing_is_expected_of_days_that_are_excluded() -> None:
    budget = four_weeks(june(29, 30))

    assert (budget.forecast_low, budget.forecast, budget.forecast_high) == (0, 0, 0)
    assert budget.allowed == Fraction("403.2")


def test_excluded_days_are_not_learnt_as_days_without_requests() -> None:
    budget = four_weeks(june(8, 28))

    assert budget.forecast == 2 * DAY
    assert budget.forecast_low < budget.forecast < budget.forecast_high
    assert budget.allowed == Fraction(1, 100) * 9 * DAY


def test_less_than_a_week_not_excluded_goes_on_at_its_rate() -> None:
    budget = four_weeks(june(4, 28))

    assert budget.forecast == 2 * DAY
    assert budget.forecast_low < 0.8 * budget.forecast


def test_with_everything_excluded_nothing_is_said() -> None:
    budget = four_weeks(june(1, 30))

    assert (budget.valid, budget.forecast, budget.remaining) == (0, 0, None)


def test_months_before_a_long_exclusion_are_still_remembered() -> None:
    start = JUNE - 50 * DAY

    budget = budgets_of(np.full(78 * DAY, 3), [[june(-9, 27)]], start=start)[0]

    assert budget.forecast == 3 * 2 * DAY


moments = st.integers(JUNE - 3 * DAY, JUNE + 32 * DAY)
some_spans = st.lists(st.tuples(moments, moments).map(sorted).map(lambda p: Span(*p)), max_size=4)


@settings(max_examples=60, deadline=None)
@given(some_spans)
def test_whatever_is_excluded_steady_traffic_is_expected_to_go_on(spans: list[Span]) -> None:
    budget = budgets_of(np.full(28 * DAY, 7), [spans])[0]

    excluded = {minute for span in union(spans) for minute in range(span.start, span.end)}
    left = len(set(range(JUNE + 28 * DAY, JUNE + 30 * DAY)) - excluded)
    learnt = len(set(range(JUNE, JUNE + 28 * DAY)) - excluded)
    assert budget.forecast == pytest.approx(7 * left if learnt else 0, abs=1)
    assert budget.forecast_low <= budget.forecast <= budget.forecast_high


def seasonal(days: int) -> Minutes:
    """Days that carry ten times as much by day as by night, and half of it at weekends."""
    minute = np.arange(days * DAY)
    by_day = (minute % DAY >= 8 * 60) & (minute % DAY < 20 * 60)
    weekend = minute // DAY % 7 >= 5  # June 2026 begins on a Monday
    return np.where(by_day, 40, 4) // np.where(weekend, 2, 1)


@pytest.mark.parametrize("hours", [(0, 8), (20, 24), (9, 11)])
def test_a_part_of_a_day_is_scaled_by_what_usually_comes_in_it(hours: tuple[int, int]) -> None:
    fortnight = [
        Span(JUNE + day * DAY + hours[0] * 60, JUNE + day * DAY + hours[1] * 60)
        for day in range(14, 28)
    ]

    budget = budgets_of(seasonal(28), [fortnight])[0]

    assert budget.forecast == pytest.approx(seasonal(2).sum(), rel=0.001)


def test_a_weekday_always_excluded_is_expected_to_be_like_the_others() -> None:
    mondays = [june(day, day) for day in (1, 8, 15, 22)]

    budget = budgets_of(np.full(28 * DAY, 7), [mondays])[0]

    assert budget.forecast == 7 * 2 * DAY  # a Monday and a Tuesday


def test_an_exclusion_under_way_and_one_to_come_are_both_taken_off() -> None:
    noon, dawn = JUNE + 28 * DAY + 720, JUNE + 29 * DAY + 360

    budget = four_weeks(Span(JUNE + 27 * DAY, noon), Span(noon + 60, noon + 120), Span(dawn, dawn))

    assert budget.forecast == 2 * DAY - 720 - 60


def test_each_objective_has_its_own_exclusions() -> None:
    excluded = [[], [june(29, 29)], [june(8, 28), june(29, 30)], [], [june(20, 26)]]

    budgets = budgets_of(np.full(28 * DAY, 3), excluded)

    assert [budget.forecast // DAY for budget in budgets] == [6, 3, 0, 6, 6]


def test_the_range_is_tested_on_what_is_not_excluded() -> None:
    start = JUNE - 56 * DAY
    plain, gap = budgets_of(seasonal(84), [[], [june(-20, -14)]], start=start)

    assert gap.forecast == plain.forecast
    assert gap.forecast_high == plain.forecast_high


def exhaustion(window: Window, *excluded: Span) -> int | None:
    """Minutes until a budget that burns ten times too fast is gone."""
    bad = np.zeros(20 * DAY)
    bad[-DAY::10] = 1
    budget = budgets_of(np.ones(20 * DAY), [excluded], bad=bad, window=window)[0]
    return None if budget.exhausts_at is None else minute_floor(budget.exhausts_at) - budget.end


def test_burning_waits_while_minutes_are_excluded() -> None:
    first, second = Span(JUNE + 20 * DAY + 60, JUNE + 20 * DAY + 90), june(21, 21)

    plain, short = exhaustion(MONTH), exhaustion(MONTH, first)

    assert plain is not None
    assert short is not None
    # The half hour allows 0.3 failures less, which are three minutes of burning.
    assert short == pytest.approx(plain + 30 - 3, abs=1)
    assert exhaustion(MONTH, second) == pytest.approx(DAY + plain - 144, abs=1)
    assert exhaustion(MONTH, june(21, 30)) is None


def test_an_exclusion_met_only_because_of_another_is_waited_for_too() -> None:
    first = Span(JUNE + 20 * DAY + 60, JUNE + 20 * DAY + 90)
    second = Span(JUNE + 22 * DAY + 10, JUNE + 22 * DAY + 40)

    plain, both = exhaustion(MONTH), exhaustion(MONTH, first, second)

    assert plain is not None
    assert both == pytest.approx(plain + 60 - 6, abs=1)


def test_a_rolling_budget_waits_likewise() -> None:
    window = Rolling(20 * DAY)
    plain = exhaustion(window)

    waited = exhaustion(window, Span(JUNE + 20 * DAY, JUNE + 22 * DAY))

    assert plain is not None
    assert waited is not None
    assert waited > plain + DAY


def test_hours_left_are_shares_of_what_is_not_excluded() -> None:
    day = JUNE // DAY
    exclusions = Exclusions([[], [Span(JUNE - 30, JUNE + 90), Span(JUNE + 60, JUNE + 105)]])

    left = exclusions.hours_left(np.array([1, 0]), day, day + 1)[0]

    assert left[0, :3].tolist() == [0.0, 0.25, 1.0]
    assert left[1].tolist() == [1.0] * 24
    assert exclusions.touching(np.array([0, 1]), JUNE, JUNE + 1).tolist() == [False, True]
    assert exclusions.touching(np.array([0, 1]), JUNE + 105, JUNE + 110).tolist() == [False, False]


def test_a_fleet_without_exclusions_ahead_carries_none() -> None:
    day = JUNE // DAY + 40
    sums = Sums(1, JUNE // DAY, day, excluded=[[june(3, 4)]])

    view = outlook(sums, np.array([0]), np.array([JUNE]), day)

    assert view.excluded is None
