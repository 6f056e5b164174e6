"""Did people do otherwise once the budget was spent? The same length of time before and after."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from errorbudget.ledger.tally import DAY
from errorbudget.ledger.window import Span
from errorbudget.review.wording import stamp, times

LEAST: Final = 7 * DAY
"""Minutes on either side below which nothing can be compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What happened in a span."""

    span: Span
    deploys: int
    approvals: int
    incidents: int
    valid: int
    bad: int

    @property
    def days(self) -> float:
        """How long it was."""
        return len(self.span) / DAY

    def as_dict(self) -> dict[str, Any]:
        """The side as JSON has it."""
        return {
            "from": stamp(self.span.start),
            "to": stamp(self.span.end),
            "deploys": self.deploys,
            "approvals": self.approvals,
            "incidents": self.incidents,
            "valid": self.valid,
            "bad": self.bad,
            "bad_share": float(Fraction(self.bad, self.valid)) if self.valid else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """Before and after a budget was spent, or first held a change up."""

    spent: bool
    enforced: bool
    """Whether a policy could hold changes up at all."""
    before: Side
    after: Side

    @property
    def sentence(self) -> str:
        """What changed, in words."""
        held = "first held changes up" if self.enforced else "would first have held changes up"
        what = "was spent" if self.spent else held
        rates = [side.deploys / side.days * 7 for side in (self.before, self.after)]
        way = _way(*rates)
        return (
            f"After the budget {what} on {stamp(self.after.span.start)[:10]}, deploys {way}"
            f" ({rates[0]:.1f} a week before, {rates[1]:.1f} after), with"
            f" {self.after.approvals or 'none'} approved by people and"
            f" {times(self.after.incidents, 'incident')}"
            f" ({self.before.incidents} before, over {self.before.days:.0f} and"
            f" {self.after.days:.0f} days)."
        )

    def as_dict(self) -> dict[str, Any]:
        """Both sides as JSON has them."""
        return {
            "spent": self.spent,
            "at": stamp(self.after.span.start),
            "before": self.before.as_dict(),
            "after": self.after.as_dict(),
            "sentence": self.sentence,
        }


def sides(quarter: Span, at: int) -> tuple[Span, Span] | None:
    """Spans of equal length on either side of a minute; None where they would say nothing."""
    length = min(at - quarter.start, quarter.end - at)
    if length < LEAST:
        return None
    return Span(at - length, at), Span(at, at + length)


def within(span: Span, minutes: Sequence[int]) -> int:
    """How many of these minutes lie in a span."""
    return sum(minute in span for minute in minutes)


def _way(before: float, after: float) -> str:
    if after > before * 1.25:
        return "became more frequent"
    return "became rarer" if after < before * 0.75 else "went on as before"
