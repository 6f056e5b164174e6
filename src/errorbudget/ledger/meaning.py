"""How much can a share of so few allowed bad requests mean, and what would make it mean more?

With ten allowed, a service that spends exactly its budget shows half to one and a half of it; with
three, a third to twice as much. Below one there is no budget: the first failure overspends it.
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import ceil
from typing import Any, Final

from errorbudget.ledger.tally import DAY
from errorbudget.ledger.window import Calendar, Rolling, Window
from errorbudget.objective.notation import as_percent

ENOUGH: Final = 10
"""Allowed bad requests from which a share of them means something."""
_LOOSEST: Final = Fraction(1, 10)
_LONGEST: Final = 366 * DAY
_WEEK: Final = 7 * DAY
_UNITS: Final = {"month": 30 * DAY, "quarter": 91 * DAY, "year": 365 * DAY}


class Meaning(StrEnum):
    """What a share of so few allowed bad requests can mean: ≥ 10, 3–10, 1–3, < 1 of them."""

    NORMAL = "normal"
    COARSE = "coarse"
    EVENTS = "events"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """How many requests a budget stands on; only of one that allows fewer than ten bad ones."""

    meaningful: Meaning
    bad: int
    allowance: Fraction
    window: Window
    requests: int
    """Those of the whole window, the expected ones among them."""
    minutes: int
    """The minutes that they come in."""

    @property
    def allowed(self) -> Fraction:
        """Bad requests allowed in the whole window."""
        return self.allowance * self.requests

    @property
    def needs(self) -> int:
        """Requests in a window from which this target allows ten bad ones."""
        return ceil(ENOUGH / self.allowance)

    @property
    def wider(self) -> Window | None:
        """The shortest window of whole weeks, or the next calendar unit, with enough requests."""
        needed = self.needs * max(self.minutes, 1)
        if isinstance(self.window, Rolling):
            weeks = ceil(Fraction(needed, self.requests * _WEEK))
            longer = Rolling(weeks * _WEEK)
            return longer if self.window.minutes < longer.minutes <= _LONGEST else None
        for unit, minutes in _UNITS.items():
            if minutes > _UNITS[self.window.unit] and self.requests * minutes >= needed:
                return Calendar(unit, self.window.timezone)  # pyright: ignore[reportArgumentType]
        return None

    @property
    def fills(self) -> bool:
        """Whether the window has enough at this rate, once it is full."""
        length = self.window.minutes if isinstance(self.window, Rolling) else self.minutes
        return self.requests * length >= self.needs * max(self.minutes, 1)

    @property
    def looser(self) -> Fraction | None:
        """The tightest target of 1, 2 or 5 in ten, a hundred, … that would have enough."""
        least = Fraction(ENOUGH, self.requests)
        grid = (Fraction(step, 10**power) for power in range(9, 0, -1) for step in (1, 2, 5))
        wide = next((share for share in grid if share >= least), None)
        return None if wide is None or wide > _LOOSEST else 1 - wide

    @property
    def words(self) -> str:
        """What to look at instead of the share."""
        counts = f"{self.bad:,} of {amount(self.allowed)} allowed failures"
        if self.meaningful is Meaning.COARSE:
            return f"coarse: {counts}"
        if self.meaningful is Meaning.EVENTS:
            return f"look at each failure: {counts}"
        return f"too small to mean anything: {counts}"

    @property
    def advice(self) -> str:
        """What it would take to mean something."""
        target, needs, has = as_percent(1 - self.allowance), self.needs, self.requests
        head = f"{target} {_over(self.window)} needs {needs:,} requests to allow {ENOUGH} failures"
        if self.fills:
            return f"{head}; at this rate it will have them once the window is full: wait."
        ways = [f"a pool with services that bring {needs - has:,} more"]
        if self.wider:
            ways.insert(0, f"a window of {_named(self.wider)}")
        if self.looser:
            ways.append(f"a target of {as_percent(self.looser)}")
        return f"{head}; this service has {has:,}. It would mean something with {_or(ways)}."

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "words": self.words,
            "advice": self.advice,
            "needs": self.needs,
            "has": self.requests,
            "window": _named(self.wider) if self.wider else None,
            "target": as_percent(self.looser) if self.looser else None,
        }


def amount(allowed: Fraction) -> str:
    """Allowed bad requests for people: never more than there are, to a hundredth below ten."""
    if allowed >= ENOUGH:
        return f"{int(allowed):,}"
    return f"{int(allowed * 100) / 100:g}"


def _over(window: Window) -> str:
    return f"over {_named(window)}"


def _named(window: Window) -> str:
    if isinstance(window, Calendar):
        return f"a {window.unit}"
    days, rest = divmod(window.minutes, DAY)
    if rest:
        return f"{window.minutes / 60:g} hours"
    return "a day" if days == 1 else f"{days} days"


def _or(ways: list[str]) -> str:
    return ways[0] if len(ways) == 1 else f"{', '.join(ways[:-1])} or {ways[-1]}"
