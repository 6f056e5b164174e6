"""What broke? Found out while nobody else waits."""

from collections.abc import Mapping
from datetime import datetime

from errorbudget import clock
from errorbudget.burn.handoff import Handoff
from errorbudget.ledger.window import Span
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.program.budgets.budgets import Budgets
from errorbudget.program.budgets.failures import FailedRequests
from errorbudget.program.explaining.explaining import Explaining
from errorbudget.program.explaining.explanation import Explanation
from errorbudget.program.explaining.handoffs import Handoffs
from errorbudget.program.program import Program
from errorbudget.source import Failing
from errorbudget.web.turn import Turn


class Finder:
    """Explains burns from a source of its own."""

    def __init__(self, program: Program, turn: Turn) -> None:
        self._turn = turn
        self._budgets = Budgets(program.home, turn.source, program.objectives)
        self._explaining = Explaining(turn.source, self._budgets, program.home.changes)

    def explain(
        self,
        service: str,
        objective: str | None,
        *,
        since: datetime | None,
        until: datetime | None,
        at: datetime | None,
    ) -> Explanation:
        """What broke. Raises Failure."""
        with self._turn.steady():
            return self._explaining.explain(
                service, objective, since=since, until=until, at=at or clock.now()
            )

    def hand_off(
        self,
        service: str,
        objective: str,
        *,
        since: datetime | None,
        until: datetime | None,
        at: datetime | None,
    ) -> Handoff:
        """What a log tool needs to go on from a burn. Raises Failure."""
        with self._turn.steady() as source:
            return Handoffs(source, self._explaining).hand_off(
                service, objective, since=since, until=until, at=at or clock.now()
            )

    def failed_within(
        self,
        document: ObjectiveDocument,
        objective: str,
        span: Span,
        *,
        match: Mapping[str, str] | None = None,
        last: int = 20,
    ) -> Failing:
        """The last failed requests of one objective in a span of minutes. Raises Failure."""
        with self._turn.steady() as source:
            failures = FailedRequests(source, self._budgets)
            return failures.within(document, objective, span, match=match, last=last)
