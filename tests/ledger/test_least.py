"""The fewest requests that came at the same time of other weeks."""

import numpy as np
import pytest

from errorbudget.ledger.least import Least, least
from errorbudget.ledger.sums import Sums
from errorbudget.ledger.tally import DAY, pack_day

TODAY = 20_000


def learnt(by_day: list[int], *, first_minute: int = 0) -> Least:
    """Of a row with so many requests a minute on each of the days up to yesterday."""
    sums = Sums(1, first_day=TODAY - 77, last_day=TODAY)
    none = np.zeros(DAY, np.int64)
    first = TODAY - len(by_day)
    packed = [
        (first + index, pack_day(np.full(DAY, each), none)) for index, each in enumerate(by_day)
    ]
    sums.load(0, packed)
    since = np.array([first * DAY + first_minute])
    return least(sums, np.array([0]), since, TODAY)


def fewest(found: Least, start: int, length: int) -> float:
    row = np.array([0])
    begins = np.array([TODAY * DAY + start])
    return float(found.requests(row, begins, begins + length)[0])


def test_of_four_weeks_the_second_fewest_counts():
    weekday = [10] * 28
    weekday[7], weekday[14] = 2, 3  # the same weekday as today, three and two weeks ago

    assert fewest(learnt(weekday), 600, 15) == pytest.approx(45)


def test_of_two_weeks_the_fewest_counts():
    days = [10] * 14
    days[7] = 4

    assert fewest(learnt(days), 600, 15) == pytest.approx(60)


def test_with_less_than_two_weeks_the_days_before_are_asked():
    assert fewest(learnt([10, 7, 9]), 600, 30) == pytest.approx(210)


def test_without_a_whole_day_nothing_is_sure():
    assert fewest(learnt([10], first_minute=1), 600, 30) == 0.0


def test_people_may_be_an_hour_early_or_late():
    sums = Sums(1, first_day=TODAY - 77, last_day=TODAY)
    busy = np.zeros(DAY, np.int64)
    busy[600:720] = 6
    none = np.zeros(DAY, np.int64)
    sums.load(0, [(day, pack_day(busy, none)) for day in range(TODAY - 28, TODAY)])
    found = least(sums, np.array([0]), np.array([(TODAY - 28) * DAY]), TODAY)

    assert fewest(found, 610, 15) == 0.0
    assert fewest(found, 660, 60) == 0.0
    assert fewest(found, 600, 120) == pytest.approx(360)


def test_what_is_not_over_yet_is_not_counted_on():
    assert fewest(learnt([10] * 3), DAY - 30, 30) == pytest.approx(0)
