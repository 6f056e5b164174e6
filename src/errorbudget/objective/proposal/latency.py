"""From how many milliseconds on is a request too slow to count as good?

In a gap of the distribution, where it matters little on which side of the gap's middle the limit
lies. Where there is no gap, no limit is forced on a first promise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from errorbudget.objective.proposal.history import Floats
from errorbudget.objective.proposal.profile import BINS, Durations

STEPS: Final = (1.0, 1.5, 2.0, 3.0, 5.0, 7.5)
_MOST_SLOW: Final = 0.05
"""A limit that more requests miss is an objective of its own, not a floor."""
_FEWEST: Final = 20
"""Slow requests from which the tail's shape can be told."""
_STEEP: Final = 4.0
"""The slow share may change by no more than this power of the limit: under 2 times at ±20 %."""
_GAP: Final = 1.5
"""A flatter tail than this lies in a gap."""
_APART: Final = 8.0
"""Routes whose 99th percentiles are further apart need limits of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A limit, and how it sits in the distribution."""

    milliseconds: float
    slow: float
    """The share of requests above it."""
    slower: float
    """The share above a limit 20 % higher."""
    faster: float
    """The share above a limit 20 % lower."""
    gap: bool
    """Whether it lies where hardly any request does, with some above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limit, or one for each of two groups of routes; None where the tail has no place."""

    common: Limit | None
    slow_routes: tuple[str, ...] = ()
    """Routes that are so much slower that the common limit is not theirs."""
    own: Limit | None = None
    """The limit of those."""
    median: float = 0.0
    p99: float = 0.0


class Distribution:
    """Durations in bins, cumulated."""

    def __init__(self, durations: Sequence[Durations]) -> None:
        first = min(one.bin for one in durations)
        counts = np.zeros(max(one.bin for one in durations) - first + 1)
        for one in durations:
            counts[one.bin - first] += one.requests
        self.first = first
        self.counts = counts
        self.total = float(counts.sum())
        self._above = np.concatenate((counts[::-1].cumsum()[::-1], [0.0]))

    def above(self, milliseconds: Floats | float) -> Floats:
        """The share slower than this; within a bin requests are taken to lie evenly."""
        place = BINS * np.log10(np.asarray(milliseconds, np.float64)) - self.first
        whole = np.clip(np.floor(place), 0, len(self.counts)).astype(np.int64)
        part = np.clip(place - whole, 0, 1)
        held = np.append(self.counts, 0.0)[whole]
        return (self._above[whole] - part * held) / self.total

    def quantile(self, share: float) -> float:
        """The duration that this share of requests does not exceed, to the end of its bin."""
        reached = np.searchsorted(np.cumsum(self.counts), share * self.total)
        return float(10 ** ((int(reached) + self.first + 1) / BINS))

    def edges(self) -> Floats:
        """Where bins begin, in milliseconds."""
        return 10 ** ((np.arange(len(self.counts)) + self.first) / BINS)


def limits(durations: Sequence[Durations]) -> Limits:
    """The limits that the durations of good requests suggest."""
    if not durations:
        return Limits(common=None)
    slow = _slow_routes(durations)
    usual = [one for one in durations if one.route not in slow]
    whole = Distribution(durations)
    return Limits(
        common=limit(Distribution(usual)) if usual else None,
        slow_routes=tuple(sorted(slow)),
        own=limit(Distribution([one for one in durations if one.route in slow])) if slow else None,
        median=whole.quantile(0.5),
        p99=whole.quantile(0.99),
    )


def limit(of: Distribution) -> Limit | None:
    """The flattest place of the tail on a round number; None where it falls everywhere."""
    grid = np.array([step * 10**power for power in range(-1, 8) for step in STEPS])
    slow, slower, faster = of.above(grid), of.above(1.2 * grid), of.above(0.8 * grid)
    fits = (slow <= _MOST_SLOW) & (slow * of.total >= _FEWEST) & (slower > 0)
    steep = np.full(len(grid), np.inf)
    steep[fits] = np.log(faster[fits] / slower[fits]) / np.log(1.2 / 0.8)
    robust = fits & (faster < 2 * slow) & (slow < 2 * slower) & (steep < _STEEP)
    if not robust.any():
        return None
    best = int(np.argmin(np.where(robust, steep, np.inf)))
    return Limit(
        milliseconds=float(grid[best]),
        slow=float(slow[best]),
        slower=float(slower[best]),
        faster=float(faster[best]),
        gap=bool(steep[best] < _GAP),
    )


def _slow_routes(durations: Sequence[Durations]) -> frozenset[str]:
    """Routes that are so much slower that one limit would fit either them or the others."""
    total = sum(one.requests for one in durations)
    tails: list[tuple[float, str]] = []
    # What has characters that nobody sees cannot be written in a criterion.
    for route in {one.route for one in durations if one.route and one.route.isprintable()}:
        of = Distribution([one for one in durations if one.route == route])
        if of.total >= max(500, total / 100):
            tails.append((of.quantile(0.99), route))
    tails.sort()
    for (fast, _), (slow, _) in pairwise(tails):
        if slow > _APART * fast:
            return frozenset(route for tail, route in tails if tail >= slow)
    return frozenset()
