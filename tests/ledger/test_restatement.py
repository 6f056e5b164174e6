"""What a recount changes of windows that are over."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from errorbudget.ledger.restatement import FREEZE, Day, restatements
from errorbudget.ledger.tally import DAY
from errorbudget.ledger.window import Calendar, Span, minute_floor, moment

MONTHS = Calendar("month", "Europe/Berlin")
MARCH = MONTHS.span(20_543 * DAY)
"""Of 2026: it begins and ends at Berlin's midnight, an hour or two before UTC's."""


def day(**minutes: tuple[int, int]) -> Day:
    valid, bad = np.zeros(DAY, np.int64), np.zeros(DAY, np.int64)
    for name, (some, failed) in minutes.items():
        valid[int(name[1:])], bad[int(name[1:])] = some, failed
    return valid, bad


def test_march_is_a_month_of_berlin() -> None:
    assert f"{moment(MARCH.start):%m-%d %H:%M}" == "02-28 23:00"
    assert f"{moment(MARCH.end):%m-%d %H:%M}" == "03-31 22:00"


def test_a_late_failure_restates_the_month_it_belongs_to() -> None:
    number = MARCH.start // DAY + 3
    changed = {number: (day(m5=(10, 0)), day(m5=(11, 1), m9=(2, 0)))}

    (one,) = restatements(MONTHS, changed, MARCH.end + FREEZE)

    assert one.window == MARCH
    assert one.changed == Span(number * DAY + 5, number * DAY + 10)
    assert (one.valid, one.bad) == (3, 1)


def test_what_is_late_by_less_than_a_day_restates_nothing() -> None:
    changed = {MARCH.start // DAY + 3: (day(), day(m5=(1, 1)))}

    assert restatements(MONTHS, changed, MARCH.end + FREEZE - 1) == []


def test_the_same_counts_again_restate_nothing() -> None:
    same = day(m7=(5, 2))

    assert restatements(MONTHS, {MARCH.start // DAY + 3: (same, same)}, MARCH.end * 2) == []


def test_a_day_on_the_edge_of_two_months_restates_both() -> None:
    edge = MARCH.end % DAY
    changed = {MARCH.end // DAY: (day(), day(**{f"m{edge - 1}": (1, 1), f"m{edge}": (4, 0)}))}

    first, second = restatements(MONTHS, changed, MARCH.end + 40 * DAY)

    assert (first.window, first.valid, first.bad) == (MARCH, 1, 1)
    assert (second.window.start, second.valid, second.bad) == (MARCH.end, 4, 0)


@given(st.lists(st.tuples(st.integers(0, 40 * DAY - 1), st.integers(0, 3)), max_size=30))
def test_all_that_changed_is_told_once(late: list[tuple[int, int]]) -> None:
    first = MARCH.start // DAY
    days = {first + number: (day(), day()) for number in range(40)}
    for minute, count in late:
        days[first + minute // DAY][1][0][minute % DAY] += count

    told = restatements(MONTHS, days, minute_floor(moment(MARCH.end + 100 * DAY)))

    assert sum(one.valid for one in told) == sum(count for _, count in late)
