"""How many requests of each objective fall between any two minutes: prefix sums in memory.

Every day is held as its total; days that a window begins or ends in are held by minute as well.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from errorbudget.ledger.exclusion import Exclusions
from errorbudget.ledger.tally import DAY, Counts, Tallies, day_totals, merge, unpack_day
from errorbudget.ledger.window import Span

HOURLY_DAYS: Final = 35
"""How many of the latest days are held by hour: the forecast's four weeks, and one to advance."""
_BY_DAY_ONLY: Final = -1
_EMPTY_PAGE: Final = 0
_SLACK: Final = 8
_MOST: Final = 1 << 62
"""So that a forecast may be added within 64 bits."""


class NotHeldError(LookupError):
    """A minute was asked for whose day is not loaded by minute, or is before the first day."""


class Sums:
    """Counts of many objectives, a row each, exact between any two minutes held."""

    def __init__(
        self, rows: int, first_day: int, last_day: int, excluded: Sequence[Sequence[Span]] = ()
    ) -> None:
        days = last_day - first_day + 1 + _SLACK
        self.first_day, self.last_day = first_day, last_day
        self.exclusions = Exclusions(excluded)
        self._valid: Counts = np.zeros((rows, days + 1), np.int64)
        self._bad: Counts = np.zeros((rows, days + 1), np.int64)
        self._page: NDArray[np.int32] = np.zeros((rows, days + 1), np.int32)
        # Hours feed estimates only, so floats do; days never written take no memory.
        self._hours: NDArray[np.float64] = np.zeros((days, rows, 24))
        self._pages = _Pages(5 * rows + 1)

    @property
    def rows(self) -> int:
        """How many objectives are held."""
        return len(self._page)

    def load(
        self, row: int, days: Iterable[tuple[int, bytes]], *, by_minute: Collection[int] = ()
    ) -> None:
        """Take stored days in place of what was held of them; `by_minute`: days to keep whole."""
        valid, bad = np.diff(self._valid[row]), np.diff(self._bad[row])
        for day, packed in days:
            column = self._column(day)
            if column < 0:
                continue
            if column >= len(valid):
                raise NotHeldError(f"day {day} is after day {self.last_day}; advance() first")
            minutes = self._minutes(row, day, packed, by_minute)
            if minutes is None:
                valid[column], bad[column] = _fitting(day_totals(packed))
                self._page[row, column] = _BY_DAY_ONLY
            else:
                valid[column], bad[column] = _fitting((_total(minutes[0]), _total(minutes[1])))
                self._hold(row, column, minutes, by_minute=day in by_minute)
        self._set_days(row, valid, bad)

    def replace(self, row: int, recount: Tallies) -> tuple[int, ...]:
        """Replace told minutes. Returns the days not held by minute: load() their rows again."""
        again: list[int] = []
        for day in np.unique(recount.minute // DAY).tolist():
            if day < self.first_day:
                continue
            self.advance(day)
            column = self._column(day)
            if self._page[row, column] == _BY_DAY_ONLY:
                again.append(day)
            else:
                self._recount(row, day, recount)
        return tuple(again)

    def advance(self, last_day: int) -> None:
        """Make room up to and with `last_day`."""
        self.last_day = max(self.last_day, last_day)
        more = self._column(self.last_day) + 2 - self._page.shape[1]
        if more > 0:
            wider = ((0, 0), (0, more + _SLACK))
            self._valid = np.pad(self._valid, wider, mode="edge")
            self._bad = np.pad(self._bad, wider, mode="edge")
            self._page = np.pad(self._page, wider)
            self._hours = np.pad(self._hours, ((0, more + _SLACK), (0, 0), (0, 0)))

    def keep_by_minute(self, days: Collection[int]) -> None:
        """Hold only these days by minute, and free the memory of the others."""
        for column in range(self.last_day - self.first_day + 1):
            if column + self.first_day not in days:
                pages = self._page[:, column]
                self._pages.release(pages[pages > _EMPTY_PAGE].tolist())
                pages[pages > _EMPTY_PAGE] = _BY_DAY_ONLY

    def lacking(self, rows: Iterable[int], minute: int) -> list[tuple[int, int]]:
        """The (row, day) pairs to load by minute before counts from or to `minute` are exact."""
        day, within = divmod(minute, DAY)
        column = self._column(day)
        if not within or not 0 <= column < self._page.shape[1]:
            return []
        return [(row, day) for row in rows if self._page[row, column] == _BY_DAY_ONLY]

    def counts(self, rows: Any, starts: Any, ends: Any) -> tuple[Counts, Counts]:
        """Valid and bad in [start, end) for each row; arguments broadcast. Raises NotHeldError."""
        valid, bad = self._before(rows, ends)
        valid_before, bad_before = self._before(rows, starts)
        return valid - valid_before, bad - bad_before

    def daily(self, rows: NDArray[np.int64], first_day: int, end_day: int) -> NDArray[np.float64]:
        """Valid requests of whole days that are not excluded, [day, row], for estimates."""
        start, end = self._column(first_day), self._column(end_day)
        return np.diff(self._valid[rows, start : end + 1]).T.astype(np.float64)

    def hourly(self, rows: NDArray[np.int64], first_day: int, end_day: int) -> NDArray[np.float64]:
        """The same of whole hours of the latest days, [day, row, hour]."""
        if first_day < max(self.first_day, self.last_day - HOURLY_DAYS + 1):
            raise NotHeldError(f"day {first_day} is not held by hour")
        return self._hours[self._column(first_day) : self._column(end_day), rows]

    def _before(self, rows: Any, minutes: Any) -> tuple[Counts, Counts]:
        """Valid and bad of each row from the first day up to, and without, a minute."""
        column, within = np.divmod(np.asarray(minutes, np.int64) - self.first_day * DAY, DAY)
        if (column < 0).any():
            raise NotHeldError(
                f"a window begins before day {self.first_day}, the first that is held"
            )
        width = self._page.shape[1]
        within = np.where(column < width, within, 0)
        at = np.asarray(rows, np.int64) * width + np.minimum(column, width - 1)
        page = np.where(within == 0, _EMPTY_PAGE, self._page.ravel().take(at)).astype(np.int64)
        if (page == _BY_DAY_ONLY).any():
            raise NotHeldError("a window begins or ends within a day that is not held by minute")
        place = page * DAY + within
        valid = self._valid.ravel().take(at) + self._pages.valid.take(place)
        bad = self._bad.ravel().take(at) + self._pages.bad.take(place)
        return valid, bad

    def _column(self, day: int) -> int:
        return day - self.first_day

    def _minutes(
        self, row: int, day: int, packed: bytes, by_minute: Collection[int]
    ) -> tuple[Counts, Counts] | None:
        """A stored day's minutes, where its totals alone will not do."""
        hourly = day > self.last_day - HOURLY_DAYS
        if not hourly and day not in by_minute and not self.exclusions.of_day(row, day):
            return None
        return self._masked(row, day, unpack_day(packed))

    def _masked(self, row: int, day: int, minutes: tuple[Counts, Counts]) -> tuple[Counts, Counts]:
        for excluded in self.exclusions.of_day(row, day):
            minutes[0][excluded] = minutes[1][excluded] = 0
        return minutes

    def _hold(
        self, row: int, column: int, minutes: tuple[Counts, Counts], *, by_minute: bool
    ) -> None:
        page = int(self._page[row, column])
        if column + self.first_day > self.last_day - HOURLY_DAYS:
            self._hours[column, row] = minutes[0].reshape(24, 60).sum(axis=1)
        if by_minute or page > _EMPTY_PAGE:
            self._page[row, column] = self._pages.write(page, *minutes)
        else:
            self._page[row, column] = _BY_DAY_ONLY

    def _recount(self, row: int, day: int, recount: Tallies) -> None:
        column = self._column(day)
        valid, bad = np.diff(self._valid[row]), np.diff(self._bad[row])
        page = int(self._page[row, column])
        held = self._pages.read(page, int(valid[column]), int(bad[column]))
        minutes = self._masked(row, day, merge(day, held, recount))
        valid[column], bad[column] = _fitting((_total(minutes[0]), _total(minutes[1])))
        self._hold(row, column, minutes, by_minute=True)
        self._set_days(row, valid, bad)

    def _set_days(self, row: int, valid: Counts, bad: Counts) -> None:
        _fitting((_total(valid), _total(bad)))
        np.cumsum(valid, out=self._valid[row, 1:])
        np.cumsum(bad, out=self._bad[row, 1:])


class _Pages:
    """Days by minute: an entry is the day's count before that minute, as narrow as totals allow."""

    def __init__(self, capacity: int) -> None:
        self.valid: NDArray[Any] = np.zeros(capacity * DAY, np.uint16)
        self.bad: NDArray[Any] = np.zeros(capacity * DAY, np.uint16)
        self._used = 1
        self._free: list[int] = []

    def read(self, page: int, valid: int, bad: int) -> tuple[Counts, Counts]:
        """The minutes of a page, given the day's totals."""
        start = page * DAY
        before = self.valid[start : start + DAY], self.bad[start : start + DAY]
        totals = zip(before, (valid, bad), strict=True)
        first, second = (np.diff(b.astype(np.int64), append=total) for b, total in totals)
        return first, second

    def write(self, page: int, valid: Counts, bad: Counts) -> int:
        """Hold a day, on `page` or, where that is none, on a free one; returns the page."""
        if page <= _EMPTY_PAGE:
            page = self._take()
        self.valid = self._put(self.valid, page, valid)
        self.bad = self._put(self.bad, page, bad)
        return page

    def release(self, pages: list[int]) -> None:
        """Let other days be held on these pages."""
        self._free.extend(pages)

    def _take(self) -> int:
        if self._free:
            return self._free.pop()
        self._used += 1
        if self._used * DAY > len(self.valid):
            size = self._used * DAY * 3 // 2
            self.valid = self._moved(self.valid, size, self.valid.dtype)
            self.bad = self._moved(self.bad, size, self.bad.dtype)
        return self._used - 1

    def _put(self, column: NDArray[Any], page: int, counts: Counts) -> NDArray[Any]:
        before = np.cumsum(counts[:-1])
        while before[-1] > np.iinfo(column.dtype).max:
            wider = np.uint32 if column.dtype == np.uint16 else np.int64
            column = self._moved(column, len(column), np.dtype(wider))
        column[page * DAY + 1 : (page + 1) * DAY] = before
        return column

    def _moved(self, column: NDArray[Any], size: int, dtype: np.dtype[Any]) -> NDArray[Any]:
        """A copy of what is used; memory beyond it stays untouched, so unclaimed."""
        moved = np.zeros(size, dtype)
        used = min(self._used * DAY, len(column))
        moved[:used] = column[:used]
        return moved


def _total(counts: Counts) -> int:
    """The sum, in Python integers where 64 bits could wrap."""
    if len(counts) and int(counts.max()) > _MOST // len(counts):
        return sum(counts.tolist())
    return int(counts.sum())


def _fitting(totals: tuple[int, int]) -> tuple[int, int]:
    if max(totals) > _MOST:
        raise OverflowError("an objective's requests exceed 2^62; no traffic is that large")
    return totals
