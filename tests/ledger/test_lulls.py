"""How long requests stay away as a rule, by hour of the week."""

import numpy as np
import pytest

from errorbudget.ledger.lulls import Lulls, lulls
from errorbudget.ledger.tally import DAY

TODAY = 20_000
HOURLY = np.tile(np.where(np.arange(DAY) % 60 == 5, 100, 0), (28, 1))
"""A hundred requests at five past each hour of four weeks."""


def usual(valid: np.ndarray, minute: int) -> int:
    """The usual lull up to a minute of today, after these days."""
    asked = list[int]()

    def minutes(row: int, first_day: int, days: int) -> tuple[np.ndarray, np.ndarray]:
        asked.append(first_day)
        return valid[len(valid) - days :], np.zeros((days, DAY), np.int64)

    found = Lulls(TODAY, np.array([len(valid)]), minutes)
    row, ends = np.array([0, 0]), np.array([TODAY * DAY + minute, TODAY * DAY + 5])
    lull = int(found.usual(row, ends)[0])
    assert asked in ([], [TODAY - len(valid)])
    return lull


def test_a_lull_is_counted_from_the_last_request():
    assert lulls(np.array([0, 0, 3, 0, 1, 0])).tolist() == [1, 2, 0, 1, 0, 1]


@pytest.mark.parametrize("days", [1, 3, 13, 14, 28])
def test_who_sends_at_five_past_is_quiet_for_59_minutes(days: int) -> None:
    assert usual(HOURLY[:days], 700) == 59


def test_without_a_whole_day_nothing_is_known() -> None:
    assert usual(HOURLY[:0], 700) == 0


def test_one_outage_in_four_weeks_is_no_lull_and_two_are() -> None:
    valid = np.full((28, DAY), 5)
    valid[7, 600:720] = 0  # the same weekday as today, three weeks ago
    assert usual(valid, 700) == 0
    valid[14, 600:720] = 0
    assert usual(valid, 700) == 120


def test_a_lull_of_another_time_of_the_week_is_none_of_this() -> None:
    valid = np.full((28, DAY), 5)
    valid[:, 0:300] = 0
    assert usual(valid, 200) == 300
    assert usual(valid, 700) == 0
