"""What altered production, and when?"""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, delete, insert, select

from errorbudget.change import Change, ChangeKind
from errorbudget.store.database import Database
from errorbudget.store.schema import change as table


class Changes:
    """Recorded changes; the same change told again replaces what was told before."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, change: Change) -> Change:
        """Store a change; it is known by its id, service and environment."""
        same = and_(
            table.c.id == change.id,
            table.c.service == change.service,
            table.c.environment == change.environment,
        )
        with self._database.writing() as connection:
            connection.execute(delete(table).where(same))
            connection.execute(insert(table).values(**asdict(change)))
        return change

    def list(
        self,
        service: str | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[Change]:
        """The changes of a service, or of all, that started in [since, until), oldest first."""
        wanted = select(table).order_by(table.c.started_at, table.c.id)
        if service is not None:
            wanted = wanted.where(table.c.service == service)
        if since is not None:
            wanted = wanted.where(table.c.started_at >= since)
        if until is not None:
            wanted = wanted.where(table.c.started_at < until)
        with self._database.reading() as connection:
            return [_change(row) for row in connection.execute(wanted)]


def _change(row: Row[Any]) -> Change:
    return Change(
        id=row.id,
        service=row.service,
        version=row.version,
        kind=ChangeKind(row.kind),
        environment=row.environment,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
