"""How few requests came at this time of the week before? A forecast's mean hides the lulls."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from errorbudget.ledger.coverage import NEVER
from errorbudget.ledger.forecast import Floats
from errorbudget.ledger.sums import Sums
from errorbudget.ledger.tally import DAY, Counts

WEEK: Final = 7 * DAY
WEEKS: Final = 4
SHIFTS: Final = (-60, 0, 60)
"""Minutes by which people may be early or late one week."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Least:
    """The traffic of up to four weeks before a day, by hour."""

    day: int
    days: Counts
    """Whole days of history of each row."""
    before: Floats
    """[row, 673]: requests up to each hour since four weeks before the day."""

    def requests(self, rows: Counts, starts: Counts, ends: Counts) -> Floats:
        """The fewest that came to rows at the time of [start, end) of earlier weeks.

        Of four weeks the second fewest, so that one outage does not excuse the next. With less
        than two weeks, of the days before; with less than a day, none.
        """
        known = self.days[rows]
        weekly = self._fewest(rows, starts, ends, WEEK, np.minimum(known // 7, WEEKS))
        young = known < 14
        if not young.any():
            return weekly
        daily = self._fewest(rows, starts, ends, DAY, np.minimum(known, 7))
        return np.where(young, daily, weekly)

    def _fewest(
        self, rows: Counts, starts: Counts, ends: Counts, step: int, steps: Counts
    ) -> Floats:
        most = int(steps.max(initial=0))
        came = np.full((most + 2, rows.size), np.inf)
        for back in range(1, most + 1):
            here = [
                self._between(rows, starts - back * step + by, ends - back * step + by)
                for by in SHIFTS
            ]
            came[back] = np.where(back <= steps, np.min(here, axis=0), np.inf)
        came.sort(axis=0)
        fewest = np.where((step == WEEK) & (steps >= WEEKS), came[1], came[0])
        return np.where(steps > 0, fewest, 0.0)

    def _between(self, rows: Counts, starts: Counts, ends: Counts) -> Floats:
        return self._up_to(rows, ends) - self._up_to(rows, starts)

    def _up_to(self, rows: Counts, minutes: Counts) -> Floats:
        last = self.before.shape[1] - 1
        since = np.clip(minutes - (self.day - 7 * WEEKS) * DAY, 0, last * 60 - 1)
        hour, minute = np.divmod(since, 60)
        flat, at = self.before.ravel(), rows * (last + 1) + hour
        low = flat.take(at)
        return low + (flat.take(at + 1) - low) * (minute / 60)


def least(sums: Sums, rows: Counts, since: Counts, day: int) -> Least:
    """Learn it from the whole days before `day`; `since`: each row's first request's minute."""
    held = max(sums.first_day, day - 7 * WEEKS)
    hours = sums.hourly(rows, held, day).transpose(1, 0, 2).reshape(len(rows), -1)
    before = np.zeros((len(rows), 7 * WEEKS * 24 + 1))
    missing = (7 * WEEKS - (day - held)) * 24
    np.cumsum(hours, axis=1, out=before[:, missing + 1 :])
    first_whole = -(-np.minimum(since, NEVER - DAY) // DAY)
    days = np.clip(day - np.maximum(first_whole, held), 0, 7 * WEEKS)
    return Least(day=day, days=days, before=before)
