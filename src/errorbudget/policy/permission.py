"""What may still ship, given what is left and how well that is known? The permission slip."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from math import floor
from typing import Any, Final, Protocol

from errorbudget.objective.document import Band, Policy, RiskClass


class Gauge(Protocol):
    """What is read off one objective's budget."""

    @property
    def remaining(self) -> Fraction | None:
        """The share left: 1 untouched, below 0 overspent, None without data."""
        ...

    @property
    def state(self) -> str:
        """healthy, spent, stale or unknown."""
        ...

    @property
    def meaningful(self) -> str:
        """normal, coarse, events or none: how much a share of so few requests can mean."""
        ...

    @property
    def volume(self) -> str:
        """What to look at instead of a share of so few requests; empty where there are enough."""
        ...

    @property
    def coverage(self) -> Fraction | None:
        """The share of the window for which the source was alive."""
        ...

    @property
    def as_of(self) -> datetime | None:
        """The moment up to which the source says it is complete."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """One objective's budget as a decision found it."""

    objective: str
    remaining: Fraction | None
    state: str
    meaningful: str
    volume: str
    coverage: Fraction | None
    as_of: datetime | None

    @classmethod
    def of(cls, objective: str, gauge: Gauge) -> "Considered":
        """A copy of what the gauge says now."""
        return cls(
            objective=objective,
            remaining=gauge.remaining,
            state=str(gauge.state),
            meaningful=str(gauge.meaningful),
            volume=gauge.volume,
            coverage=gauge.coverage,
            as_of=gauge.as_of,
        )

    def as_dict(self) -> dict[str, Any]:
        """The budget as JSON has it."""
        return {
            "objective": self.objective,
            "remaining": None if self.remaining is None else float(self.remaining),
            "state": self.state,
            "meaningful": self.meaningful,
            "coverage": None if self.coverage is None else float(self.coverage),
            "as_of": None if self.as_of is None else _stamp(self.as_of),
        }


class Ground(StrEnum):
    """What a limit stands on."""

    BAND = "band"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The classes that one thing known, or not known, permits."""

    ground: Ground
    band: str
    allow: frozenset[RiskClass]
    words: str
    """How it reads after `high risk …`: `with 22 % left`."""


def considered(budgets: Mapping[str, Gauge]) -> tuple[Considered, ...]:
    """The budgets of a document's objectives, by name."""
    return tuple(Considered.of(objective, gauge) for objective, gauge in budgets.items())


def limits(policy: Policy, budgets: Sequence[Considered], now: datetime) -> tuple[Limit, ...]:
    """What must all permit a change: what is not known, and the band of the worst budget."""
    unknown = [budget for budget in budgets if _is_unknown(budget)]
    known = [budget for budget in budgets if not _is_unknown(budget)]
    found: list[Limit] = []
    if unknown or not known:
        found.append(_while_unknown(policy, unknown))
    if known:
        found.append(_in_band(policy, known, now))
    return tuple(found)


def permitted(limits: Iterable[Limit]) -> tuple[RiskClass, ...]:
    """The classes that every limit permits, in the vocabulary's order."""
    limits = tuple(limits)
    return tuple(one for one in RiskClass if all(one in limit.allow for limit in limits))


def slip(classes: Iterable[RiskClass]) -> str:
    """The permission slip, one sentence: `Low-risk changes and rollbacks may ship now.`"""
    names = [words for one, words in _PLURAL.items() if one in set(classes)]
    if not names:
        return "Nothing may ship now."
    sentence = f"{joined(names, 'and')} may ship now."
    return sentence[0].upper() + sentence[1:]


def needs(policy: Policy, risk: RiskClass) -> str:
    """What would have to be left for a class: `high needs more than 50 %`."""
    bands = [band for band in policy.bands if risk in band.allow]
    edges = [band.above for band in bands if band.above is not None]
    return f"{risk} needs more than {percent(min(edges))}" if edges else f"no band permits {risk}"


def percent(share: Fraction, *edges: Fraction) -> str:
    """A share in percent, never shown larger than it is, nor on the other side of an edge."""
    digits = next(
        (d for d in range(6) if all((_cut(share, d) > e) == (share > e) for e in edges)), 6
    )
    return f"{float(_cut(share, digits) * 100):.{digits}f} %"


def _cut(share: Fraction, digits: int) -> Fraction:
    """The share, cut off after so many digits of its percentage."""
    scale = 10 ** (digits + 2)
    return Fraction(floor(share * scale), scale)


def joined(words: list[str], last: str) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)


_PLURAL: Final = {
    RiskClass.LOW: "low-risk changes",
    RiskClass.NORMAL: "normal changes",
    RiskClass.HIGH: "high-risk changes",
    RiskClass.CRITICAL: "critical fixes",
    RiskClass.ROLLBACK: "rollbacks",
}


def _is_unknown(budget: Considered) -> bool:
    return budget.remaining is None or budget.state == "unknown"


def _is_stale(policy: Policy, budget: Considered, now: datetime) -> bool:
    late = timedelta(minutes=policy.stale_after)
    return budget.state == "stale" or (budget.as_of is not None and now - budget.as_of > late)


def _while_unknown(policy: Policy, unknown: list[Considered]) -> Limit:
    names = [f"{budget.objective} ({_why_unknown(budget)})" for budget in unknown]
    whose = f"the budget of {joined(names, 'and')}" if names else "every budget"
    return Limit(
        ground=Ground.UNKNOWN,
        band="unknown",
        allow=policy.unknown.allow,
        words=f"while {whose} is unknown",
    )


def _why_unknown(budget: Considered) -> str:
    if budget.remaining is None or budget.coverage is None:
        return "no data"
    return f"its source was alive for {percent(budget.coverage)} of the window"


def _in_band(policy: Policy, known: list[Considered], now: datetime) -> Limit:
    """The band of the worst budget: the lowest, by what is left and by how late it is known."""
    place, worst = max(
        ((_place(policy, budget, now), budget) for budget in known),
        key=lambda placed: (placed[0], -(placed[1].remaining or 0)),
    )
    band = policy.bands[place]
    return Limit(
        ground=Ground.BAND,
        band="above -inf" if band.above is None else f"above {percent(band.above)}",
        allow=band.allow,
        words=_left(policy, worst, alone=len(known) == 1, stale=_is_stale(policy, worst, now)),
    )


def _place(policy: Policy, budget: Considered, now: datetime) -> int:
    """Which band counts for a budget: the one it is strictly above, or the next one when stale."""
    last = len(policy.bands) - 1
    left = budget.remaining or Fraction(0)
    place = next((n for n, band in enumerate(policy.bands) if _reaches(left, band)), last)
    return min(place + 1, last) if _is_stale(policy, budget, now) else place


def _reaches(left: Fraction, band: Band) -> bool:
    return band.above is None or left > band.above


def _left(policy: Policy, budget: Considered, *, alone: bool, stale: bool) -> str:
    share = budget.remaining or Fraction(0)
    edges = [Fraction(0), *(band.above for band in policy.bands if band.above is not None)]
    if share < 0:
        whose = "the budget" if alone else budget.objective
        words = f"with {whose} overspent by {percent(share).removeprefix('-')}"
    else:
        whose = "" if alone else f" of {budget.objective}"
        words = f"with {percent(share, *edges)}{whose} left"
    if budget.volume:
        words += f" ({budget.volume})"
    if stale:
        upto = _stamp(budget.as_of) if budget.as_of else "an unknown moment"
        words += f", known only up to {upto}, so the next lower band counts"
    return words


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
