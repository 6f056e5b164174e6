"""Was a promise over several services kept in a quarter? As surely as its operations are known."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from errorbudget.ledger.composite import Told
from errorbudget.objective.document import Composite
from errorbudget.review.keeping import ENOUGH, Verdict
from errorbudget.review.wording import clean, exact, share


@dataclass(frozen=True, slots=True, kw_only=True)
class CompositeKept:
    """One composite's operations of one quarter, against its target."""

    name: str
    promise: Composite
    told: Told
    minutes: int
    """Minutes of the quarter since the first operation, without those left out."""
    minutes_alive: int
    """Those of them in which every service of it could be seen."""

    @property
    def allowed(self) -> Fraction:
        """Operations that may fail, of those that began."""
        return self.promise.target.allowance * self.told.found.operations

    @property
    def coverage(self) -> Fraction | None:
        """The share of minutes that were seen; None where there were none to see."""
        return Fraction(self.minutes_alive, self.minutes) if self.minutes > 0 else None

    @property
    def verdict(self) -> Verdict:
        """Unknown where the bounds of what failed lie on both sides of what is allowed."""
        found = self.told.found
        seen = found.operations and (self.coverage or 0) >= ENOUGH and not self.told.missing
        if seen and found.high <= self.allowed:
            return Verdict.KEPT
        return Verdict.MISSED if seen and found.low > self.allowed else Verdict.UNKNOWN

    @property
    def sentence(self) -> str:
        """What became of it."""
        name, found = f"{self.name} {self.promise.target}", self.told.found
        if self.told.missing:
            return f"{name}: unknown; {self.told.words}."
        if not found.operations:
            return f"{name}: unknown; no operation began, and no data is not kept."
        exactly = found.low == found.high
        bad = f"{found.low:,}" if exactly else f"{found.low:,} to {found.high:,}"
        good = exact(1 - Fraction(found.high, found.operations))
        counts = (
            f"{bad} of {found.operations:,} operations failed, {float(self.allowed):,.1f} may;"
            f" {'' if exactly else 'at least '}{good} were good"
        )
        why = "" if exactly else f" Not all can be joined: {clean(self.told.words)}."
        if (self.coverage or 0) < ENOUGH:
            return (
                f"{name}: unknown; only {share(self.coverage)} of the quarter was seen of all its"
                f" services. Of that: {counts}.{why}"
            )
        return f"{name}: {self.verdict.value}; {counts}.{why}"

    def as_dict(self, last: "CompositeKept | None") -> dict[str, Any]:
        """The composite as JSON has it, beside the last quarter where there was one."""
        found = self.told.found
        return {
            "composite": self.name,
            "description": self.promise.description,
            "target": str(self.promise.target),
            "of": self.told.of,
            "joins": dict(self.told.objectives),
            "missing": list(self.told.missing),
            "verdict": self.verdict.value,
            "operations": found.operations,
            "bad": [found.low, found.high],
            "allowed": float(self.allowed),
            "used": self.used,
            "coverage": None if self.coverage is None else float(self.coverage),
            "last": None
            if last is None or not last.told.found.operations
            else {"verdict": last.verdict.value, "used": last.used},
            "sentence": self.sentence,
        }

    @property
    def used(self) -> list[float] | None:
        """The least and the most of the budget that was used; None where nothing is known."""
        found = self.told.found
        if not self.allowed:
            return None
        return [float(found.low / self.allowed), float(found.high / self.allowed)]
