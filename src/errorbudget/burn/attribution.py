"""Where is it: which combinations of values explain that more requests fail than usual?

An expectation-based Poisson scan (Neill, Fast subset scan for spatial pattern detection, JRSSB
2012) over every combination of at most three columns. Failures are expected of each slice by its
own past, so that what always fails, and what merely is large, explains nothing.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import log
from typing import Any, Final

import numpy as np

from errorbudget.burn.breakdown import OTHER, Breakdown, Floats, Sums
from errorbudget.ledger.tally import Counts

DEPTH: Final = 3
"""Columns that a finding speaks of at most."""

CHANCE: Final = 0.01
"""How often the best of all slices of a service at its usual may look like a finding."""

LEAST_SHARE: Final = 0.05
"""A slice with less of the excess explains too little to be told."""

MOST: Final = 10
"""Findings told at most."""

_PENALTY: Final = 1.02
"""A further column must make the score better by this factor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One slice of the requests in which more fail than usual."""

    match: Mapping[str, str]
    """What its requests have in common, by column."""
    excess: float
    """Failures beyond those that its own past lets expect."""
    share: float
    """Of the excess of all requests; parts that get better make room for more than 1."""
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
    """The slices by some columns; arrays of one length, and their columns."""

    columns: tuple[int, ...]
    codes: Counts
    sums: Sums
    expected: Floats
    evidence: Floats


def attribution(of: Breakdown, allowance: float, dispersion: float = 1.0) -> tuple[Finding, ...]:
    """What explains the excess, best first; empty when nothing stands out.

    `allowance` is the share of requests that may fail, above 0. `dispersion` is how much more than
    a Poisson count the failures of a usual hour vary.
    """
    whole, usual = of.sums.total(), of.sums.usual(allowance)
    expected = float(whole.expected(usual)[0])
    excess = float(whole.bad[0]) - expected
    if excess <= 0:
        return ()
    found = [_slices(of, chosen, usual) for chosen in of.cuboids(DEPTH)]
    tried = sum(len(slices.sums) for slices in found)
    if not tried:
        return ()
    enough = dispersion * log(tried / CHANCE)
    ranked = list[tuple[float, Finding]]()
    for slices in found:
        inside, outside = slices.evidence, _contrast(slices, whole, expected)
        beyond = slices.sums.bad - slices.expected
        tells = (inside >= enough) & (outside >= enough) & (beyond >= LEAST_SHARE * excess)
        score = inside * _PENALTY ** (1 - len(slices.columns))
        ranked += [
            (float(score[place]), _finding(of, slices, place, excess))
            for place in np.flatnonzero(tells).tolist()
        ]
    ranked.sort(key=lambda pair: -pair[0])
    return tuple(finding for _, finding in ranked[:MOST])


def _slices(of: Breakdown, columns: tuple[int, ...], usual: float) -> _Slices:
    """Every slice by these columns, but what is left of values not looked at alone."""
    codes, group = np.unique(of.codes[:, columns], axis=0, return_inverse=True)
    sums = of.sums.grouped(group.ravel(), len(codes))
    known = np.flatnonzero((codes != OTHER).all(axis=1))
    sums = sums.take(known)
    expected = sums.expected(usual)
    return _Slices(
        columns=columns,
        codes=codes[known],
        sums=sums,
        expected=expected,
        evidence=_evidence(sums.bad, expected),
    )


def _evidence(bad: Floats | Counts, expected: Floats) -> Floats:
    """The logarithm of how much better its own rate explains a slice than its past's."""
    gain = bad * np.log(np.maximum(bad, 1) / expected) + expected - bad
    return np.where(bad > expected, gain, 0.0)


def _contrast(slices: _Slices, whole: Sums, expected: float) -> Floats:
    """The logarithm of how much better two rates explain slice and rest than one for both."""
    bad, total = slices.sums.bad, int(whole.bad[0])
    inside = bad * np.log(np.maximum(bad, 1) / slices.expected)
    rest, usual = total - bad, np.maximum(expected - slices.expected, 1e-12)
    outside = rest * np.log(np.maximum(rest, 1) / usual)
    higher = bad * usual > rest * slices.expected
    return np.where(higher, inside + outside - total * log(total / expected), 0.0)


def _finding(of: Breakdown, slices: _Slices, place: int, excess: float) -> Finding:
    sums = slices.sums
    valid, bad = int(sums.valid[place]), int(sums.bad[place])
    valid_before, bad_before = int(sums.valid_before[place]), int(sums.bad_before[place])
    beyond = bad - float(slices.expected[place])
    codes = slices.codes[place].tolist()
    return Finding(
        match={
            of.columns[column]: of.values[column][code - 1]
            for column, code in zip(slices.columns, codes, strict=True)
        },
        excess=beyond,
        share=beyond / excess,
        rate=bad / valid,
        baseline_rate=bad_before / valid_before if valid_before else None,
        n=valid,
        bad=bad,
    )
