"""When might a usual change not ship, for how long, and when was a budget spent?

Budgets are looked at again as they stood at moments one step apart, so everything here is told to
the step.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from typing import Any, Final

from errorbudget.ledger.tally import DAY
from errorbudget.ledger.window import Span
from errorbudget.objective.document import RiskClass
from errorbudget.review.wording import stamp

USUAL: Final = RiskClass.NORMAL
"""The class of change that a freeze holds up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A document's budgets as they stood at a minute."""

    minute: int
    permits: frozenset[RiskClass]
    unknown: bool
    """Whether it was for want of knowledge that the rest was not permitted."""
    remaining: Fraction | None
    """Of the worst budget; None where none was known."""
    objective: str
    """Whose that is."""

    @property
    def frozen(self) -> bool:
        """Whether a usual change was held up."""
        return USUAL not in self.permits

    @property
    def spent(self) -> bool:
        """Whether the worst budget was used up."""
        return self.remaining is not None and self.remaining <= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """A time in which a usual change might not ship without an approval."""

    span: Span
    permits: frozenset[RiskClass]
    """What might ship throughout."""
    objective: str
    lowest: Fraction | None
    unknown: bool
    """Whether nobody knew the budget, all the time."""

    @property
    def days(self) -> Fraction:
        """How long it was."""
        return Fraction(len(self.span), DAY)

    def as_dict(self) -> dict[str, Any]:
        """The freeze as JSON has it."""
        return {
            "from": stamp(self.span.start),
            "to": stamp(self.span.end),
            "days": round(float(self.days), 2),
            "permits": [one.value for one in RiskClass if one in self.permits],
            "objective": self.objective,
            "lowest": None if self.lowest is None else float(self.lowest),
            "unknown": self.unknown,
        }


def freezes(seen: Sequence[Seen], step: int, end: int) -> list[Freeze]:
    """The freezes of moments `step` minutes apart, each holding until the next, at most to `end`.

    Times of want of knowledge are freezes of their own, beside those of a budget that was low.
    """
    return list(_runs(seen, step, end))


def _runs(seen: Sequence[Seen], step: int, end: int) -> Iterator[Freeze]:
    for (frozen, unknown), run in groupby(seen, key=lambda one: (one.frozen, one.unknown)):
        if not frozen:
            continue
        moments = list(run)
        known = [one for one in moments if one.remaining is not None]
        worst = min(known, key=lambda one: one.remaining or 0, default=moments[0])
        yield Freeze(
            span=Span(moments[0].minute, min(moments[-1].minute + step, end)),
            permits=frozenset.intersection(*(one.permits for one in moments)),
            objective=worst.objective,
            lowest=worst.remaining,
            unknown=unknown,
        )


def first_spent(seen: Sequence[Seen]) -> Seen | None:
    """The first moment at which the worst budget was used up."""
    return next((one for one in seen if one.spent), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """How often, and how long, one way to keep accounts held up usual changes."""

    freezes: tuple[Freeze, ...]

    @property
    def spent(self) -> tuple[Freeze, ...]:
        """Those of a budget that was low; the others are of one that nobody knew."""
        return tuple(one for one in self.freezes if not one.unknown)

    @property
    def days(self) -> Fraction:
        """Days of all of those together."""
        return sum((one.days for one in self.spent), Fraction(0))

    @property
    def unknown_days(self) -> Fraction:
        """Days in which nobody knew."""
        return sum((one.days for one in self.freezes if one.unknown), Fraction(0))

    @property
    def words(self) -> str:
        """As in `2 freezes of 9 and 4 days`."""
        lengths = sorted((one.days for one in self.spent), reverse=True)
        if not lengths:
            return "no freeze"
        shown = [f"{float(days):.3g}" for days in lengths]
        alike = len(set(shown)) == 1
        listed = shown[0] if alike else f"{', '.join(shown[:-1])} and {shown[-1]}"
        if len(shown) > 4:
            listed = f"{shown[-1]} to {shown[0]}"
        noun = "freeze" if len(lengths) == 1 else "freezes"
        unit = "day" if set(shown) == {"1"} else "days"
        return f"{len(lengths)} {noun} of {listed} {unit}"

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON has it."""
        return {
            "count": len(self.spent),
            "days": round(float(self.days), 2),
            "unknown_days": round(float(self.unknown_days), 2),
            "words": self.words,
            "spans": [one.as_dict() for one in self.freezes],
        }
