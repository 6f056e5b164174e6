"""Which templates of pods stood in a cluster, and when?"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, insert, select, update

from errorbudget.store.database import Database
from errorbudget.store.schema import template as table


@dataclass(frozen=True, slots=True, kw_only=True)
class Stood:
    """A template that another one has replaced."""

    since: datetime | None
    """None: it was there before anybody asked."""
    until: datetime


class Templates:
    """What clusters told of the pods of services, by SHA-256 of the template."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def placed(self, service: str, environment: str, digest: str, at: datetime) -> None:
        """A template was let in."""
        self._know(service, environment, digest, since=at, until=None)

    def replaced(self, service: str, environment: str, digest: str, at: datetime) -> None:
        """A template that stood makes room: that it was replaced shows that it did stand."""
        self._know(service, environment, digest, since=None, until=at)
        standing = and_(_of(service, environment, digest), table.c.until.is_(None))
        with self._database.writing() as connection:
            connection.execute(update(table).where(standing).values(until=at))

    def stood(self, service: str, environment: str, digest: str) -> Stood | None:
        """When a template stood, where it was replaced since."""
        wanted = select(table).where(_of(service, environment, digest))
        with self._database.reading() as connection:
            row = connection.execute(wanted).first()
        return Stood(since=row.since, until=row.until) if row and row.until else None

    def _know(
        self,
        service: str,
        environment: str,
        digest: str,
        *,
        since: datetime | None,
        until: datetime | None,
    ) -> None:
        row = {"service": service, "environment": environment, "digest": digest}
        with self._database.writing() as connection:
            if not connection.execute(select(table).where(_of(**row))).first():
                connection.execute(insert(table).values(**row, since=since, until=until))


def _of(service: str, environment: str, digest: str) -> ColumnElement[bool]:
    return and_(
        table.c.service == service,
        table.c.environment == environment,
        table.c.digest == digest,
    )
