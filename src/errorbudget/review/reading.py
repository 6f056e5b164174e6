"""What did a budget show in the course of a quarter, by its own window and by the calendar?"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from errorbudget.ledger.budget import debt, overspent
from errorbudget.ledger.tally import DAY
from errorbudget.ledger.window import Rolling, Span, Window
from errorbudget.postmortem.usual import Counted
from errorbudget.review.wording import stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a budget showed at a minute, beside how much of the quarter had passed."""

    minute: int
    elapsed: Fraction
    spent: Fraction | None
    """The share of what the quarter allowed until its end that was used by then."""
    left: Fraction | None
    """What was left by the objective's own window."""

    def as_dict(self) -> dict[str, Any]:
        """The reading as JSON has it."""
        return {
            "at": stamp(self.minute),
            "elapsed": float(self.elapsed),
            "spent": None if self.spent is None else float(self.spent),
            "left": None if self.left is None else float(self.left),
        }


def left(
    past: Counted, window: Window, allowance: Fraction, minute: int, until: int
) -> Fraction | None:
    """What was left of a window at a minute, by all that is known up to `until`.

    Of a calendar window it is what was left of what its requests, the later ones too, allow.
    """
    span = window.span(minute)
    valid, bad = past.within(Span(span.start, minute))
    if not valid:
        return None
    if not isinstance(window, Rolling):
        valid, _ = past.within(Span(span.start, min(span.end, until)))
    return 1 - bad / (allowance * valid - _debt(past, window, allowance, span, valid))


def _debt(past: Counted, window: Window, allowance: Fraction, span: Span, valid: int) -> Fraction:
    """What a window pays of the one before it."""
    if isinstance(window, Rolling) or not window.carry:
        return Fraction(0)
    owed = overspent(allowance, *past.within(window.before(span)))
    return debt(window, owed, allowance * valid)


def readings(
    past: Counted,
    window: Window,
    allowance: Fraction,
    quarter: Span,
    until: int,
    moments: list[int],
) -> list[Reading]:
    """The budget against the calendar at these minutes."""
    whole, _ = past.within(Span(quarter.start, until))
    return [
        Reading(
            minute=minute,
            elapsed=Fraction(minute - quarter.start, len(quarter)),
            spent=past.within(Span(quarter.start, minute))[1] / (allowance * whole)
            if whole
            else None,
            left=left(past, window, allowance, minute, until),
        )
        for minute in moments
    ]


def overspent_days(
    past: Counted, window: Window, allowance: Fraction, quarter: Span, until: int
) -> tuple[int, int]:
    """On how many days of a quarter the objective's own window was overspent, and of how many."""
    shares = [left(past, window, allowance, minute, until) for minute in _days(quarter, until)]
    known = [one for one in shares if one is not None]
    return sum(one < 0 for one in known), len(known)


def _days(quarter: Span, until: int) -> Iterator[int]:
    yield from range(quarter.start + DAY, min(quarter.end, until) + 1, DAY)
