"""How many operations failed, over services that each saw a part of them?

Where requests carry ids, each operation is known to be good or bad. Where they do not, what can be
said lies between two bounds: that all failures fell on the same operations, or each on another.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from errorbudget.ledger.budget import Budget, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Requests of one service that operations led to, in the operations' window."""

    valid: int
    bad: int
    nameless: int
    """Bad ones without an id: nobody knows which operation they belong to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """Operations of a window."""

    operations: int
    bad: int
    """Those known to have failed, here or at a service they led to."""
    nameless: int
    """Those without an id that were good here: nothing elsewhere can be joined to them."""
    joins: Mapping[str, Joined]

    @property
    def low(self) -> int:
        """At least so many failed: the failures without an id fell on the same operations.

        That supposes that a service is asked as often by one operation as by another, and by
        these operations only.
        """
        shares = (_share(one, self.operations) for one in self.joins.values())
        return max((self.bad, *shares))

    @property
    def high(self) -> int:
        """At most so many failed: each failure that cannot be placed fell on another operation."""
        unplaced = sum(one.nameless for one in self.joins.values())
        placeable = sum(one.bad - one.nameless for one in self.joins.values())
        return min(self.operations, self.bad + unplaced + min(self.nameless, placeable))

    def state(self, budget: Budget) -> State:
        """What may be said of the budget; where the bounds disagree, nothing is known."""
        if budget.allowed is None or budget.state is not State.HEALTHY:
            return budget.state
        if self.low >= budget.allowed:
            return State.SPENT
        return State.UNKNOWN if self.high >= budget.allowed else budget.state

    def left(self, budget: Budget) -> tuple[Fraction, Fraction] | None:
        """The least and the most that may be left of the budget; None without data."""
        if not budget.allowed:
            return None
        return 1 - self.high / budget.allowed, 1 - self.low / budget.allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is known of a composite, for people."""

    of: str
    objectives: Mapping[str, str]
    """By service."""
    found: Composed
    missing: tuple[str, ...] = ()
    """What it is joined with that nobody promises: then nothing is known."""

    @property
    def words(self) -> str:
        """Why the number of failed operations is not known exactly; empty where it is."""
        found = self.found
        if self.missing:
            return f"nobody promises {' or '.join(self.missing)}"
        if found.low == found.high:
            return ""
        why = [
            f"{one.nameless:,} bad requests of {service}"
            for service, one in found.joins.items()
            if one.nameless
        ]
        if found.nameless and any(one.bad > one.nameless for one in found.joins.values()):
            why.append(f"{found.nameless:,} operations")
        bounds = f"{found.low:,} to {found.high:,} of {found.operations:,} operations failed"
        return f"{bounds}: {' and '.join(why)} carry no id"

    def judged(self, budget: Budget) -> Budget:
        """The budget of the operations, as far as the bounds let it be known."""
        return replace(budget, state=self.found.state(budget))

    def as_dict(self, budget: Budget) -> dict[str, Any]:
        """As JSON has it."""
        found, left = self.found, self.found.left(budget)
        return {
            "of": self.of,
            "joins": [
                {
                    "service": service,
                    "objective": self.objectives[service],
                    "valid": one.valid,
                    "bad": one.bad,
                    "without_id": one.nameless,
                }
                for service, one in found.joins.items()
            ],
            "missing": list(self.missing),
            "without_id": found.nameless,
            "bad": [found.low, found.high],
            "remaining": [float(one) for one in left] if left else None,
            "words": self.words,
        }


def _share(one: Joined, operations: int) -> int:
    asked = max(one.valid, operations)
    return -(-one.nameless * operations // asked) if asked else 0
