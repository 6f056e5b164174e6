"""What kind of trouble was it, which earlier one is like it, and what work would pay most?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, Self

from errorbudget.burn.attribution import Finding
from errorbudget.burn.concentration import Concentration
from errorbudget.burn.correlation import Coincidence
from errorbudget.burn.first_move import is_flood, slice_words
from errorbudget.burn.log_patterns import Pattern as LogPattern

ALIKE: Final = 0.3
"""The share of what two have in common from which one is like the other."""
_LOGS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What is told of an incident to know it again."""

    cause: str
    """change, flood, silence, slice or unknown."""
    place: str
    """The slice, the tenant or the service that it is about; empty where nothing stands out."""
    marks: frozenset[str]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as kept."""
        return {"cause": self.cause, "place": self.place, "marks": sorted(self.marks)}

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Self:
        """The same from such values."""
        return cls(cause=told["cause"], place=told["place"], marks=frozenset(told["marks"]))


def kind(
    *,
    valid: int,
    lost: bool,
    where: Sequence[Finding],
    who: Concentration,
    changes: Sequence[Coincidence],
    logs: Sequence[LogPattern],
) -> Kind:
    """The kind of an incident by what is known of it; `lost`: much demand never came."""
    fitting = next((one.change for one in changes if one.fits), None)
    slices = [slice_words(one) for one in where]
    wrote = _of_requests(logs, changed=fitting is not None)
    marks = {f"where {one}" for one in slices} | {f"log {one.template}" for one in wrote[:_LOGS]}
    if is_flood(who):
        cause, place = "flood", who.top_tenant or ""
    elif fitting is not None:
        cause, place = "change", fitting.service
    elif not valid or (lost and not where):
        cause, place = "silence", ""
    elif slices:
        cause, place = "slice", slices[0]
    else:
        cause, place = "unknown", ""
    marks |= {f"cause {cause}"} | ({f"tenant {who.top_tenant}"} if cause == "flood" else set())
    return Kind(cause=cause, place=place, marks=frozenset(marks))


def _of_requests(logs: Sequence[LogPattern], *, changed: bool) -> Sequence[LogPattern]:
    """What requests wrote: every deploy writes that it starts, whatever then goes wrong.

    Where no line names its request the two cannot be told apart: after a change none counts.
    """
    named = [one for one in logs if one.trace_ids]
    return named if named or changed else logs


def likeness(one: Kind, other: Kind) -> float:
    """How much two have in common, from 0 to 1 (Jaccard's index); half at least of one cause.

    That is the same slice, the same tenant, changes of the same service, or that nothing came.
    """
    alike = len(one.marks & other.marks) / len(one.marks | other.marks)
    if one.cause == other.cause == "silence" or (
        one.place and (one.cause, one.place) == (other.cause, other.place)
    ):
        return max(alike, 0.5)
    told = {mark for mark in one.marks & other.marks if not mark.startswith("cause ")}
    return alike if told else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Part of an account: what went, and what is known of why."""

    cost: Fraction
    """Bad requests."""
    kind: Kind | None
    """None: nobody looked into it."""
    what: str
    """The incident, the change or the background it is of."""
    postmortem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Something that would have kept part of the budget."""

    fix: str
    cost: Fraction
    """Bad requests that went on what it fixes."""
    of: tuple[str, ...]
    """What it would have kept small."""

    def as_dict(self, allowed: Fraction) -> dict[str, Any]:
        """Plain values, as printed."""
        return {
            "fix": self.fix,
            "cost": float(self.cost),
            "share": float(self.cost / allowed) if allowed else None,
            "of": list(self.of),
        }


def ranked(spent: Iterable[Spent], service: str) -> list[Work]:
    """Reliability work by the budget that went on what it fixes, the most first."""
    by_fix = dict[str, list[Spent]]()
    for one in spent:
        if one.cost > 0:
            by_fix.setdefault(_fix(one, service), []).append(one)
    found = [
        Work(
            fix=fix,
            cost=sum((one.cost for one in some), Fraction(0)),
            of=tuple(dict.fromkeys(one.what for one in some)),
        )
        for fix, some in by_fix.items()
    ]
    return sorted(found, key=lambda one: -one.cost)


def _fix(one: Spent, service: str) -> str:
    if one.kind is None:
        return f"find out about {one.what}: nobody has looked into it"
    place = one.kind.place
    return {
        "change": f"catch bad changes of {place} before everybody has them:"
        " a canary, and a rollback by itself",
        "flood": f"limit tenants that flood {service}, or scale for them",
        "silence": f"give {service} a second way in, and a probe from outside",
        "slice": f"let {place} fail on its own: a timeout, a fallback",
        "background": "look at what always fails, incident or not",
    }.get(one.kind.cause, f"find out about {one.what}: nothing stood out")


BACKGROUND: Final = Kind(cause="background", place="", marks=frozenset())
DEPLOYS: Final = frozenset({"cause change"})


def of_change(service: str) -> Kind:
    """The kind of what a change cost, where that is all that is known."""
    return Kind(cause="change", place=service, marks=DEPLOYS)
