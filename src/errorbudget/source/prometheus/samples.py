"""How many requests does a counter tell of, by the minute in which it showed them?

A counter that falls has begun anew at 0. One that is missing from a scrape which its target's other
series are in has ended, and begins at 0 when it comes back; one that comes to a target known before
begins at 0 too. What a target counted before anybody looked is nobody's. Nothing is drawn out,
spread or rounded: each request is counted in the minute of the scrape that showed it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from errorbudget.ledger.tally import Counts

Floats = NDArray[np.float64]
Labels = Mapping[str, str]

TARGET: Final = ("job", "instance")
"""Labels that tell what was scraped."""
_MINUTE: Final = 60_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """A counter as it was scraped: when, in milliseconds, and where it stood."""

    labels: Labels
    times: Counts
    values: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Increases:
    """What one counter told: requests that each of its scrapes showed for the first time."""

    labels: Labels
    minutes: Counts
    requests: Counts

    def within(self, first: int, last: int) -> int:
        """Requests of the minutes from first to last."""
        return int(self.requests[(self.minutes >= first) & (self.minutes <= last)].sum())


def increases(series: Iterable[Series]) -> list[Increases]:
    """What each counter told, in the order they came; those of one target are seen together."""
    given = list(series)
    targets: dict[tuple[str, ...], list[int]] = {}
    for place, one in enumerate(given):
        key = tuple(one.labels.get(name, "") for name in TARGET)
        targets.setdefault(key, []).append(place)
    found: list[Increases | None] = [None] * len(given)
    for places in targets.values():
        for place, told in zip(places, _of_target([given[p] for p in places]), strict=True):
            found[place] = told
    return [one for one in found if one is not None]


def by_minute(told: Iterable[Increases], minutes: Counts) -> Counts:
    """Their requests together at each of these minutes, which rise."""
    counts = np.zeros(len(minutes), np.int64)
    for one in told:
        place = np.searchsorted(minutes, one.minutes)
        place[place == len(minutes)] = 0
        inside = minutes[place] == one.minutes
        np.add.at(counts, place[inside], one.requests[inside])
    return counts


def settled(valid: Counts, good: Counts) -> Counts:
    """Bad requests by minute, where good ones are counted by another counter than valid ones.

    Scraped apart, one may show a request a minute before the other: a minute then has more good
    requests than valid ones, and its neighbour fewer. What is left over at the end is bad.
    """
    ahead = np.cumsum(valid - good)
    sure = np.minimum.accumulate(ahead[::-1])[::-1].clip(0)
    return np.diff(sure, prepend=0)


def _of_target(series: Sequence[Series]) -> list[Increases]:
    times = np.unique(np.concatenate([one.times for one in series]))
    present = np.zeros((len(times), len(series)), np.bool_)
    for place, one in enumerate(series):
        present[np.searchsorted(times, one.times), place] = True
    return [_of_series(one, place, times, present) for place, one in enumerate(series)]


def _of_series(one: Series, place: int, times: Counts, present: NDArray[np.bool_]) -> Increases:
    rows = np.searchsorted(times, one.times)
    values = np.rint(one.values).astype(np.int64)
    grown = np.diff(values, prepend=values[:1])
    fell = grown < 0
    grown[fell] = values[fell]
    for at in np.flatnonzero(np.diff(rows) > 1).tolist():
        if _ended(present, place, int(rows[at]), int(rows[at + 1])):
            grown[at + 1] = values[at + 1]
    if len(rows) and _is_born(present, place, int(rows[0])):
        grown[0] = values[0]
    # A scrape shows what came before it: one on the minute still belongs to the minute before.
    return Increases(labels=one.labels, minutes=(one.times - 1) // _MINUTE, requests=grown)


def _ended(present: NDArray[np.bool_], place: int, before: int, after: int) -> bool:
    """Whether a series was missing while another one of its target's went on."""
    others = present[before] & present[after]
    others[place] = False
    return bool(present[before + 1 : after][:, others].any())


def _is_born(present: NDArray[np.bool_], place: int, row: int) -> bool:
    """Whether a series came to a target that was there before."""
    others = present[row].copy()
    others[place] = False
    return bool(present[:row][:, others].any())
