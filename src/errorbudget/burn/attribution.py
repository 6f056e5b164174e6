"""Where is it: which combinations of values explain that more requests fail than usual?

An expectation-based scan (Neill, Fast subset scan for spatial pattern detection, JRSSB 2012,
https://doi.org/10.1111/j.1467-9868.2011.01014.x) over every combination of at most three columns.
Failures are expected of each slice by its own past, so that what always fails, and what merely is
large, explains nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import log
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from errorbudget.burn.breakdown import OTHER, Breakdown, Floats, Sums
from errorbudget.ledger.tally import Counts

DEPTH: Final = 3
"""Columns that a finding speaks of at most."""

CHANCE: Final = 0.01
"""How often the best of all slices of a service at its usual may look like a finding."""

LEAST_SHARE: Final = 0.05
"""A slice with less of the excess explains too little to be told."""

APART: Final = 1.5
"""A burn has a place only where some slice fails so many times more than the rest."""

FEWEST: Final = 5
"""Fewer failures are no place: two of two requests are told apart by luck too often."""

MOST: Final = 10
"""Findings told at most."""

SAME: Final = 0.95
"""Of two slices that share so much of their excess, the better is told."""

BESIDE: Final = 1.25
"""Beside a better place another is told where, of what that leaves, so many times more fails."""

WEIGHED: Final = 200
"""Slices, the best first, that are weighed against what better ones explain."""

WHOLE: Final = 2.5
"""The power of its share of the excess that weighs a slice's evidence: a part explains a part.

This and the penalty are cross-validated on labelled incidents: docs/benchmarks.md.
"""

PENALTY: Final = 1.01
"""A further column must make the score better by this factor."""

NEW: Final = 0.75
"""Weighs slices without a past: a version just deployed is a change, and told as one."""


REST: Final = 0.2
"""Leaving less of the requests out, a slice says ever less of where: that all fail is no place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One slice of the requests in which more fail than usual."""

    match: Mapping[str, str]
    """What its requests have in common, by column."""
    excess: float
    """Failures beyond those that its own past lets expect."""
    share: float
    """Of the excess of all requests; above 1 where others fail less than usual."""
    rate: float
    """The share of its requests that fail."""
    baseline_rate: float | None
    """The same before; None where there were no such requests."""
    n: int
    """Its requests."""
    bad: int

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as printed."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Slices:
    """Slices of the requests; arrays of one length."""

    codes: Counts
    """A row for each slice, a column for each column; `OTHER` where it takes any value."""
    sums: Sums
    expected: Floats

    @property
    def depth(self) -> Counts:
        return (self.codes != OTHER).sum(axis=1)

    @property
    def beyond(self) -> Floats:
        return self.sums.bad - self.expected

    def evidence(self) -> Floats:
        """How much better, in nats, its own rate explains each slice than its past's."""
        return _evidence(self.sums.valid, self.sums.bad, self.expected)

    def take(self, which: Counts) -> Self:
        return type(self)(
            codes=self.codes[which], sums=self.sums.take(which), expected=self.expected[which]
        )


def attribution(of: Breakdown, allowance: float, dispersion: float = 1.0) -> tuple[Finding, ...]:
    """What explains the excess, best first; empty when nothing stands out.

    `allowance` is the share of requests that may fail, above 0. `dispersion` is how much more than
    a Poisson count the failures of a usual hour vary.
    """
    whole, usual = of.sums.total(), of.sums.usual(allowance)
    expected = float(whole.expected(usual)[0])
    excess = float(whole.bad[0]) - expected
    cuboids = of.cuboids(DEPTH)
    if excess <= 0 or not cuboids:
        return ()
    slices = _all(of, cuboids, usual)
    evidence = slices.evidence()
    enough = dispersion * log(max(len(slices.sums), 1) / CHANCE)
    telling = (slices.sums.bad >= FEWEST) & (evidence >= enough)
    telling &= slices.beyond >= LEAST_SHARE * excess
    if not (telling & _stand_out(slices, whole, expected, enough)).any():
        return ()
    score = evidence * _weight(slices, int(whole.valid[0]), excess)
    told = np.flatnonzero(telling & (score > 0))
    best = told[np.argsort(-score[told], kind="stable")][:WEIGHED]
    ranked = slices.take(best)
    places = _distinct(of, ranked, of.sums.expected(usual), enough)
    return tuple(_finding(of, ranked, place, excess) for place in places)


def _weight(slices: _Slices, valid: int, excess: float) -> Floats:
    """How much the evidence of each slice says of where it is."""
    share = np.clip(slices.beyond / excess, 0.0, 1.0)
    rest = np.minimum((1 - slices.sums.valid / valid) / REST, 1.0)
    past = np.where(slices.sums.valid_before > 0, 1.0, NEW)
    return share**WHOLE * rest * past * PENALTY ** (1.0 - slices.depth)


def _all(of: Breakdown, cuboids: Sequence[tuple[int, ...]], usual: float) -> _Slices:
    """Every slice by these choices of columns."""
    found = [_by(of, columns) for columns in cuboids]
    sums = Sums.joined([sums for _, sums in found])
    codes = np.concatenate([codes for codes, _ in found])
    return _Slices(codes=codes, sums=sums, expected=sums.expected(usual))


def _by(of: Breakdown, columns: tuple[int, ...]) -> tuple[Counts, Sums]:
    """The slices by these columns, but what is left of values that are not looked at alone."""
    # One number for each combination of values: np.unique sorts those much faster than rows.
    sizes = [len(of.values[column]) + 1 for column in columns]
    key = np.ravel_multi_index(of.codes[:, columns].T, sizes)
    keys, group = np.unique(key, return_inverse=True)
    codes = np.zeros((len(keys), len(of.columns)), np.int64)
    codes[:, columns] = np.stack(np.unravel_index(keys, sizes), axis=1)
    sums = of.sums.grouped(group, len(keys))
    known = np.flatnonzero((codes[:, columns] != OTHER).all(axis=1) & (sums.valid > 0))
    return codes[known], sums.take(known)


def _stand_out(slices: _Slices, whole: Sums, expected: float, enough: float) -> NDArray[np.bool_]:
    """Which slices fail more than usual by another factor than all the rest does, or alone."""
    bad = int(whole.bad[0])
    inside, rest = slices.sums.bad, bad - slices.sums.bad
    usual = np.maximum(expected - slices.expected, 1.0)
    ratio = inside * usual / np.maximum(slices.expected * rest, 1e-9)
    # Two rates, one for the slice and one for the rest, against one for both (Kulldorff 1997).
    others = rest * np.log(np.maximum(rest, 1) / usual)
    own = inside * np.log(np.maximum(inside, 1) / slices.expected)
    gain = own + others - bad * log(bad / expected)
    alone = (slices.sums.valid < whole.valid[0]) & (others + usual - rest < enough) & (gain > 0)
    return ((ratio >= APART) & (gain >= enough)) | alone


def _distinct(of: Breakdown, ranked: _Slices, expected: Floats, enough: float) -> Iterator[int]:
    """The best places, each weighed against what those told before it explain.

    `expected` are the failures to expect of each combination in `of`. Once a slice is told, its
    requests are expected to fail as often as it does: what lies within it, around it or across it
    is told too only where it fails by `enough` nats more than that, and elsewhere.
    """
    valid, bad = ranked.sums.valid, ranked.sums.bad
    inside = np.stack([((one == OTHER) | (one == of.codes)).all(axis=1) for one in ranked.codes])
    beyond, due = of.sums.bad - expected, expected.copy()
    whole, left = of.sums.bad.sum(), np.ones(len(bad), np.bool_)
    for _ in range(MOST):
        if not left.any():
            return
        place = int(np.argmax(left))
        yield place
        own = inside[place]
        due[own] = np.maximum(due[own], of.sums.valid[own] * (bad[place] / valid[place]))
        now = inside @ due
        others = np.maximum(whole - bad, 1.0) / np.maximum(due.sum() - now, 1.0)
        left &= (_evidence(valid, bad, now) >= enough) & (bad >= BESIDE * now * others)
        shared = (inside & own) @ beyond
        left &= shared < SAME * np.maximum(ranked.beyond, ranked.beyond[place])


def _evidence(valid: Counts, bad: Counts, expected: Floats) -> Floats:
    """Nats by which as many bad as there are explains the counts better than `expected` does."""
    good = valid - bad
    due = np.maximum(valid - expected, 1e-9)
    gain = bad * np.log(np.maximum(bad, 1) / expected)
    gain = gain + good * np.log(np.maximum(good, 1) / due)
    return np.where(bad > expected, gain, 0.0)


def _finding(of: Breakdown, slices: _Slices, place: int, excess: float) -> Finding:
    sums = slices.sums
    valid, bad = int(sums.valid[place]), int(sums.bad[place])
    valid_before, bad_before = int(sums.valid_before[place]), int(sums.bad_before[place])
    beyond = float(slices.beyond[place])
    return Finding(
        match={
            column: known[code - 1]
            for column, known, code in zip(
                of.columns, of.values, slices.codes[place].tolist(), strict=True
            )
            if code != OTHER
        },
        excess=beyond,
        share=beyond / excess,
        rate=bad / valid,
        baseline_rate=bad_before / valid_before if valid_before else None,
        n=valid,
        bad=bad,
    )
