"""Which requests failed a budget? Each of them, newest first, for people to look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.ledger.window import Span, minute_ceil, minute_floor, moment
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.objective.indicator import indicator
from errorbudget.objective.narrowing import narrowed
from errorbudget.program.budgets.book import Standing
from errorbudget.program.budgets.budgets import Budgets
from errorbudget.source import FailedRequest, Failing, Source

MOST: Final = 1000
"""Failed requests that are told of one objective at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """The failed requests of one objective in its window."""

    standing: Standing
    count: int
    requests: tuple[FailedRequest, ...]
    """The newest of them."""

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        budget = self.standing.budget
        return {
            "service": self.standing.document.name,
            "objective": self.standing.objective,
            "from": clock.text(moment(budget.span.start)),
            "to": clock.text(moment(budget.end)),
            "failed": self.count,
            "requests": [one.as_dict() for one in self.requests],
        }


class FailedRequests:
    """The bad requests behind the numbers."""

    def __init__(self, source: Source, budgets: Budgets) -> None:
        self._source = source
        self._budgets = budgets

    def read(
        self, service: str, objective: str | None = None, *, at: datetime, last: int = 20
    ) -> list[Failures]:
        """The last failed requests of a service's windows at `at`. Raises Failure."""
        standings = self._budgets.of([self._budgets.document(service)], at=at)
        names = [one.objective for one in standings]
        if objective is not None and objective not in names:
            raise Failure(f"{objective}: no objective of {service}; they are {', '.join(names)}")
        return [self._of(one, last) for one in standings if objective in (None, one.objective)]

    def within(
        self,
        document: ObjectiveDocument,
        objective: str,
        span: Span,
        *,
        match: Mapping[str, str] | None = None,
        last: int = 20,
    ) -> Failing:
        """The last failed requests of one objective in a span of minutes, those with some values.

        Raises Failure for values of what is no column.
        """
        counting = narrowed(indicator(document, objective), match or {})
        return self._source.failing(counting, [span], min(last, MOST))

    def _of(self, standing: Standing, last: int) -> Failures:
        counting = indicator(standing.document, standing.objective)
        found = self._source.failing(counting, _counted(standing), min(last, MOST))
        return Failures(standing=standing, count=found.count, requests=found.requests)


def _counted(standing: Standing) -> list[Span]:
    """The minutes of a window so far, without those that its document leaves out."""
    budget = standing.budget
    start, kept = budget.span.start, list[Span]()
    for out in sorted(standing.document.exclude, key=lambda one: one.start):
        first, last = minute_floor(out.start), minute_ceil(out.end)
        if start < min(first, budget.end):
            kept.append(Span(start, min(first, budget.end)))
        start = max(start, last)
    return [*kept, Span(start, budget.end)] if start < budget.end else kept
