"""Brings stored tallies up to date: counts again only the minutes that later batches touched."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from errorbudget.ledger.tally import DAY, Counts, Tallies, by_day, counts_of, merge, pack_day
from errorbudget.objective.indicator import Counting
from errorbudget.program.budgets.held import Days
from errorbudget.request import Kept
from errorbudget.source import Source, Touched
from errorbudget.store.tallies import Extent


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What stored tallies have become."""

    days: frozenset[int]
    """The days that differ from what was seen."""
    newest: int
    """The batch that the tallies are of."""
    missing: Mapping[str, int]
    """Before which minute a series could not be counted, of those of which some could not."""
    left: int = 0
    """Minutes that are not counted yet: the source gives them piece by piece."""


def count_again(
    source: Source, tallies: Days, counting: Sequence[Counting], *, seen: int | None = None
) -> Counted:
    """Count what is new for indicators of the same requests.

    `seen` is the batch of the tallies that the caller has read: another thread may have counted
    since. A crash anywhere leaves the old count or the new one; counting twice gives the same.
    """
    requests = counting[0].requests
    return bring_up_to_date(
        tallies,
        [one.series for one in counting],
        touched=partial(source.touched, requests),
        tally=partial(source.tally, counting),
        kept=source.kept(requests),
        seen=seen,
        turn=source.turn(requests),
    )


def bring_up_to_date(
    tallies: Days,
    series: Sequence[str],
    *,
    touched: Callable[[int], Touched],
    tally: Callable[[Counts | None], Sequence[Tallies]],
    kept: Kept,
    seen: int | None,
    turn: AbstractContextManager[Any] | None = None,
) -> Counted:
    """The same for series that are counted together, whatever it is that counts them.

    `turn` is held meanwhile, so that nobody counts them at the same time.
    """
    with turn or tallies.counting, tallies.alone(series[0]):
        counted = [tallies.counted(one) for one in series]
        known = [extent.batch for extent in counted if extent is not None]
        froms = [_from_minute(extent, kept) for extent in counted]
        missing = {one: minute for one, minute in zip(series, froms, strict=True) if minute}
        whole = len(known) < len(counted)
        since = 0 if whole else min(known) if seen is None else min(*known, seen)
        news = touched(since)
        changed = set[int]((news.minutes // DAY).tolist())
        left = news.left or 0
        if not whole and news.newest == min(known) == max(known):
            return Counted(days=frozenset(changed), newest=news.newest, missing=missing, left=left)
        at_once = whole and news.left is None
        # What was counted stays where its requests are no longer kept.
        counts = tally(None if at_once else news.minutes[news.minutes >= kept.from_minute])
        for one, found, from_minute in zip(series, counts, froms, strict=True):
            days = _packed(tallies, one, found, whole=at_once)
            extent = Extent(batch=news.newest, from_minute=from_minute)
            tallies.replace_days(one, days, extent=extent)
            changed.update(days)
    return Counted(days=frozenset(changed), newest=news.newest, missing=missing, left=left)


def _from_minute(extent: Extent | None, kept: Kept) -> int:
    """Since when a series is counted: one that is new, or was not up to date, has lost the rest."""
    if extent is None:
        return kept.from_minute
    return max(extent.from_minute, kept.from_minute if extent.batch < kept.batch - 1 else 0)


def _packed(tallies: Days, series: str, counts: Tallies, *, whole: bool) -> Mapping[int, bytes]:
    """The days that counts fall on, as stored rows; what a day held of other minutes stays."""
    if whole:
        return {day: pack_day(*both) for day, both in by_day(counts).items()}
    days = np.unique(counts.minute // DAY).tolist()
    if not days:
        return {}
    held = tallies.load_days(series, days[0])
    return {day: pack_day(*merge(day, counts_of(held.get(day)), counts)) for day in days}
