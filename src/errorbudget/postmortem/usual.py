"""How many requests would have been bad without the incident? The same hours of four weeks before.

The median share of the same weekday and hour, where those hours hold enough bad requests for it to
mean something; else the share of all calm hours. The median of counts that are mostly 0 is 0, which
would hold every usual failure against the incident.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median
from typing import Final

import numpy as np

from errorbudget.ledger.tally import Counts
from errorbudget.ledger.window import Span
from errorbudget.policy.hindsight import calm_share

WEEK: Final = 7 * 1440
HISTORY: Final = 4 * WEEK
"""Minutes before an incident from which the usual is learnt."""
HOUR: Final = 60
ENOUGH: Final = 10
"""Bad requests, on average, that each same hour must hold for their median to be taken."""
_MEDIAN_NOISE: Final = Fraction(11, 7)
"""How much more a median scatters than a mean: π / 2."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counted:
    """Valid and bad requests of each minute from `first` on."""

    first: int
    valid: Counts
    bad: Counts

    @property
    def span(self) -> Span:
        """The minutes that were counted."""
        return Span(self.first, self.first + len(self.valid))

    @property
    def lived(self) -> Span:
        """From the first minute with a request to the last one; empty where none came."""
        came = np.flatnonzero(self.valid)
        if not came.size:
            return Span(self.first, self.first)
        return Span(self.first + int(came[0]), self.first + int(came[-1]) + 1)

    def within(self, span: Span) -> tuple[int, int]:
        """Valid and bad requests of a span, as far as it was counted."""
        kept = slice(*(max(edge - self.first, 0) for edge in (span.start, span.end)))
        return int(self.valid[kept].sum()), int(self.bad[kept].sum())

    def part(self, span: Span) -> "Counted":
        """The same of a span alone, as far as it was counted."""
        start = min(max(span.start, self.span.start), self.span.end)
        end = min(max(span.end, start), self.span.end)
        kept = slice(start - self.first, end - self.first)
        return Counted(first=start, valid=self.valid[kept], bad=self.bad[kept])


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A share of requests that is usually bad, and how much that rests on."""

    share: Fraction
    evidence: Fraction
    """Requests that it was learnt from; 0: nothing is known, and nothing is taken for usual."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Bad requests that would have come anyway, and how well that is known."""

    bad: Fraction
    variance: Fraction
    """Of `bad` itself; the requests scatter around it besides."""

    def __add__(self, other: "Expected") -> "Expected":
        return Expected(bad=self.bad + other.bad, variance=self.variance + other.variance)

    def times(self, share: Fraction) -> "Expected":
        """A part of it."""
        return Expected(bad=self.bad * share, variance=self.variance * share * share)


NOTHING: Final = Expected(bad=Fraction(0), variance=Fraction(0))


class Usual:
    """The share of requests that is usually bad, by weekday and hour; learnt before a minute."""

    def __init__(self, counted: Counted, before: int, left_out: Sequence[Span] = ()) -> None:
        """Learn from the four weeks before a minute, less the time of other incidents."""
        start = max(before - HISTORY, counted.first)
        known = counted.part(Span(min(start, before), before))
        valid, bad = known.valid.copy(), known.bad.copy()
        for span in left_out:
            kept = slice(*(max(edge - known.first, 0) for edge in (span.start, span.end)))
            valid[kept] = bad[kept] = 0
        self._known = Counted(first=known.first, valid=valid, bad=bad)
        self._calm = self._calmest()
        self._by_hour = dict[int, Rate]()

    @property
    def calm(self) -> Rate:
        """The share of all calm hours."""
        return self._calm

    def rate(self, minute: int) -> Rate:
        """What is usual in the hour that a minute lies in."""
        hour = minute // HOUR
        if hour not in self._by_hour:
            self._by_hour[hour] = self._same_hours(hour * HOUR) or self._calm
        return self._by_hour[hour]

    def expected(self, counted: Counted, span: Span) -> Expected:
        """Usual bad requests among those that came in a span."""
        total = NOTHING
        edge = span.start
        while edge < span.end:
            following = min((edge // HOUR + 1) * HOUR, span.end)
            valid, _ = counted.within(Span(edge, following))
            total += _of(self.rate(edge), valid)
            edge = following
        return total

    def _calmest(self) -> Rate:
        if not self._known.valid.any():
            return Rate(share=Fraction(0), evidence=Fraction(0))
        share, _ = calm_share(self._known.valid, self._known.bad)
        return Rate(share=share, evidence=Fraction(int(self._known.valid.sum())))

    def _same_hours(self, start: int) -> Rate | None:
        """The median of the same hour of up to four weeks; None where it would mean nothing."""
        hours = [start - week * WEEK for week in range(1, HISTORY // WEEK + 1)]
        told = [self._known.within(Span(hour, hour + HOUR)) for hour in hours]
        some = [(valid, bad) for valid, bad in told if valid]
        if len(some) < len(hours) or sum(bad for _, bad in some) < ENOUGH * len(some):
            return None
        share = median(Fraction(bad, valid) for valid, bad in some)
        return Rate(share=share, evidence=sum(valid for valid, _ in some) / _MEDIAN_NOISE)


def _of(rate: Rate, valid: int) -> Expected:
    if not rate.evidence:
        return NOTHING
    # Half a failure more than was seen: that none was seen yet does not mean that none can come.
    bad = max(rate.share, Fraction(1, 2) / rate.evidence)
    return Expected(bad=rate.share * valid, variance=bad * valid * valid / rate.evidence)


def quantiles(expected: Expected, dispersion: float, *levels: float) -> list[float]:
    """How many usual bad requests there may have been, at these levels: a negative binomial.

    That is a Poisson count whose mean is itself known with that variance; `dispersion` is how many
    of them come together (1: each for itself).
    """
    from scipy.stats import nbinom, poisson

    mean, variance = float(expected.bad) / dispersion, float(expected.variance) / dispersion**2
    if variance <= 0:
        return [float(poisson.ppf(level, mean)) * dispersion for level in levels]
    if mean <= 0:
        mean = variance**0.5 / 2
    size = mean * mean / variance
    found = nbinom.ppf(np.array(levels), size, size / (size + mean))
    return [float(one) * dispersion for one in found]
