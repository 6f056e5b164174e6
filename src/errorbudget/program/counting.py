"""Brings stored tallies up to date: counts again only the minutes that later batches touched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from errorbudget.ledger.tally import DAY, Counts, Tallies, by_day, merge, pack_day, unpack_day
from errorbudget.objective.indicator import Indicator
from errorbudget.source import Source
from errorbudget.store.tallies import TallyDays


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What stored tallies have become."""

    days: frozenset[int]
    """The days that differ from what was seen."""
    newest: int
    """The batch that the tallies are of."""


def count_again(
    source: Source, tallies: TallyDays, indicators: Sequence[Indicator], *, seen: int | None = None
) -> Counted:
    """Count what is new for the indicators of one document.

    `seen` is the batch of the tallies that the caller has read: another thread may have counted
    since. A crash anywhere leaves the old count or the new one; counting twice gives the same.
    """
    with tallies.counting:
        return _count_again(source, tallies, indicators, seen)


def _count_again(
    source: Source, tallies: TallyDays, indicators: Sequence[Indicator], seen: int | None
) -> Counted:
    requests = indicators[0].requests
    counted = [tallies.counted(indicator.series) for indicator in indicators]
    known = [batch for batch in counted if batch is not None]
    whole = len(known) < len(counted)
    since = 0 if whole else min(known) if seen is None else min(*known, seen)
    touched = source.touched(requests, since=since)
    changed = set[int]((touched.minutes // DAY).tolist())
    if not whole and touched.newest == min(known) == max(known):
        return Counted(days=frozenset(changed), newest=touched.newest)
    counts = source.tally(indicators, None if whole else touched.minutes)
    for indicator, found in zip(indicators, counts, strict=True):
        days = _packed(tallies, indicator.series, found, whole=whole)
        tallies.replace_days(indicator.series, days, counted_batch=touched.newest)
        changed.update(days)
    return Counted(days=frozenset(changed), newest=touched.newest)


def _packed(
    tallies: TallyDays, series: str, counts: Tallies, *, whole: bool
) -> Mapping[int, bytes]:
    """The days that counts fall on, as stored rows; what a day held of other minutes stays."""
    if whole:
        return {day: pack_day(*both) for day, both in by_day(counts).items()}
    days = np.unique(counts.minute // DAY).tolist()
    if not days:
        return {}
    held = tallies.load_days(series, days[0])
    return {day: pack_day(*merge(day, _held(held.get(day)), counts)) for day in days}


def _held(packed: bytes | None) -> tuple[Counts, Counts]:
    if packed is None:
        return np.zeros(DAY, np.int64), np.zeros(DAY, np.int64)
    return unpack_day(packed)
