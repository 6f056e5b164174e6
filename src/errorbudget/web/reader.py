"""What do readers see? Budgets and burns from memory, or from the warehouse where they ask more."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from errorbudget import clock
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.program.budgets.book import Standing
from errorbudget.program.budgets.budgets import Budgets
from errorbudget.program.budgets.failures import FailedRequests, Failures
from errorbudget.program.budgets.rollups import Grouped, Rollups
from errorbudget.program.burning.burns import Burns, BurnStanding
from errorbudget.program.program import Program
from errorbudget.web.current import Current
from errorbudget.web.turn import Turn


class Reader:
    """Answers at once; what takes its time has `Finder` and `Patient`."""

    def __init__(self, program: Program, turn: Turn, budgets: Budgets, current: Current) -> None:
        self._program = program
        self._turn = turn
        self._budgets = budgets
        self._burns = Burns(program.objectives, budgets)
        self._current = current

    def budgets(self, service: str | None, at: datetime | None) -> list[Standing]:
        """Budgets from memory, or computed for a moment that was asked for. Raises Failure."""
        if at is None and (seen := self._current.snapshot):
            name = self._name(service)
            return [one for one in seen.standings if name in (None, one.document.name)]
        with self._turn.steady():
            return self._budgets.read(service, at=at or clock.now())

    def burns(self, service: str | None, at: datetime | None) -> list[BurnStanding]:
        """Burns from memory, or computed for a moment that was asked for. Raises Failure."""
        if at is None and (seen := self._current.snapshot):
            name = self._name(service)
            return [one for one in seen.burns if name in (None, one.standing.document.name)]
        with self._turn.steady():
            return self._burns.read(service, at=at or clock.now())

    def rollups(
        self,
        by: str,
        over: str,
        at: datetime | None,
        shows: Callable[[ObjectiveDocument], bool],
    ) -> list[Grouped]:
        """Budgets in groups, of the documents that may be shown. Raises Failure."""
        program = self._program
        with self._turn.steady() as source:
            rollups = Rollups(program.home, source, program.objectives, self._budgets)
            return rollups.read(by, over=over, at=at or clock.now(), shows=shows)

    def failed(
        self, service: str, objective: str | None, at: datetime | None, last: int
    ) -> list[Failures]:
        """The last failed requests of a service's budgets, from the warehouse. Raises Failure."""
        with self._turn.steady() as source:
            failures = FailedRequests(source, self._budgets)
            return failures.read(service, objective, at=at or clock.now(), last=last)

    def services(self) -> list[dict[str, Any]]:
        """Every service that has ever sent a request."""
        with self._turn.held() as source:
            return [dict(one.as_dict()) for one in source.warehouse.services()]

    def _name(self, service: str | None) -> str | None:
        return None if service is None else self._budgets.document(service).name
