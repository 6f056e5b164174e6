"""What would have kept an incident small, and what would it have cost then? Arithmetic, no advice.

Each candidate is the same incident with less of it: fewer requests exposed, an earlier end, or one
slice of them spared. Only what the evidence points to is told.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np

from errorbudget.burn.attribution import Finding
from errorbudget.burn.concentration import Concentration
from errorbudget.burn.first_move import is_flood, named, slice_words
from errorbudget.burn.rate import tail
from errorbudget.change import Change
from errorbudget.ledger.window import Span, minute_ceil, minute_floor
from errorbudget.postmortem.usual import Counted

ALPHA: Final = 1e-3
"""How rarely luck may look to a canary like a bad version."""
SURE: Final = 0.9
"""How surely a canary must notice, for a longer or a larger one not to be proposed."""
CANARIES: Final = ((Fraction(1, 20), 10), (Fraction(1, 20), 30), (Fraction(1, 10), 60))
"""Share of the requests and minutes, from the smallest on."""
ROLLBACK: Final = 10
"""Minutes that a rollback takes where none was seen."""
_LARGE: Final = 0.3
"""The share of an incident from which on a slice of it is worth a fallback."""
_LEAST: Final = Fraction(1, 20)
"""The share of an incident from which on saving it is worth a thought."""
_LIMIT: Final = 3
"""Times its usual requests that a tenant may send before it is limited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prevention:
    """One way in which it would have cost less."""

    what: str
    cost: Fraction
    """Bad requests beyond the usual that it would have had then."""
    saves: Fraction
    basis: str
    """What the numbers rest on, in words."""

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as printed."""
        return {
            "what": self.what,
            "cost": float(self.cost),
            "saves": float(self.saves),
            "basis": self.basis,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of an incident that is over, or still burns."""

    counted: Counted
    span: Span
    usual: Fraction
    """The share of requests that is usually bad."""
    excess: Fraction
    where: Sequence[Finding]
    who: Concentration
    change: Change | None
    """The change that coincides with it best."""
    alert: int | None
    """The minute in which somebody was told."""
    rollback: Span | None
    """When the change was taken back."""


def preventions(known: Known) -> list[Prevention]:
    """Candidates worth a thought, those that save most first; none where nothing was lost."""
    if known.excess <= 0:
        return []
    found = [*_canary(known), *_rolled_back(known), *_limited(known), *_spared(known)]
    return sorted(
        (one for one in found if one.saves > _LEAST * known.excess), key=lambda one: -one.saves
    )


def _canary(known: Known) -> Iterator[Prevention]:
    """A part of the requests first; the smallest that would have noticed, or the largest."""
    if known.change is None or is_flood(known.who):
        return
    rate = _exposed_rate(known, known.change)
    for share, minutes in CANARIES:
        valid, _ = known.counted.within(Span(known.span.start, known.span.start + minutes))
        exposed = int(valid * share)
        chance = _notices(exposed, float(rate), float(known.usual))
        if chance >= SURE or (share, minutes) == CANARIES[-1]:
            # Where it does not notice, all of it is lost as before.
            noticed = exposed * rate
            cost = min(noticed + (known.excess - noticed) * Fraction(1 - chance), known.excess)
            yield Prevention(
                what=f"a canary at {float(share) * 100:.0f} % for {minutes} minutes",
                cost=max(cost, Fraction(0)),
                saves=known.excess - max(cost, Fraction(0)),
                basis=(
                    f"{exposed:,} requests would have met it, of which"
                    f" {float(rate) * 100:.1f} % fail beyond the usual; it notices in"
                    f" {chance * 100:.0f} % of cases"
                ),
            )
            return


def _exposed_rate(known: Known, change: Change) -> Fraction:
    """The share of requests that failed beyond the usual once the change was everywhere."""
    finished = minute_ceil(change.finished_at or change.started_at)
    end = known.rollback.start if known.rollback else known.span.end
    whole = Span(min(max(finished, known.span.start), end - 1), end)
    valid, bad = known.counted.within(whole)
    if not valid:
        valid, bad = known.counted.within(known.span)
    return max(Fraction(bad, valid) - known.usual, Fraction(0)) if valid else Fraction(0)


def _notices(exposed: int, rate: float, usual: float) -> float:
    """How often so many requests show more failures than luck does."""
    from scipy.stats import binom

    if not exposed:
        return 0.0
    share = max(usual, 1 / (1_000 * exposed))
    counts = np.arange(exposed + 1)
    chances = tail(np.full(exposed + 1, exposed), counts, np.full(exposed + 1, share), np.ones(1))
    enough = np.flatnonzero((chances <= ALPHA) & (counts >= 2))
    if not enough.size:
        return 0.0
    return float(binom.sf(int(enough[0]) - 1, exposed, min(rate + usual, 1.0)))


def _rolled_back(known: Known) -> Iterator[Prevention]:
    """The change taken back by the program as soon as the alert spoke."""
    if known.change is None or known.alert is None or is_flood(known.who):
        return
    takes = len(known.rollback) if known.rollback else ROLLBACK
    end = known.alert + max(takes, 1)
    if end >= known.span.end:
        return
    cost = _excess(known, Span(known.span.start, max(end, known.span.start)))
    said = "as long as it took" if known.rollback else "assumed"
    yield Prevention(
        what=f"a rollback of {named(known.change)} as soon as the alert spoke",
        cost=cost,
        saves=known.excess - cost,
        basis=f"the alert, and {max(takes, 1)} minutes for the rollback ({said})",
    )


def _limited(known: Known) -> Iterator[Prevention]:
    """A tenant that floods kept to a few times its usual requests."""
    who = known.who
    if not is_flood(who) or who.top_share is None or who.top_volume is None:
        return
    left = Fraction(_LIMIT / max(who.top_volume, _LIMIT)).limit_denominator(10**6)
    theirs = known.excess * Fraction(min(who.top_share, 1.0)).limit_denominator(10**6)
    saves = theirs * (1 - left)
    yield Prevention(
        what=f"tenant {who.top_tenant} limited to {_LIMIT} times its usual requests",
        cost=known.excess - saves,
        saves=saves,
        basis=(
            f"it has {who.top_share * 100:.0f} % of the excess and sends"
            f" {who.top_volume:,.0f} times its usual; failures are taken to go down with it"
        ),
    )


def _spared(known: Known) -> Iterator[Prevention]:
    """A fallback for the slice that has most of it, where no change is to be caught."""
    if known.change is not None or is_flood(known.who) or not known.where:
        return
    place = known.where[0]
    if place.share < _LARGE:
        return
    saves = known.excess * Fraction(min(place.share, 1.0)).limit_denominator(10**6)
    yield Prevention(
        what=f"a fallback for {slice_words(place)}",
        cost=known.excess - saves,
        saves=saves,
        basis=f"this slice has {min(place.share, 1.0) * 100:.0f} % of the excess",
    )


def _excess(known: Known, span: Span) -> Fraction:
    valid, bad = known.counted.within(span)
    return min(max(bad - known.usual * valid, Fraction(0)), known.excess)


def taken_back(changes: Sequence[Change], backs: Sequence[bool], span: Span) -> Span | None:
    """When within the span the service went back to a version that it had before."""
    for change, back in zip(changes, backs, strict=True):
        start = minute_floor(change.started_at)
        if back and span.start <= start <= span.end:
            return Span(start, max(minute_ceil(change.finished_at or change.started_at), start))
    return None
