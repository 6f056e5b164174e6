"""What did an incident cost? Its bad requests beyond the usual, each held against one incident.

Minutes are cut where an incident begins or ends, so that in each stretch the same ones burn. What a
stretch has beyond the usual is counted over the whole of it: summed minute by minute, and never
below 0, luck alone would look like a cost. Where incidents overlap it is split by what each costs
where it burns alone. So costs and the background add up to what was counted, exactly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final

from errorbudget.ledger.window import Span
from errorbudget.postmortem.usual import NOTHING, Counted, Expected, Usual, quantiles

FEW: Final = 30
"""Bad requests below which a cost is told with its interval."""
SURE: Final = 0.9
"""How often an interval holds what the incident really cost."""
_WIDE: Final = 0.1
"""An interval is told too where it is wider than so much of the cost."""


@dataclass(frozen=True, slots=True)
class Event:
    """Minutes in which something burned."""

    key: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one incident has of one stretch."""

    span: Span
    valid: int
    bad: Fraction
    """Its part of all bad requests."""
    usual: Expected
    """Its part of those that would have come anyway."""
    excess: Fraction
    """Its part of those beyond."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What one incident cost one objective, of some minutes."""

    key: str
    span: Span
    valid: int
    seen: int
    """All bad requests of its minutes, also those that another incident has a part of."""
    gross: Fraction
    """Its part of them."""
    usual: Fraction
    excess: Fraction
    """What it cost: its part of the bad requests beyond the usual."""
    low: float
    high: float
    """Where that lies nine times in ten, as far as the usual is known."""

    @property
    def interval_matters(self) -> bool:
        """Whether a single number would say more than is known."""
        return self.gross < FEW or self.high - self.low > _WIDE * float(self.excess)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as printed."""
        return {
            "valid": self.valid,
            "seen": self.seen,
            "gross": float(self.gross),
            "usual": float(self.usual),
            "excess": float(self.excess),
            "interval": [self.low, self.high],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Every bad request of some minutes once: each incident's part, and the background's."""

    valid: int
    bad: int
    impacts: tuple[Impact, ...]
    """In the order in which the incidents were given."""

    @property
    def background(self) -> Fraction:
        """What no incident has beyond the usual: the usual ones, in them and between them."""
        return self.bad - sum((one.excess for one in self.impacts), Fraction(0))

    @property
    def outside(self) -> Fraction:
        """Bad requests outside of every incident."""
        return self.bad - sum((one.gross for one in self.impacts), Fraction(0))

    def of(self, key: str) -> Impact:
        """One incident's. Raises KeyError."""
        for one in self.impacts:
            if one.key == key:
                return one
        raise KeyError(key)


class Burned:
    """The incidents of one objective over the minutes that were counted."""

    def __init__(
        self,
        counted: Counted,
        usual: Usual,
        events: Sequence[Event],
        *,
        cuts: Sequence[int] = (),
        dispersion: float = 1.0,
    ) -> None:
        """`cuts`: minutes to cut at besides, such as the edges of windows that are asked about."""
        self._counted = counted
        self._events = tuple(events)
        self._dispersion = dispersion
        self._parts = _divided(counted, usual, events, cuts)

    def within(self, span: Span | None = None) -> Attribution:
        """What each cost in a span between cuts, or in all that was counted."""
        span = self._counted.span if span is None else span
        valid, bad = self._counted.within(span)
        return Attribution(
            valid=valid,
            bad=bad,
            impacts=tuple(self._impact(event, span) for event in self._events),
        )

    def _impact(self, event: Event, span: Span) -> Impact:
        parts = [one for one in self._parts[event.key] if _inside(one.span, span)]
        gross = sum((one.bad for one in parts), Fraction(0))
        usual = sum((one.usual for one in parts), NOTHING)
        few, many = quantiles(usual, self._dispersion, (1 - SURE) / 2, (1 + SURE) / 2)
        met = Span(max(event.span.start, span.start), max(event.span.start, span.end))
        seen = sum(self._counted.within(one.span)[1] for one in parts)
        return Impact(
            key=event.key,
            span=Span(met.start, max(met.start, min(event.span.end, met.end))),
            valid=sum(one.valid for one in parts),
            seen=seen,
            gross=gross,
            usual=usual.bad,
            excess=sum((one.excess for one in parts), Fraction(0)),
            low=max(float(gross) - many, 0.0),
            high=max(float(gross) - few, 0.0),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stretch:
    """Minutes in which the same incidents burn."""

    span: Span
    keys: tuple[str, ...]
    valid: int
    bad: int
    usual: Expected

    @property
    def excess(self) -> Fraction:
        return max(self.bad - self.usual.bad, Fraction(0))


def _divided(
    counted: Counted, usual: Usual, events: Sequence[Event], cuts: Sequence[int]
) -> dict[str, list[Part]]:
    stretches = list(_stretches(counted, usual, events, cuts))
    alone = _alone(stretches)
    divided: dict[str, list[Part]] = {event.key: [] for event in events}
    for one in stretches:
        for key, share in _shares(one, alone).items():
            part = Part(
                span=one.span,
                valid=one.valid,
                bad=one.bad * share,
                usual=one.usual.times(share),
                excess=one.excess * share,
            )
            divided[key].append(part)
    return divided


def _stretches(
    counted: Counted, usual: Usual, events: Sequence[Event], cuts: Sequence[int]
) -> list[_Stretch]:
    whole = counted.span
    edges = {edge for event in events for edge in (event.span.start, event.span.end)} | {*cuts}
    rising = sorted({whole.start, whole.end, *(edge for edge in edges if edge in whole)})
    found = list[_Stretch]()
    for start, end in pairwise(rising):
        keys = tuple(event.key for event in events if start in event.span)
        if keys:
            span = Span(start, end)
            valid, bad = counted.within(span)
            expected = usual.expected(counted, span)
            found.append(_Stretch(span=span, keys=keys, valid=valid, bad=bad, usual=expected))
    return found


def _alone(stretches: Sequence[_Stretch]) -> Mapping[str, Fraction]:
    """By incident, the share of requests beyond the usual that is bad where it burns alone."""
    valid, excess = dict[str, int](), dict[str, Fraction]()
    for one in stretches:
        if len(one.keys) == 1:
            (key,) = one.keys
            valid[key] = valid.get(key, 0) + one.valid
            excess[key] = excess.get(key, Fraction(0)) + one.excess
    return {key: excess[key] / count for key, count in valid.items() if count}


def _shares(stretch: _Stretch, alone: Mapping[str, Fraction]) -> Mapping[str, Fraction]:
    """Each incident's share of a stretch; they add up to 1.

    One that burns alone elsewhere costs here what it costs there, as far as there is so much; those
    that never do share what is left.
    """
    keys = stretch.keys
    claims = {key: alone[key] * stretch.valid for key in keys if key in alone}
    claimed, excess = sum(claims.values(), Fraction(0)), stretch.excess
    rest = [key for key in keys if key not in claims]
    if not excess or (not rest and not claimed):
        return dict.fromkeys(keys, Fraction(1, len(keys)))
    scale = excess if rest and claimed < excess else claimed
    shares = {key: claim / scale if scale else Fraction(0) for key, claim in claims.items()}
    left = 1 - sum(shares.values(), Fraction(0))
    return shares | {key: left / len(rest) for key in rest}


def _inside(part: Span, span: Span) -> bool:
    return span.start <= part.start and part.end <= span.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Requests that usually come and did not."""

    expected: float
    came: int
    likely: float
    low: float
    """Above 0 where more is missing than a forecast is usually off by."""
    high: float

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as printed."""
        return {
            "expected": self.expected,
            "came": self.came,
            "lost": self.likely,
            "interval": [self.low, self.high],
        }


def lost(expected: float, came: int, error: float) -> Lost | None:
    """Demand that was lost; `error` is the share that forecasts of such a time miss by, on average.

    None where nothing is known of what usually comes.
    """
    if expected <= 0:
        return None
    # 2.06 mean errors hold nine of ten outcomes; requests scatter around their mean besides.
    slack = ((2.06 * error * expected) ** 2 + 1.645**2 * expected) ** 0.5
    return Lost(
        expected=expected,
        came=came,
        likely=max(expected - came, 0.0),
        low=max(expected - slack - came, 0.0),
        high=max(expected + slack - came, 0.0),
    )
