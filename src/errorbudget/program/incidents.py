"""Incidents: opened by people and by alerts, seen to, written about, and over one day."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from errorbudget import clock
from errorbudget.change import Change
from errorbudget.errors import Failure
from errorbudget.notify.message import BURNING, Kind, Message
from errorbudget.program.budgets.budgets import Budgets
from errorbudget.store.home import Home
from errorbudget.store.incidents import DeclaredBy, Happening, Incident, What

BEFORE: Final = timedelta(hours=1)
"""Changes of so long before an incident stand in its timeline."""
_ALERT: Final = "alert"
_WHAT: Final = {
    Kind.FIRED: What.ALERT,
    Kind.AGAIN: What.ALERT,
    Kind.ESCALATED: What.ESCALATED,
    Kind.CONTEXT: What.CONTEXT,
    Kind.RESOLVED: What.RECOVERED,
}


class Incidents:
    """What hurts users of a service, who sees to it, and what happened meanwhile."""

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
        with self._home.database.writing() as connection:
            opened = self._home.incidents.open(connection, new)
            _record(self._home, connection, opened, "declared", now)
        return opened

    def acknowledge(self, number: int, *, by: str, now: datetime) -> Incident:
        """Somebody sees to it; in the trail too. Raises Failure."""
        return self._answer(number, What.ACKNOWLEDGED, by, f"{by} sees to it", now)

    def note(self, number: int, text: str, *, by: str, now: datetime) -> Incident:
        """Write into the timeline what was found or done. Raises Failure."""
        return self._answer(number, What.NOTE, by, text, now)

    def close(self, number: int, *, by: str, now: datetime) -> Incident:
        """Let an incident be over; in the trail too. Raises Failure."""
        return self._answer(number, What.CLOSED, by, f"{by} says that it is over", now)

    def list(self, service: str | None = None) -> Sequence[Incident]:
        """The incidents of a service, or all, the newest first."""
        return self._home.incidents.list(service)

    def get(self, number: int) -> Incident:
        """An incident. Raises Failure."""
        with self._home.database.reading() as connection:
            return self._known(connection, number)

    def show(self, number: int, *, now: datetime) -> dict[str, Any]:
        """An incident with its timeline, and what is known of its burn. Raises Failure."""
        with self._home.database.reading() as connection:
            incident = self._known(connection, number)
            told = self._home.incidents.timeline(connection, number)
        until = incident.ended_at or now
        changes = self._changes(incident, until)
        lines = sorted([*told, *map(_happened, changes)], key=lambda one: one.at)
        return incident.as_dict() | {
            "timeline": [one.as_dict() for one in lines],
            "context": self._context(told),
        }

    def _changes(self, of: Incident, until: datetime) -> Sequence[Change]:
        """What altered the services that its document speaks for, where they run."""
        services = self._services(of.service)
        since = min(of.started_at, until) - BEFORE
        found = self._home.changes.list(since=since, until=until)
        return [one for one in found if one.service in services and one.is_in(of.environment)]

    def _services(self, name: str) -> Sequence[str]:
        """The services behind a name: a document's, a pool's member, or just the name."""
        for known in (name, name.rpartition("/")[0]):
            try:
                services = self._budgets.document(known).services
            except Failure:
                continue
            return services if known == name else (name.rpartition("/")[2],)
        return (name,)

    def _context(self, told: Sequence[Happening]) -> dict[str, Any] | None:
        """What was found out last of its burns; None where nothing was."""
        for one in reversed(told):
            stored = self._home.alerts.one(one.notice) if one.notice else None
            context = None if stored is None else Message.from_bytes(stored.body).context
            if context is not None:
                return dict(context)
        return None

    def _answer(self, number: int, what: What, by: str, text: str, now: datetime) -> Incident:
        if not by:
            raise Failure("--by: say who says so")
        home = self._home
        with home.database.writing() as connection:
            incident = self._known(connection, number)
            if what is What.CLOSED and incident.ended_at is not None:
                return incident
            if what is What.ACKNOWLEDGED and incident.ended_at is not None:
                raise Failure(
                    f"incident {number} is over since {clock.text(incident.ended_at)}: there is"
                    " nothing left to see to",
                    f"`errorbudget incident note {number} TEXT` still writes into its timeline.",
                )
            home.incidents.add(connection, number, Happening(at=now, what=what, by=by, text=text))
            if what is What.ACKNOWLEDGED:
                home.incidents.acknowledge(connection, number, by, now)
            if what is What.CLOSED:
                home.incidents.close(connection, number, by, now)
            after = self._known(connection, number)
            if what is not What.NOTE:
                _record(home, connection, after, what.value, now, by=by)
        return after

    def _known(self, connection: Connection, number: int) -> Incident:
        incident = self._home.incidents.get(connection, number)
        if incident is None:
            raise Failure(
                f"there is no incident {number}; `errorbudget incident list` has them all"
            )
        return incident


def follow(
    home: Home, connection: Connection, message: Message, environment: str, now: datetime
) -> Sequence[Incident]:
    """Let a message about a burn open an incident, or stand in those that are open.

    Returns those that are open, as they were when it came. Part of the caller's writing
    transaction, with the notice or not at all. An incident that an alert opened is over when none
    of its alerts burns any more; one that a person declared is not.
    """
    what = _WHAT.get(message.kind)
    if what is None or message.level not in BURNING or not message.objective:
        return ()
    standing = home.incidents.standing(connection, message.service)
    if not standing and what in (What.ALERT, What.ESCALATED):
        standing = [_opened(home, connection, message, environment, now)]
    line = Happening(
        at=message.at,
        what=what,
        by=_ALERT,
        text=message.title,
        objective=message.objective,
        notice=message.id,
    )
    for one in standing:
        home.incidents.add(connection, one.id, line)
        if one.origin is DeclaredBy.ALERT and not _burns(home, connection, one):
            home.incidents.close(connection, one.id, _ALERT, message.at)
            over = home.incidents.get(connection, one.id) or one
            _record(home, connection, over, "recovered", now, by=_ALERT)
    return standing


def _opened(
    home: Home, connection: Connection, message: Message, environment: str, now: datetime
) -> Incident:
    new = Incident(
        service=message.service,
        environment=environment,
        title=message.title,
        origin=DeclaredBy.ALERT,
        declared_by=_ALERT,
        started_at=message.started_at,
    )
    opened = home.incidents.open(connection, new)
    _record(home, connection, opened, "opened", now)
    return opened


def _burns(home: Home, connection: Connection, incident: Incident) -> bool:
    """Whether any of its alerts has not recovered."""
    last = {
        one.objective: one.what
        for one in home.incidents.timeline(connection, incident.id)
        if one.objective
    }
    return any(what is not What.RECOVERED for what in last.values())


def _record(
    home: Home, connection: Connection, of: Incident, state: str, now: datetime, *, by: str = ""
) -> None:
    told = of.as_dict() | {"state": state} | ({"by": by} if by else {})
    home.trail.append_with(connection, "incident", told, now)


def _happened(change: Change) -> Happening:
    until = f" until {clock.text(change.finished_at)}" if change.finished_at else ""
    return Happening(
        at=change.started_at,
        what=What.CHANGE,
        by=change.service,
        text=f"{change.kind.value} {change.id} ({change.version}){until}",
    )
