"""Which incidents is a service in, and who says so?"""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, insert, select, update

from errorbudget import clock
from errorbudget.store.database import Database
from errorbudget.store.schema import incident as table


class DeclaredBy(StrEnum):
    """Who opened an incident: only a person's word is evidence that something is critical."""

    PERSON = "person"
    ALERT = "alert"


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

    def as_dict(self) -> dict[str, Any]:
        """The incident as JSON has it."""
        told = asdict(self)
        del told["started_at"], told["ended_at"]
        ended = clock.text(self.ended_at) if self.ended_at else None
        return told | {
            "origin": self.origin.value,
            "started": clock.text(self.started_at),
            "ended": ended,
        }


class Incidents:
    """Every incident, open or over."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, new: Incident) -> Incident:
        """Remember a new incident, and give it a number."""
        row = asdict(new)
        del row["id"]
        with self._database.writing() as connection:
            made = connection.execute(insert(table).values(**row))
            key = made.inserted_primary_key
        return replace(new, id=key[0] if key else 0)

    def close(self, number: int, at: datetime) -> Incident | None:
        """Let an incident be over; None where there is none of this number."""
        mine = table.c.id == number
        with self._database.writing() as connection:
            still = update(table).where(mine, table.c.ended_at.is_(None))
            connection.execute(still.values(ended_at=at))
            row = connection.execute(select(table).where(mine)).first()
        return None if row is None else _incident(row)

    def list(self, service: str | None = None) -> list[Incident]:
        """The incidents of a service, or all, the newest first."""
        wanted = select(table).order_by(table.c.started_at.desc(), table.c.id.desc())
        if service is not None:
            wanted = wanted.where(table.c.service == service)
        with self._database.reading() as connection:
            return [_incident(row) for row in connection.execute(wanted)]


def _incident(row: Row[Any]) -> Incident:
    return Incident(
        id=row.id,
        service=row.service,
        environment=row.environment,
        title=row.title,
        origin=DeclaredBy(row.origin),
        declared_by=row.declared_by,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )
