"""What does the gate see of a document: its budgets, how they burn, and when they return?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from errorbudget.ledger.budget import Budget
from errorbudget.ledger.tally import DAY
from errorbudget.ledger.window import Calendar, Rolling, moment
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.policy.permission import Beside, Return
from errorbudget.program.budgets.book import Book, Standing
from errorbudget.program.budgets.budgets import Budgets
from errorbudget.program.burning import burns

Returns = Callable[[], Mapping[str, tuple[Return, ...]]]
"""What each objective gets back; worked out when asked, for most changes are permitted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One document's budgets at a moment, and what is known beside them."""

    standings: Sequence[Standing]
    alerts: Mapping[str, str] = field(default_factory=dict[str, str])
    """By objective."""
    returns: Returns

    def beside(
        self, places: Mapping[str, int], returns: Mapping[str, tuple[Return, ...]]
    ) -> dict[str, Beside]:
        """What is known of each objective beside its budget."""
        return {
            one.objective: Beside(
                alert=self.alerts.get(one.objective, "none"),
                place=places.get(one.objective),
                returns=returns.get(one.objective, ()),
            )
            for one in self.standings
        }


def look(budgets: Budgets, document: ObjectiveDocument, at: datetime) -> Sight:
    """What is to be seen of a document at a moment, counted first."""
    book = budgets.book([document], at=at)
    standings = book.budgets(at)
    burning = burns.standings(book, at) if _asks_for_alerts(document) else []
    alerts = {burn.standing.objective: burn.alert for burn in burning}
    rows = range(len(standings))
    return Sight(standings=standings, alerts=alerts, returns=lambda: returns(book, rows, standings))


def _asks_for_alerts(document: ObjectiveDocument) -> bool:
    """To find them out again takes a while; a server that watches has them."""
    return document.policy is not None and document.policy.active_fire != "keep_band"


def returns(
    book: Book, rows: Sequence[int], standings: Sequence[Standing]
) -> dict[str, tuple[Return, ...]]:
    """What will be left of each objective day by day, when nothing more goes wrong."""
    return {
        standing.objective: _returns(book, row, standing.budget)
        for row, standing in zip(rows, standings, strict=True)
    }


def _returns(book: Book, row: int, budget: Budget) -> tuple[Return, ...]:
    window = budget.window
    if isinstance(window, Calendar):
        return (Return(moment(budget.span.end), Fraction(1), anew=True),)
    if budget.remaining is None:
        return ()
    first = (budget.end - window.minutes) // DAY
    _, bad = book.minutes(row, first, budget.end // DAY - first + 1)
    return leaving(window, budget.end, budget.allowance * budget.valid, bad, first)


MOST: Final = 400
"""Days that are looked ahead."""


def leaving(
    window: Rolling, end: int, allowed: Fraction, bad: NDArray[np.int64], first_day: int
) -> tuple[Return, ...]:
    """What is left at each midnight to come (UTC), as bad requests leave a rolling window.

    `bad` is by minute from the first day on. Traffic is taken to go on as it was, and nothing
    more to fail.
    """
    sums = np.concatenate(([0], np.cumsum(bad)))
    start, until = first_day * DAY, min(end, first_day * DAY + bad.size)
    days = range(end // DAY + 1, min((end + window.minutes) // DAY + 2, end // DAY + MOST))
    left: list[Return] = []
    for day in days:
        begins = min(max(day * DAY - window.minutes, start), until)
        within = int(sums[until - start] - sums[begins - start])
        left.append(Return(moment(day * DAY), 1 - within / allowed))
    return tuple(left)
