"""Which decisions of a quarter were right, what did approvals cost, what shipped past the gate?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from errorbudget.policy.hindsight import Kind, Statement, Verdict
from errorbudget.review.wording import stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a change took of one objective's budget."""

    objective: str
    bad: int
    share: float | None
    """Of what the quarter allowed until now."""

    def as_dict(self) -> dict[str, Any]:
        """The cost as JSON has it."""
        return {"objective": self.objective, "bad": self.bad, "share": self.share}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ship:
    """A change that altered production, and what is known of it now."""

    change: str
    service: str
    version: str
    started: int
    permitted: bool | None
    """None where the gate was never asked."""
    entry: int | None
    verdict: Verdict
    costs: tuple[Cost, ...]
    """By objective, those above nothing."""

    def as_dict(self) -> dict[str, Any]:
        """The change as JSON has it."""
        return {
            "change": self.change,
            "service": self.service,
            "version": self.version,
            "started": stamp(self.started),
            "permitted": self.permitted,
            "entry": self.entry,
            "verdict": self.verdict.value,
            "costs": [one.as_dict() for one in self.costs],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """A change that people spent budget on."""

    change: str
    by: tuple[str, ...]
    """Who, each with the reason."""
    entries: tuple[int, ...]
    expected: float | None
    """The share of the budget that it was said to cost; None where nobody said."""
    shipped: bool
    costs: tuple[Cost, ...]

    def as_dict(self) -> dict[str, Any]:
        """The approval as JSON has it."""
        return {
            "change": self.change,
            "by": list(self.by),
            "entries": list(self.entries),
            "expected": self.expected,
            "shipped": self.shipped,
            "costs": [one.as_dict() for one in self.costs],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What was asked of the gate in a quarter, and what became of it."""

    asked: int
    """Decisions in the trail; the same question asked again is one."""
    outcomes: Mapping[str, int]
    ships: tuple[Ship, ...]
    approvals: tuple[Approved, ...]
    held: tuple[str, ...]
    """Changes that were refused and never shipped: nobody knows what they would have cost."""
    gated_from: int | None
    """The minute since which a policy was in force for the gate to go by; None: there was none."""

    def of(self, verdict: Verdict) -> tuple[Ship, ...]:
        """The changes that were decided so."""
        return tuple(one for one in self.ships if one.verdict is verdict)

    @property
    def ungated(self) -> tuple[Ship, ...]:
        """What shipped without a permit; nothing where there was no gate to pass."""
        since = self.gated_from
        return tuple(
            one
            for one in self.ships
            if since is not None and since <= one.started and not one.permitted
        )

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON has it."""
        return {
            "asked": self.asked,
            "outcomes": dict(self.outcomes),
            "shipped": len(self.ships),
            "hindsight": {one.value: len(self.of(one)) for one in Verdict},
            "costly": [one.as_dict() for one in self.of(Verdict.COSTLY)],
            "too_strict": [one.as_dict() for one in self.of(Verdict.TOO_STRICT)],
            "approvals": [one.as_dict() for one in self.approvals],
            "held": list(self.held),
            "ungated": [one.as_dict() for one in self.ungated],
            "gated_from": None if self.gated_from is None else stamp(self.gated_from),
        }


def costs(
    change: str, statements: Mapping[str, Statement], allowed: Mapping[str, Any]
) -> list[Cost]:
    """What a change took, by objective; `allowed` are the bad requests that each may have."""
    return [
        Cost(
            objective=objective,
            bad=line.bad,
            share=float(line.bad / allowed[objective]) if allowed[objective] else None,
        )
        for objective, told in statements.items()
        for line in told.lines
        if line.kind is Kind.CHANGE and line.change == change and line.bad
    ]


def overall(verdicts: Sequence[Verdict], *, permitted: bool | None) -> Verdict:
    """One verdict of a change that several objectives were judged by: it burned if any burned."""
    judged = [one for one in verdicts if one is not Verdict.UNKNOWN]
    if permitted is None or not judged:
        return Verdict.UNKNOWN
    if permitted:
        return Verdict.COSTLY if Verdict.COSTLY in judged else Verdict.RIGHT
    return Verdict.RIGHT if Verdict.RIGHT in judged else Verdict.TOO_STRICT
