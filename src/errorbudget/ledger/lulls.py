"""For how long do requests stay away as a rule? A count by the hour does not know of it.

A job that runs at five past sends its hundred requests in a minute and none in the next 59.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from errorbudget.ledger.forecast import Floats
from errorbudget.ledger.least import SHIFTS, WEEK, WEEKS
from errorbudget.ledger.tally import DAY, Counts

_HOUR: Final = 60
_HOURS: Final = 7 * WEEKS * 24
_MOST: Final = 200
"""Rows that are learnt in one call: in an outage of everything nobody shall wait."""

Minutes = Callable[[int, int, int], tuple[Counts, Counts]]
"""Valid and bad of each minute of a row, from a day on, for so many days: [day, minute]."""


class Lulls:
    """The longest lulls of each hour of the four weeks before a day; rows are learnt when asked."""

    def __init__(self, day: int, days: Counts, minutes: Minutes) -> None:
        self.day = day
        self._days = days
        self._minutes = minutes
        self._learnt: dict[int, Counts] = {}

    def usual(self, rows: Counts, ends: Counts) -> Counts:
        """Minutes without a request that were there up to the same time of earlier weeks.

        An hour earlier or later is the same time. Of four weeks the second longest, so that one
        outage does not excuse the next; with less than two weeks, of the days before. Of the rows
        not yet known only the first 200 of a call are learnt; the others have no lull.
        """
        found = np.zeros(rows.size, np.int64)
        learning = 0
        for row in np.unique(rows).tolist():
            if row not in self._learnt:
                if learning >= _MOST:
                    continue
                learning += 1
                self._learnt[row] = self._learn(row)
            places = np.flatnonzero(rows == row)
            found[places] = self._at(row, ends[places])
        return found

    def _learn(self, row: int) -> Counts:
        """The longest lull up to a minute of each hour, of all hours of the four weeks."""
        days = int(min(self._days[row], 7 * WEEKS))
        longest = np.zeros(_HOURS, np.int64)
        if days:
            valid, _ = self._minutes(row, self.day - days, days)
            longest[-24 * days :] = lulls(valid.ravel()).reshape(-1, _HOUR).max(axis=1)
        return longest

    def _at(self, row: int, ends: Counts) -> Counts:
        known = int(self._days[row])
        step, steps = (WEEK, min(known // 7, WEEKS)) if known >= 14 else (DAY, min(known, 7))
        if not steps:
            return np.zeros(ends.size, np.int64)
        backs = step * np.arange(1, steps + 1)[:, None, None] - np.array(SHIFTS)[:, None]
        hour = (ends - 1 - backs) // _HOUR - (self.day * 24 - _HOURS)
        longest = self._learnt[row][np.clip(hour, 0, _HOURS - 1)].max(axis=1)
        longest.sort(axis=0)
        return longest[-2] if step == WEEK and steps >= WEEKS else longest[-1]


def lulls(valid: Counts | Floats) -> Counts:
    """How many minutes have been without a request up to and with each minute, from the first."""
    place = np.arange(valid.size)
    return place - np.maximum.accumulate(np.where(valid > 0, place, -1))
