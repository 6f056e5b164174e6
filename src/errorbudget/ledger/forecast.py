"""How many requests are still to come in a window that has not ended, and how sure that is.

An expected week, hour by hour, is learnt from up to four whole weeks. Medians throughout: two viral
days must not raise the next two months.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from errorbudget.ledger.coverage import NEVER
from errorbudget.ledger.sums import Sums
from errorbudget.ledger.tally import DAY, Counts

Floats = NDArray[np.float64]

WEEK: Final = 7 * DAY
RANGE: Final = 2.06
"""Times the mean absolute error covers 90 % of outcomes of a normal error: 1.645 / sqrt(2 / pi)."""
HISTORY_DAYS: Final = 28 + 28 + 21
"""Days the forecast reads: four weeks to learn from, four to test on, and three origins."""

_WEEKS: Final = 4
_HOURS: Final = 168
_HORIZONS: Final = (7, 28)
_UNTESTED: Final = 0.10
"""The error assumed where history is too short to test itself (growth costs 10 % a month out)."""
_LEAST: Final = 0.03
"""No forecast is believed to be better than those measured: four origins can agree by luck."""
_FEW: Final = 100.0
"""A week with fewer requests has no typical day: medians of small counts lean to nothing."""
_YOUNG_HOURS: Final = (6.0, 24.0, 72.0, 168.0)
_YOUNG_ERROR: Final = (0.73, 0.30, 0.17, 0.10)
"""Error of going on at the average rate so far, by hours of history, on seasonal traffic."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outlook:
    """The expected week of each row, made from the whole UTC days before `day`."""

    day: int
    weeks: NDArray[np.int64]
    """Whole weeks of history learnt from; 0 is too young for a week."""
    expected_week: Floats
    """[row, 169]: requests expected up to each hour of a week that starts Thursday 00:00Z."""
    error: Floats
    """[row, 2]: mean absolute share that forecasts of 7 and of 28 days were off by."""

    def expected(self, rows: Any, starts: Any, ends: Any) -> Floats:
        """Requests expected in [start, end) of each row; arguments broadcast."""
        return self._before(rows, ends) - self._before(rows, starts)

    def error_over(self, minutes: Counts) -> Floats:
        """The share by which a forecast over so many minutes tends to be off."""
        return np.where(minutes <= WEEK, self.error[:, 0], self.error[:, 1])

    def reached(self, rows: NDArray[np.int64], start: int, requests: Floats) -> Counts:
        """The minute at which so many requests are expected to have come after `start`."""
        week = self.expected_week[rows]
        total = self._before(rows, start) + requests
        whole = np.floor(total / week[:, -1])
        part = total - whole * week[:, -1]
        hour = np.clip((week < part[:, None]).sum(axis=1) - 1, 0, _HOURS - 1)
        each = np.arange(len(rows))
        before, after = week[each, hour], week[each, hour + 1]
        share = (part - before) / np.where(after > before, after - before, 1.0)
        minutes = whole * WEEK + 60 * (hour + np.clip(share, 0, 1))
        return np.maximum(np.rint(minutes).astype(np.int64), start)

    def with_young(self, sums: Sums, since: Counts, rows: NDArray[np.int64], end: int) -> "Outlook":
        """Rows with less than a week of history go on at their average rate up to `end`."""
        young = np.flatnonzero((self.weeks == 0) & (since < end))
        if not len(young):
            return self
        first = np.maximum(since[young], sums.first_day * DAY)
        minutes = (end - first).astype(np.float64)
        valid, _ = sums.counts(rows[young], first // DAY * DAY, end)
        expected_week, error = self.expected_week.copy(), self.error.copy()
        expected_week[young] = np.outer(valid / minutes * 60, np.arange(_HOURS + 1))
        off = np.interp(np.log(minutes / 60), np.log(_YOUNG_HOURS), _YOUNG_ERROR)
        error[young] = off[:, None]
        return replace(self, expected_week=expected_week, error=error)

    def _before(self, rows: Any, minutes: Any) -> Floats:
        """Requests expected from Thursday 1970-01-01T00:00Z up to a minute."""
        week, within = np.divmod(np.asarray(minutes, np.int64), WEEK)
        hour, minute = np.divmod(within, 60)
        flat, at = self.expected_week.ravel(), np.asarray(rows) * (_HOURS + 1)
        before, after = flat.take(at + hour), flat.take(at + hour + 1)
        return week * flat.take(at + _HOURS) + before + (after - before) * (minute / 60)


def outlook(sums: Sums, rows: NDArray[np.int64], since: Counts, day: int) -> Outlook:
    """Learn each row's week from whole days before `day`; `since`: its first request's minute."""
    first_whole = np.maximum(-(-np.minimum(since, NEVER - DAY) // DAY), sums.first_day)
    weeks = np.clip((day - first_whole) // 7, 0, _WEEKS)
    expected_week = np.zeros((len(rows), _HOURS + 1))
    for count in np.unique(weeks[weeks > 0]).tolist():
        at = np.flatnonzero(weeks == count)
        expected_week[at, 1:] = np.cumsum(_week(sums, rows[at], count, day), axis=1)
    error = _tested(sums, rows, first_whole, day)
    return Outlook(day=day, weeks=weeks, expected_week=expected_week, error=error)


def _week(sums: Sums, rows: NDArray[np.int64], weeks: int, day: int) -> Floats:
    """Requests in each hour of the expected week, [row, 168], from Thursday 00:00Z."""
    hours = sums.hourly(rows, day - 7 * weeks, day).reshape(weeks, 7, len(rows), 24)
    totals = hours.sum(axis=3)
    usual, level = _usual(totals)
    whole = totals.sum(axis=0)[..., None]
    shape = np.where(whole > 0, hours.sum(axis=0) / np.where(whole > 0, whole, 1), 1 / 24)
    expected = np.roll((usual * level)[..., None] * shape, day % 7, axis=0)
    return expected.transpose(1, 0, 2).reshape(len(rows), _HOURS)


def _usual(totals: Floats) -> tuple[Floats, Floats]:
    """The usual day of each weekday and the level against it now, from [week, day, row] totals.

    Usual is the median of the weeks; the level is the median of the last seven days' ratios to it.
    """
    mean = totals.mean(axis=0)
    few = mean.sum(axis=0) < _FEW
    usual = np.where(few, mean, np.median(totals, axis=0))
    ratios = np.where(usual > 0, totals[-1] / np.where(usual > 0, usual, 1), np.inf)
    known = (usual > 0).sum(axis=0)
    ordered = np.sort(ratios, axis=0)
    each = np.arange(ratios.shape[1])
    middle = ordered[np.maximum(known - 1, 0) // 2, each] + ordered[known // 2, each]
    return usual, np.where(few | (known == 0), 1.0, middle / 2)


def _tested(sums: Sums, rows: NDArray[np.int64], first_whole: Counts, day: int) -> Floats:
    """[row, 2]: how far forecasts of 7 and 28 days, made one to four weeks apart, were off."""
    held = max(sums.first_day, day - HISTORY_DAYS)
    daily = sums.daily(rows, held, day)
    columns: list[Floats] = []
    for horizon in _HORIZONS:
        origins = range(day - horizon, max(held + 28, day - horizon - 21) - 1, -7)
        misses = [_miss(daily, origin - held, horizon) for origin in origins]
        misses.append(np.full(len(rows), np.nan))
        known = [first_whole <= origin - 28 for origin in (*origins, day)]
        columns.append(_mean(misses, known, columns[0] if columns else None))
    return np.stack(columns, axis=1)


def _miss(daily: Floats, origin: int, horizon: int) -> Floats:
    """The share by which a forecast made at `origin` missed; NaN where there was nothing to hit."""
    usual, level = _usual(daily[origin - 28 : origin].reshape(_WEEKS, 7, -1))
    forecast = usual.sum(axis=0) * level * (horizon // 7)
    actual = daily[origin : origin + horizon].sum(axis=0)
    return np.abs(forecast / np.where(actual > 0, actual, np.nan) - 1)


def _mean(misses: list[Floats], known: list[NDArray[np.bool_]], shorter: Floats | None) -> Floats:
    """Mean of the known misses; where there are none, the shorter horizon's, or the default."""
    fallback = _UNTESTED if shorter is None else np.maximum(shorter, _UNTESTED)
    told = np.array(known) & ~np.isnan(misses)
    count = told.sum(axis=0)
    mean = np.where(told, misses, 0.0).sum(axis=0) / np.maximum(count, 1)
    return np.where(count > 0, np.maximum(mean, _LEAST), fallback)
