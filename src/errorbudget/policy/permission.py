"""What may still ship, given what is left and how well that is known? The permission slip."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from math import floor
from typing import Any, Final, Protocol

from errorbudget.objective.document import Band, Policy, RiskClass

FEW: Final = 30
"""While a budget allows fewer bad requests, the lower end of what may be left decides."""
TOO_FEW: Final = 3
"""Where a share means little, fewer bad requests than so many block nothing."""


class Gauge(Protocol):
    """What is read off one objective's budget."""

    @property
    def remaining(self) -> Fraction | None:
        """The share left: 1 untouched, below 0 overspent, None without data."""
        ...

    @property
    def remaining_low(self) -> Fraction | None:
        """What is left if fewer requests come than expected."""
        ...

    @property
    def bad(self) -> int:
        """The bad requests so far."""
        ...

    @property
    def allowed(self) -> Fraction | None:
        """The bad requests allowed in the whole window; None without data."""
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


@dataclass(frozen=True, slots=True)
class Return:
    """What will be left at a moment to come, when nothing more goes wrong."""

    at: datetime
    remaining: Fraction
    anew: bool = False
    """Whether a window begins anew, rather than bad requests leaving it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What is known of an objective beside its budget."""

    alert: str = "none"
    """Where its burn alert stands."""
    place: int | None = None
    """The band it was in when it was last looked at under the same policy; 0 is the highest."""
    returns: tuple[Return, ...] = ()
    """In order of time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """One objective's budget as a decision found it."""

    objective: str
    remaining: Fraction | None
    low: Fraction | None
    bad: int
    allowed: Fraction | None
    state: str
    meaningful: str
    volume: str
    coverage: Fraction | None
    as_of: datetime | None
    beside: Beside = Beside()

    @classmethod
    def of(cls, objective: str, gauge: Gauge, beside: Beside) -> "Considered":
        """A copy of what the gauge says now."""
        return cls(
            objective=objective,
            remaining=gauge.remaining,
            low=gauge.remaining_low,
            bad=gauge.bad,
            allowed=gauge.allowed,
            state=str(gauge.state),
            meaningful=str(gauge.meaningful),
            volume=gauge.volume,
            coverage=gauge.coverage,
            as_of=gauge.as_of,
            beside=beside,
        )

    @property
    def decisive(self) -> Fraction:
        """The share that the bands look at: the lower end while few bad requests are allowed."""
        few = self.allowed is not None and self.allowed < FEW
        share = self.low if few and self.low is not None else self.remaining
        return share or Fraction(0)

    @property
    def is_small(self) -> bool:
        """Whether so few bad requests are allowed that counts say more than a share does."""
        return self.meaningful != "normal"

    def as_dict(self) -> dict[str, Any]:
        """The budget as JSON has it."""
        return {
            "objective": self.objective,
            "remaining": None if self.remaining is None else float(self.remaining),
            "state": self.state,
            "meaningful": self.meaningful,
            "coverage": None if self.coverage is None else float(self.coverage),
            "as_of": None if self.as_of is None else _stamp(self.as_of),
            "bad": self.bad,
            "allowed": None if self.allowed is None else float(self.allowed),
            "alert": self.beside.alert,
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


def considered(
    budgets: Mapping[str, Gauge], beside: Mapping[str, Beside] | None = None
) -> tuple[Considered, ...]:
    """The budgets of a document's objectives, by name."""
    return tuple(
        Considered.of(objective, gauge, (beside or {}).get(objective, Beside()))
        for objective, gauge in budgets.items()
    )


def limits(policy: Policy, budgets: Sequence[Considered], now: datetime) -> tuple[Limit, ...]:
    """What must all permit a change: what is not known, and the band of the worst budget."""
    unknown = [budget for budget in budgets if is_unknown(budget)]
    known = [budget for budget in budgets if not is_unknown(budget)]
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


def is_unknown(budget: Considered) -> bool:
    """Whether nothing may be concluded from a budget."""
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
    number, worst = max(
        ((_counting(policy, budget, now), budget) for budget in known),
        key=lambda placed: (placed[0], -placed[1].decisive),
    )
    band = policy.bands[number]
    return Limit(
        ground=Ground.BAND,
        band="above -inf" if band.above is None else f"above {percent(band.above)}",
        allow=band.allow,
        words=_left(policy, worst, now, alone=len(known) == 1),
    )


def place(policy: Policy, budget: Considered) -> int:
    """The band that a budget is in: the one it is strictly above, 0 being the highest.

    A band above the last known one is regained only by as much as the policy's hysteresis.
    """
    if budget.is_small and budget.bad < TOO_FEW:
        return 0
    before = budget.beside.place
    for number, band in enumerate(policy.bands):
        regained = before is not None and number < before
        if _reaches(budget.decisive, band, policy.hysteresis if regained else Fraction(0)):
            return number
    return len(policy.bands) - 1


def _counting(policy: Policy, budget: Considered, now: datetime) -> int:
    """The band that counts for a budget: its own, or one lower for each reason to be careful."""
    lower = _is_stale(policy, budget, now) + _is_on_fire(policy, budget)
    return min(place(policy, budget) + lower, len(policy.bands) - 1)


def _is_on_fire(policy: Policy, budget: Considered) -> bool:
    return policy.active_fire == "one_band_lower" and budget.beside.alert == "fire"


def _reaches(left: Fraction, band: Band, more: Fraction) -> bool:
    return band.above is None or left > band.above + more


def _left(policy: Policy, budget: Considered, now: datetime, *, alone: bool) -> str:
    words = _share(policy, budget, alone=alone)
    cautions: list[str] = []
    if _is_stale(policy, budget, now):
        upto = _stamp(budget.as_of) if budget.as_of else "an unknown moment"
        cautions.append(f"known only up to {upto}")
    if _is_on_fire(policy, budget):
        cautions.append("burning fast right now")
    if cautions:
        words += f", {' and '.join(cautions)}, so the next lower band counts"
    elif place(policy, budget) > place(policy, replace(budget, beside=Beside())):
        words += f", not yet {percent(policy.hysteresis)} above the edge it fell below"
    return words


def _share(policy: Policy, budget: Considered, *, alone: bool) -> str:
    share = budget.decisive
    edges = [Fraction(0), *(band.above for band in policy.bands if band.above is not None)]
    of = "" if alone else f" of {budget.objective}"
    volume = f" ({budget.volume})" if budget.volume else ""
    if budget.is_small and budget.bad < TOO_FEW:
        return f"with {budget.bad or 'nothing'} bad{of}, too few to block on{volume}"
    at_least = "at least " if share != budget.remaining else ""
    if share < 0:
        whose = "the budget" if alone else budget.objective
        return f"with {whose} overspent by {percent(share).removeprefix('-')}{volume}"
    return f"with {at_least}{percent(share, *edges)}{of} left{volume}"


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
