"""Incidents, as people declare them."""

from datetime import datetime

from errorbudget.errors import Failure
from errorbudget.program.budgets import Budgets
from errorbudget.store.home import Home
from errorbudget.store.incidents import DeclaredBy, Incident


class Incidents:
    """What hurts users of a service, and who says so."""

    def __init__(self, home: Home, budgets: Budgets) -> None:
        self._home = home
        self._budgets = budgets

    def declare(self, service: str, title: str, *, by: str, now: datetime) -> Incident:
        """Open an incident on a person's word; in the trail too. Raises Failure."""
        document = self._budgets.document(service)
        if not by:
            raise Failure("--by: say who declares it")
        new = Incident(
            service=service,
            environment=document.environment,
            title=title,
            origin=DeclaredBy.PERSON,
            declared_by=by,
            started_at=now,
        )
        opened = self._home.incidents.open(new)
        self._home.trail.append("incident", opened.as_dict() | {"state": "declared"}, now)
        return opened

    def end(self, number: int, *, by: str, now: datetime) -> Incident:
        """Let an incident be over. Raises Failure."""
        ended = self._home.incidents.close(number, now)
        if ended is None:
            raise Failure(
                f"there is no incident {number}; `errorbudget incident list` has them all"
            )
        told = ended.as_dict() | {"state": "ended", "ended_by": by}
        self._home.trail.append("incident", told, now)
        return ended

    def list(self, service: str | None = None) -> list[Incident]:
        """The incidents of a service, or all, the newest first."""
        return self._home.incidents.list(service)
