"""How many requests are still to come in a window that has not ended, and how sure that is.

An expected week, hour by hour, is learnt from up to four whole weeks. Medians throughout: two viral
days must not raise the next two months. Excluded minutes teach nothing and are expected to bring
nothing.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from errorbudget.ledger.coverage import NEVER
from errorbudget.ledger.spans import Spans
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
_KNOWN_DAYS: Final = 7
"""Days, not excluded, without which no week is learnt."""
_ENOUGH: Final = 0.5
"""The share that must be left of a day for the rest of it to be inferred."""
_YOUNG_HOURS: Final = (6.0, 24.0, 72.0, 168.0)
_YOUNG_ERROR: Final = (0.73, 0.30, 0.17, 0.10)
"""Error of going on at the average rate so far, by hours of history, on seasonal traffic."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outlook:
    """The expected week of each row, made from the whole UTC days before `day`."""

    day: int
    weeks: NDArray[np.int64]
    """Weeks of history learnt from; 0 where they hold less than a week that is not excluded."""
    expected_week: Floats
    """[row, 169]: requests expected up to each hour of a week that starts Thursday 00:00Z."""
    error: Floats
    """[row, 2]: mean absolute share that forecasts of 7 and of 28 days were off by."""
    excluded: Spans | None
    """What each row leaves out from `day` on; None where no row does."""

    def expected(self, rows: Any, starts: Any, ends: Any) -> Floats:
        """Requests expected from `day` on in [start, end) of each row; arguments broadcast."""
        expected = self._before(rows, ends) - self._before(rows, starts)
        if self.excluded is None:
            return expected
        left_out = self._left_out(self.excluded, rows, ends)
        left_out -= self._left_out(self.excluded, rows, starts)
        return np.maximum(expected - left_out, 0)

    def error_over(self, minutes: Counts) -> Floats:
        """The share by which a forecast over so many minutes tends to be off."""
        return np.where(minutes <= WEEK, self.error[:, 0], self.error[:, 1])

    def reached(self, rows: NDArray[np.int64], start: int, requests: Floats) -> Counts:
        """The minute at which so many requests are expected to have come after `start`."""
        total = self._before(rows, start) + requests
        reached = np.maximum(self._at(rows, total), start)
        if self.excluded is None:
            return reached
        total -= self._left_out(self.excluded, rows, start)
        while True:  # a pass for each exclusion met on the way
            past = self._left_out(self.excluded, rows, reached, whole=True)
            further = np.maximum(self._at(rows, total + past), reached)
            if (further == reached).all():
                return reached
            reached = further

    def with_young(self, sums: Sums, since: Counts, rows: NDArray[np.int64], end: int) -> "Outlook":
        """Rows that have no week to learn from go on at their average rate up to `end`."""
        young = np.flatnonzero((self.weeks == 0) & (since < end))
        if not len(young):
            return self
        first = np.maximum(since[young], sums.first_day * DAY)
        minutes = end - first - sums.exclusions.minutes(rows[young], first, end)
        minutes = np.maximum(minutes, 1).astype(np.float64)
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

    def _at(self, rows: NDArray[np.int64], total: Floats) -> Counts:
        """The minute before which so many requests are expected since 1970, none left out."""
        week = self.expected_week[rows]
        whole = np.floor(total / week[:, -1])
        part = total - whole * week[:, -1]
        hour = np.clip((week < part[:, None]).sum(axis=1) - 1, 0, _HOURS - 1)
        each = np.arange(len(rows))
        before, after = week[each, hour], week[each, hour + 1]
        share = (part - before) / np.where(after > before, after - before, 1.0)
        minutes = whole * WEEK + 60 * (hour + np.clip(share, 0, 1))
        return np.rint(minutes).astype(np.int64)

    def _left_out(self, spans: Spans, rows: Any, minutes: Any, *, whole: bool = False) -> Floats:
        """Requests that would come in excluded spans of this row and earlier ones, up to a minute.

        Only differences within a row mean anything. `whole`: to the end of a span once begun.
        """
        row, start, end = spans.told()
        each = self._before(row, end) - self._before(row, start)
        last = spans.last(rows, minutes)
        if whole:
            return np.cumsum(each)[last]
        reached = start[last] + spans.clipped(rows, minutes, last)
        partly = self._before(row[last], reached) - self._before(row[last], start[last])
        return (np.cumsum(each) - each)[last] + partly


def outlook(sums: Sums, rows: NDArray[np.int64], since: Counts, day: int) -> Outlook:
    """Learn each row's week from whole days before `day`; `since`: its first request's minute."""
    first_whole = np.maximum(-(-np.minimum(since, NEVER - DAY) // DAY), sums.first_day)
    weeks = np.clip((day - first_whole) // 7, 0, _WEEKS)
    gaps = sums.exclusions.touching(rows, (day - 7 * _WEEKS) * DAY, day * DAY)
    expected_week = np.zeros((len(rows), _HOURS + 1))
    for count, gap in sorted(set(zip(weeks.tolist(), gaps.tolist(), strict=True))):
        at = np.flatnonzero((weeks == count) & (gaps == gap))
        if count:
            week = _week(sums, rows[at], count, day, gaps=gap)
            expected_week[at, 1:] = np.cumsum(week, axis=1)
    unlearnt = np.isnan(expected_week[:, -1])
    weeks[unlearnt] = expected_week[unlearnt] = 0
    return Outlook(
        day=day,
        weeks=weeks,
        expected_week=expected_week,
        error=_tested(sums, rows, first_whole, day),
        excluded=sums.exclusions.after(rows, day * DAY),
    )


def _week(sums: Sums, rows: NDArray[np.int64], weeks: int, day: int, *, gaps: bool) -> Floats:
    """Requests in each hour of the expected week, [row, 168], from Thursday 00:00Z.

    NaN for rows with too little that is not excluded; `gaps`: some have excluded minutes.
    """
    first, form = day - 7 * weeks, (weeks, 7, len(rows), 24)
    hours = sums.hourly(rows, first, day).reshape(form)
    if gaps:
        left = sums.exclusions.hours_left(rows, first, day).reshape(form)
        typical, totals = _inferred(hours, left)
    else:
        typical, totals = hours.sum(axis=0), hours.sum(axis=3)
    usual, level = _usual(totals)
    whole = typical.sum(axis=2)[..., None]
    shape = np.where(whole > 0, typical / np.where(whole > 0, whole, 1), 1 / 24)
    expected = np.roll((usual * level)[..., None] * shape, day % 7, axis=0)
    return expected.transpose(1, 0, 2).reshape(len(rows), _HOURS)


def _inferred(hours: Floats, left: NDArray[np.float32]) -> tuple[Floats, Floats]:
    """Typical hours, [day, row, hour], and whole days, [week, day, row], from what is left of them.

    A day is scaled by the share of its weekday's requests that typically come in what is left of
    it: a night left out is not half of the day. NaN where that is too little to tell.
    """
    known = left.sum(axis=0)
    typical = np.where(known > 0, hours.sum(axis=0) / np.where(known > 0, known, 1), np.nan)
    typical = _filled(_filled(typical, 0), (0, 2))
    whole = typical.sum(axis=2)
    share = (typical * left).sum(axis=3) / np.where(whole > 0, whole, 1)
    share = np.where(whole > 0, share, left.mean(axis=3))
    return typical, _scaled(hours.sum(axis=3), share)


def _scaled(totals: Floats, share: NDArray[np.floating[Any]]) -> Floats:
    """Days of which a share is left, as whole ones; NaN where too little is left."""
    return np.where(share >= _ENOUGH, totals / np.maximum(share, _ENOUGH), np.nan)


def _usual(totals: Floats) -> tuple[Floats, Floats]:
    """The usual day of each weekday and the level against it now, from [week, day, row] totals.

    Usual is the median of the weeks; the level is the median of the last seven days' ratios to it.
    Unknown days are NaN; so is a usual week that too few known days tell of.
    """
    mean = _filled(_mean(totals, 0)[0], 0)
    few = mean.sum(axis=0) < _FEW
    usual = np.where(few, mean, _filled(_median(totals), 0))
    usual[:, (~np.isnan(totals)).sum(axis=(0, 1)) < _KNOWN_DAYS] = np.nan
    level = _median(np.where(usual > 0, totals[-1] / np.where(usual > 0, usual, 1), np.nan))
    return usual, np.where(few | np.isnan(level), 1.0, level)


def _tested(sums: Sums, rows: NDArray[np.int64], first_whole: Counts, day: int) -> Floats:
    """[row, 2]: how far forecasts of 7 and 28 days, made one to four weeks apart, were off."""
    held = max(sums.first_day, day - HISTORY_DAYS)
    daily = sums.daily(rows, held, day)
    gaps = np.flatnonzero(sums.exclusions.touching(rows, held * DAY, day * DAY))
    if len(gaps):
        left = sums.exclusions.hours_left(rows[gaps], held, day)
        daily[:, gaps] = _scaled(daily[:, gaps], left.mean(axis=2))
    columns: list[Floats] = []
    for horizon in _HORIZONS:
        origins = range(day - horizon, max(held + 28, day - horizon - 21) - 1, -7)
        misses = [_miss(daily, origin - held, horizon) for origin in origins]
        misses.append(np.full(len(rows), np.nan))
        known = [first_whole <= origin - 28 for origin in (*origins, day)]
        columns.append(_error(misses, known, columns[0] if columns else None))
    return np.stack(columns, axis=1)


def _miss(daily: Floats, origin: int, horizon: int) -> Floats:
    """The share by which a forecast made at `origin` missed; NaN where there was nothing to hit."""
    usual, level = _usual(daily[origin - 28 : origin].reshape(_WEEKS, 7, -1))
    actual = daily[origin : origin + horizon]
    known = ~np.isnan(actual)
    forecast = np.where(known, np.tile(usual * level, (horizon // 7, 1)), 0.0).sum(axis=0)
    came = np.where(known, actual, 0.0).sum(axis=0)
    came[(came == 0) | (known.mean(axis=0) < _ENOUGH)] = np.nan
    return np.abs(forecast / came - 1)


def _error(misses: list[Floats], known: list[NDArray[np.bool_]], shorter: Floats | None) -> Floats:
    """Mean of the known misses; where there are none, the shorter horizon's, or the default."""
    fallback = _UNTESTED if shorter is None else np.maximum(shorter, _UNTESTED)
    mean = _mean(np.where(np.array(known), misses, np.nan), 0)[0]
    return np.where(np.isnan(mean), fallback, np.maximum(mean, _LEAST))


def _mean(values: Floats, axis: int | tuple[int, ...]) -> Floats:
    """Mean of what is known along an axis, which is kept; NaN where nothing is."""
    known = ~np.isnan(values)
    count = known.sum(axis=axis, keepdims=True)
    total = np.where(known, values, 0.0).sum(axis=axis, keepdims=True)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _filled(values: Floats, axis: int | tuple[int, ...]) -> Floats:
    """Unknown values taken for the mean of the known ones along an axis."""
    unknown = np.isnan(values)
    return np.where(unknown, _mean(values, axis), values) if unknown.any() else values


def _median(values: Floats) -> Floats:
    """Median of what is known along the first axis; NaN where nothing is."""
    ordered = np.sort(values, axis=0)  # NaN comes last
    known = (~np.isnan(values)).sum(axis=0)[None]
    low = np.take_along_axis(ordered, np.maximum(known - 1, 0) // 2, axis=0)
    high = np.take_along_axis(ordered, known // 2, axis=0)
    return ((low + high) / 2)[0]
