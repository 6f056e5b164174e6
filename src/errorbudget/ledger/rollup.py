"""What do many budgets come to together? Counts add up; shares never do, so the worst one stands.

A group is as its worst budget is, and its failing requests are those of its members, each counted
once however many objectives of its service it failed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from errorbudget.ledger.budget import Budget, State
from errorbudget.ledger.tally import DAY, day_totals, unpack_day
from errorbudget.ledger.window import Span

_WORST_FIRST: Final = (State.SPENT, State.UNKNOWN, State.STALE, State.HEALTHY)
"""What is known to be spent comes before what is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One service of a group: its budgets by objective, and its requests in the group's span."""

    service: str
    budgets: Mapping[str, Budget]
    valid: int
    """Requests that any objective counts."""
    failing: int
    """Requests that failed any objective, each once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollup:
    """Services seen together."""

    group: str | None
    """What they share; None for those that do not say."""
    span: Span
    """The minutes that requests are counted in."""
    members: tuple[Member, ...]

    @property
    def valid(self) -> int:
        """Requests that any objective of their service counts."""
        return sum(member.valid for member in self.members)

    @property
    def failing(self) -> int:
        """Requests that failed any objective of their service, each once."""
        return sum(member.failing for member in self.members)

    @property
    def budgets(self) -> "dict[Named, Budget]":
        """All of them, by service and objective."""
        return {
            (member.service, objective): budget
            for member in self.members
            for objective, budget in member.budgets.items()
        }


Named = tuple[str, str]
"""A service and an objective."""


def worst(budgets: Mapping[Named, Budget]) -> Named | None:
    """Which has the least left of those that are known; the first of equals."""
    left = {
        key: budget.remaining
        for key, budget in budgets.items()
        if budget.remaining is not None and budget.state is not State.UNKNOWN
    }
    return min(left, key=left.__getitem__) if left else None


def worst_state(budgets: Iterable[Budget]) -> State:
    """What may be said of all together; of none, nothing."""
    states = {budget.state for budget in budgets}
    return next((state for state in _WORST_FIRST if state in states), State.UNKNOWN)


def counted(days: Mapping[int, bytes], span: Span, left_out: Sequence[Span]) -> tuple[int, int]:
    """Valid and bad of stored days within a span, without the minutes that are left out."""
    valid = bad = 0
    for day, packed in days.items():
        start = day * DAY
        edges = max(span.start - start, 0), min(span.end - start, DAY)
        out = [one for one in left_out if one.start < start + DAY and one.end > start]
        if edges[0] >= edges[1]:
            continue
        if edges == (0, DAY) and not out:
            totals = day_totals(packed)
        else:
            minutes = unpack_day(packed)
            for one in out:
                for counts in minutes:
                    counts[max(one.start - start, 0) : one.end - start] = 0
            within = slice(*edges)
            totals = int(minutes[0][within].sum()), int(minutes[1][within].sum())
        valid, bad = valid + totals[0], bad + totals[1]
    return valid, bad
