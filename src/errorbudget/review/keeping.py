"""Was an objective kept in a quarter? Kept, missed, or nobody knows."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final

ENOUGH: Final = Fraction(9, 10)
"""The share of the quarter's minutes that must have been seen, as for a budget that is known."""


class Verdict(StrEnum):
    """What became of a promise."""

    KEPT = "kept"
    MISSED = "missed"
    UNKNOWN = "unknown"
    """No request, or too much of the time was not seen: that is not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One objective's requests of one quarter, against its target."""

    allowance: Fraction
    valid: int
    bad: int
    minutes: int
    """Minutes of the quarter since the first request, without those left out."""
    minutes_alive: int
    """Those of them that the source was alive."""
    over: bool
    """Whether the quarter is over; until then it may still be missed."""

    @property
    def allowed(self) -> Fraction:
        """Bad requests allowed for what was requested."""
        return self.allowance * self.valid

    @property
    def used(self) -> Fraction | None:
        """The share of those that was used; None where nothing was requested."""
        return self.bad / self.allowed if self.valid else None

    @property
    def good(self) -> Fraction | None:
        """The share of requests that was good."""
        return 1 - Fraction(self.bad, self.valid) if self.valid else None

    @property
    def coverage(self) -> Fraction | None:
        """The share of minutes that were seen; None where there were none to see."""
        return Fraction(self.minutes_alive, self.minutes) if self.minutes > 0 else None

    @property
    def verdict(self) -> Verdict:
        """Compared on integers; a quarter with gaps is unknown, whatever was seen of it."""
        if not self.valid or (self.coverage or 0) < ENOUGH:
            return Verdict.UNKNOWN
        kept = self.bad * self.allowance.denominator <= self.allowance.numerator * self.valid
        return Verdict.KEPT if kept else Verdict.MISSED

    def as_dict(self) -> dict[str, Any]:
        """The verdict and what it stands on, as JSON has it."""
        return {
            "verdict": self.verdict.value,
            "valid": self.valid,
            "bad": self.bad,
            "allowed": float(self.allowed),
            "used": None if self.used is None else float(self.used),
            "good": None if self.good is None else float(self.good),
            "coverage": None if self.coverage is None else float(self.coverage),
            "minutes": {"seen": self.minutes_alive, "of": self.minutes},
        }
