"""Which incidents is a service in, who says so, and what happened in them?"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from errorbudget import clock
from errorbudget.store.database import Database
from errorbudget.store.schema import happening
from errorbudget.store.schema import incident as table


class DeclaredBy(StrEnum):
    """Who opened an incident: only a person's word is evidence that something is critical."""

    PERSON = "person"
    ALERT = "alert"


class What(StrEnum):
    """What happens in an incident."""

    OPENED = "opened"
    ALERT = "alert"
    ESCALATED = "escalated"
    CONTEXT = "context"
    ACKNOWLEDGED = "acknowledged"
    NOTE = "note"
    CHANGE = "change"
    RECOVERED = "recovered"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Something that hurts users of a service, for as long as it lasts."""

    id: int = 0
    service: str
    environment: str
    title: str
    origin: DeclaredBy
    declared_by: str
    started_at: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The incident as JSON has it."""
        return {
            "id": self.id,
            "service": self.service,
            "environment": self.environment,
            "title": self.title,
            "origin": self.origin.value,
            "declared_by": self.declared_by,
            "started": clock.text(self.started_at),
            "acknowledged": clock.text(self.acknowledged_at) if self.acknowledged_at else None,
            "acknowledged_by": self.acknowledged_by,
            "ended": clock.text(self.ended_at) if self.ended_at else None,
            "ended_by": self.ended_by,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One line of an incident's timeline."""

    at: datetime
    what: What
    by: str
    """A person, or `alert`."""
    text: str
    objective: str = ""
    """Whose alert spoke, where one did."""
    notice: str = ""
    """Which notice told of it, where one did."""

    def as_dict(self) -> dict[str, Any]:
        """The line as JSON has it."""
        return asdict(self) | {"at": clock.text(self.at), "what": self.what.value}


class Incidents:
    """Every incident, open or over; what is written of one stays as it was written."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, connection: Connection, new: Incident) -> Incident:
        """Remember a new incident, and give it a number, as part of the caller's transaction."""
        row = asdict(new)
        del row["id"]
        key = connection.execute(insert(table).values(**row)).inserted_primary_key
        opened = replace(new, id=key[0] if key else 0)
        told = Happening(at=new.started_at, what=What.OPENED, by=new.declared_by, text=new.title)
        self.add(connection, opened.id, told)
        return opened

    def add(self, connection: Connection, number: int, told: Happening) -> None:
        """Add a line to a timeline, as part of the caller's transaction."""
        connection.execute(insert(happening).values(incident=number, **asdict(told)))

    def acknowledge(self, connection: Connection, number: int, by: str, at: datetime) -> None:
        """Somebody sees to it; the first of them stays the one it is known by."""
        first = update(table).where(table.c.id == number, table.c.acknowledged_at.is_(None))
        connection.execute(first.values(acknowledged_at=at, acknowledged_by=by))

    def close(self, connection: Connection, number: int, by: str, at: datetime) -> None:
        """Let an incident be over; one that is over already stays as it is."""
        still = update(table).where(table.c.id == number, table.c.ended_at.is_(None))
        connection.execute(still.values(ended_at=at, ended_by=by))

    def get(self, connection: Connection, number: int) -> Incident | None:
        """An incident; None where there is none of this number."""
        row = connection.execute(select(table).where(table.c.id == number)).first()
        return None if row is None else _incident(row)

    def standing(self, connection: Connection, service: str) -> list[Incident]:
        """The incidents of a service that are not over, the oldest first."""
        mine = (table.c.service == service) & table.c.ended_at.is_(None)
        rows = connection.execute(select(table).where(mine).order_by(table.c.id))
        return [_incident(row) for row in rows]

    def timeline(self, connection: Connection, number: int) -> list[Happening]:
        """What happened in an incident, in order."""
        mine = select(happening).where(happening.c.incident == number)
        rows = connection.execute(mine.order_by(happening.c.at, happening.c.id))
        return [_happening(row) for row in rows]

    def list(self, service: str | None = None) -> Sequence[Incident]:
        """The incidents of a service, or all, the newest first."""
        wanted = select(table).order_by(table.c.started_at.desc(), table.c.id.desc())
        if service is not None:
            wanted = wanted.where(table.c.service == service)
        with self._database.reading() as connection:
            return [_incident(row) for row in connection.execute(wanted)]


def _incident(row: Row[Any]) -> Incident:
    fields: dict[str, Any] = dict(row._mapping)  # pyright: ignore[reportPrivateUsage]
    fields["origin"] = DeclaredBy(row.origin)
    return Incident(**fields)


def _happening(row: Row[Any]) -> Happening:
    fields: dict[str, Any] = dict(row._mapping)  # pyright: ignore[reportPrivateUsage]
    del fields["id"], fields["incident"]
    fields["what"] = What(row.what)
    return Happening(**fields)
