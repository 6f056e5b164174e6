"""What happened to a service's budgets over their windows, for one who looks at all of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from errorbudget import clock
from errorbudget.burn.rules import DAY
from errorbudget.burn.shown import shown
from errorbudget.change import Change
from errorbudget.ledger.budget import Budget
from errorbudget.ledger.course import Ahead, Pace, Point, ahead, course, first_minute
from errorbudget.ledger.window import moment
from errorbudget.program.budgets.book import Book, Standing
from errorbudget.program.budgets.budgets import Budgets
from errorbudget.program.trail.accounts import Account, Accounts
from errorbudget.program.trail.audit import AuditTrail
from errorbudget.store.home import Home

DECISIONS = 50
"""The last decisions that are looked through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One objective over its window: what was left, what took it, and what may come."""

    standing: Standing
    points: Sequence[Point]
    ahead: Sequence[Ahead]
    account: Account | None
    """Where the bad requests of the quarter went; None where it has not begun to count."""
    changes: Sequence[Change]
    decisions: Sequence[Mapping[str, Any]]
    """Entries of the audit trail, oldest first."""


class Courses:
    """Budgets over time."""

    def __init__(self, home: Home, budgets: Budgets) -> None:
        self._home = home
        self._budgets = budgets

    def read(self, service: str, *, at: datetime) -> list[Course]:
        """Each objective of a service at a moment. Raises Failure for an unknown service."""
        document = self._budgets.document(service)
        book = self._budgets.book([document], at=at)
        accounts = {
            one.objective: one for one in Accounts(self._home, self._budgets).read(service, at=at)
        }
        decisions = [
            entry
            for one in document.services
            for entry in AuditTrail(self._home).decisions(one, DECISIONS)
            if clock.parse(entry["at"]) <= at
        ]
        return [
            self._course(book, row, standing, accounts.get(standing.objective), decisions)
            for row, standing in enumerate(book.budgets(at))
        ]

    def _course(
        self,
        book: Book,
        row: int,
        standing: Standing,
        account: Account | None,
        decisions: Sequence[Mapping[str, Any]],
    ) -> Course:
        budget = standing.budget
        first, end = first_minute(budget), budget.end
        day = first // DAY
        valid, bad = book.minutes(row, day, (end - 1) // DAY - day + 1)
        within = slice(first - day * DAY, end - day * DAY)
        valid, bad = valid[within], bad[within]
        since, until = moment(budget.span.start), moment(end)
        lately = int(valid[-DAY:].sum()), int(bad[-DAY:].sum())
        return Course(
            standing=standing,
            points=course(budget, valid, bad),
            ahead=ahead(budget, _pace(budget, *lately), valid, bad),
            account=account,
            changes=[
                change
                for one in standing.document.services
                for change in self._home.changes.list(one, since=since, until=until)
            ],
            decisions=decisions,
        )


def _pace(budget: Budget, valid: int, bad: int) -> Pace:
    """As of the last day; a day without requests goes on as the window went."""
    if not valid:
        valid, bad = budget.valid, budget.bad
    seen = shown(DAY, valid, bad, budget.allowance)
    low, high = seen.interval or (0.0, 0.0)
    allowance = float(budget.allowance)
    likely = bad / valid if valid else 0.0
    return Pace(likely, low=min(low * allowance, likely), high=max(high * allowance, likely))
