"""How fast does the budget burn over each horizon, and is that effect, evidence and still true?"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from errorbudget.burn.rules import CAP, DAY, MONTH, Horizon, Level, Rules, Tier

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Counts = Mapping[int, tuple[Ints, Ints]]
"""Valid and bad requests of every budget in the last so many minutes, by the number of minutes."""

TOLERANCE = 1 + 1e-9
"""Four failures of four at 90 % are 1.0000000000000002e-4: a tie, which counts as evidence."""

MARGIN = 10.0
"""How far below (in nats) the cheap bound must lie for the exact tail not to be asked."""

TINY = 1e-300
_INT64 = 2**63


class Signal(IntEnum):
    """What one tier says about one budget."""

    NONE = 0
    OVER = 1
    """The long window is over, the short one is not: it was, and is no more."""
    EMPTY = 2
    """The short window is empty: nothing says that it is over, or that it has begun."""
    BURNING = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Budgets:
    """What the rules need to know of each budget beside its counts; arrays, all of one length.

    The allowance e is the reduced fraction numerator / denominator. `dispersion` is φ. `run` is
    how many of the latest requests failed one after the other.
    """

    numerator: Ints
    denominator: Ints
    dispersion: Floats
    run: Ints

    @property
    def allowance(self) -> Floats:
        """The allowance as a float, for probabilities only."""
        return self.numerator / self.denominator

    def take(self, which: Ints, size: int) -> "Budgets":
        """The budgets at these positions of a fleet of `size`."""
        return Budgets(
            numerator=np.broadcast_to(self.numerator, size)[which],
            denominator=np.broadcast_to(self.denominator, size)[which],
            dispersion=np.broadcast_to(self.dispersion, size)[which],
            run=np.broadcast_to(self.run, size)[which],
        )


def budgets(
    allowances: list[Fraction], *, dispersion: Floats | None = None, run: Ints | None = None
) -> Budgets:
    """Budgets of these exact allowances, with φ = 1 and no run of failures unless told."""
    size = len(allowances)
    return Budgets(
        numerator=np.array([e.numerator for e in allowances], np.int64),
        denominator=np.array([e.denominator for e in allowances], np.int64),
        dispersion=np.ones(size) if dispersion is None else dispersion,
        run=np.zeros(size, np.int64) if run is None else run,
    )


def at_least(rate: Fraction, valid: Ints, bad: Ints, of: Budgets) -> Mask:
    """Whether bad / valid ≥ min(rate · e, 0.8), in integers; an empty window never is."""
    fast = _compare(bad, of.denominator, rate.denominator, valid, of.numerator, rate.numerator)
    capped = bad * CAP.denominator >= valid * CAP.numerator
    return (fast | capped) & (bad > 0)


def _compare(
    bad: Ints, denominator: Ints, below: int, valid: Ints, numerator: Ints, above: int
) -> Mask:
    """Whether bad · denominator · below ≥ valid · numerator · above, exact at any size."""
    if not bad.size:
        return np.zeros(0, np.bool_)
    factor = max(int(denominator.max()) * below, int(numerator.max()) * above)
    if int(valid.max()) * factor < _INT64:
        return bad * (denominator * below) >= valid * (numerator * above)
    big = bad.astype(object) * denominator * below >= valid.astype(object) * numerator * above
    return np.asarray(big, np.bool_)


def tail(valid: Ints, bad: Ints, allowance: Floats, dispersion: Floats) -> Floats:
    """The chance of so many bad requests or more on budget; counts shrink by the dispersion φ.

    The exact binomial tail: https://dlmf.nist.gov/8.17#E5.
    """
    from scipy.special import betainc

    good = np.maximum(valid - bad, 0)
    chance = betainc(np.maximum(bad, 1) / dispersion, good / dispersion + 1, allowance)
    return np.where(bad > 0, chance, 1.0)


def evidence(horizon: Horizon, valid: Ints, bad: Ints, of: Budgets) -> Mask:
    """Whether luck would show such a window rarely enough, counted in false alarms.

    A sliding window is tried anew with every bad request, so the chance of the window is
    multiplied by the (independent) bad requests in it: that many arrivals could have shown it.
    """
    tries = np.maximum(bad / of.dispersion, 1.0)
    needed = np.log(horizon.alpha / tries)
    sure = _bound(valid, bad, of) < needed - MARGIN
    some = np.flatnonzero(~sure)
    few = of.take(some, sure.size)
    chance = tail(valid[some], bad[some], few.allowance, few.dispersion)
    sure[some] = tries[some] * chance <= horizon.alpha * TOLERANCE
    return sure & (bad >= 2)


def _bound(valid: Ints, bad: Ints, of: Budgets) -> Floats:
    """A cheap bound of the tail's logarithm: https://doi.org/10.1080/01621459.1963.10500830."""
    mean, seen = valid * of.allowance / of.dispersion, bad / of.dispersion
    ratio = np.maximum(seen, TINY) / np.maximum(mean, TINY)
    return np.where(ratio > 1, -(seen * (np.log(ratio) - 1) + mean), 0.0)


def _run_evidence(rules: Rules, day: Ints, of: Budgets) -> Mask:
    """Whether so many failures in a row are rare enough for a service with so many requests."""
    starts = np.maximum(day, 1) * (MONTH / DAY)
    chance = of.allowance ** (of.run / of.dispersion)
    return (of.run >= 2) & (starts * chance <= rules.run_false_alarms * TOLERANCE)


def signal(rules: Rules, horizon: Horizon, counts: Counts, of: Budgets) -> NDArray[np.int8]:
    """What one horizon says about each budget; evidence is asked only where there is effect."""
    valid, bad = counts[horizon.long]
    short_valid, short_bad = counts[horizon.short]
    size = valid.size
    says = np.where(valid == 0, Signal.EMPTY, Signal.NONE).astype(np.int8)
    some = np.flatnonzero(at_least(horizon.rate, valid, bad, of))
    if not some.size:
        return says
    few = of.take(some, size)
    sure = evidence(horizon, valid[some], bad[some], few)
    sure |= _run_evidence(rules, counts[DAY][0][some], few)
    some, few = some[sure], few.take(np.flatnonzero(sure), sure.size)
    still = at_least(horizon.rate, short_valid[some], short_bad[some], few)
    rest = np.where(short_valid[some] == 0, Signal.EMPTY, Signal.OVER)
    says[some] = np.where(still, Signal.BURNING, rest)
    return says


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Burns:
    """What the tiers say about each budget at one moment, as arrays of `Signal`s."""

    says: Mapping[Level, NDArray[np.int8]]
    known: Mask
    """Whether there was any valid request in the last day."""


def burns(rules: Rules, counts: Counts, of: Budgets) -> Burns:
    """Evaluate every tier for every budget; `counts` must hold every length in `rules.windows`."""
    return Burns(
        says={tier.level: _tier(rules, tier, counts, of) for tier in rules.tiers},
        known=counts[DAY][0] > 0,
    )


def _tier(rules: Rules, tier: Tier, counts: Counts, of: Budgets) -> NDArray[np.int8]:
    first, *rest = (signal(rules, horizon, counts, of) for horizon in tier.horizons)
    for says in rest:
        first = np.maximum(first, says)
    return first
