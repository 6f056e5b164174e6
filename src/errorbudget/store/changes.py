"""What altered production, and when?"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, insert, select, update

from errorbudget.change import Appearance, Change, ChangeKind, Origin
from errorbudget.policy.reconciliation import Deploy, deploy_of
from errorbudget.store.database import Database
from errorbudget.store.schema import appearance, shipped
from errorbudget.store.schema import change as table


class Changes:
    """Recorded changes; the same change told again replaces what was told before."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, change: Change) -> Change:
        """Store a change; it is known by its id, service and environment."""
        same = _same(change.id, change.service, change.environment)
        # What is told says more than what was only seen of the same version.
        seen = and_(
            table.c.origin == Origin.TRAFFIC,
            table.c.service == change.service,
            table.c.version == change.version,
        )
        if change.environment:
            seen = and_(seen, table.c.environment.in_((change.environment, "")))
        with self._database.writing() as connection:
            connection.execute(delete(table).where(same | seen))
            connection.execute(insert(table).values(**asdict(change)))
        return change

    def get(self, id_: str, service: str, environment: str) -> Change | None:
        """The change that is known so."""
        wanted = select(table).where(_same(id_, service, environment))
        with self._database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return _change(row) if row else None

    def looked_up_to(self) -> int:
        """The newest batch whose versions are known to have been looked at; 0 where none was."""
        with self._database.reading() as connection:
            return connection.execute(select(func.max(appearance.c.batch))).scalar() or 0

    def appeared(self, versions: Sequence[Appearance], batch: int) -> list[Change]:
        """Remember versions that requests up to a batch name; the changes that nobody had told of.

        The first version of a service in an environment is where its story begins: no change. What
        holds a NUL is nobody's version.
        """
        versions = [
            one for one in versions if "\0" not in one.service + one.environment + one.version
        ]
        with self._database.writing() as connection:
            known = _known(connection, {one.service for one in versions})
            new = [
                one for one in versions if (one.service, one.environment, one.version) not in known
            ]
            if not new:
                return []
            rows = [asdict(one) | {"batch": batch} for one in new]
            connection.execute(insert(appearance), rows)
            services = {one.service for one in new}
            told = _told(connection, services)
            found = [one for one in _changes(connection, services) if not _is_told(one, told)]
            changes = [one for one in found if not _is_deploy(connection, one)]
            if changes:
                connection.execute(insert(table), [asdict(one) for one in changes])
        return changes

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


def _same(id_: str, service: str, environment: str) -> ColumnElement[bool]:
    return and_(table.c.id == id_, table.c.service == service, table.c.environment == environment)


def _known(connection: Connection, services: Collection[str]) -> set[tuple[str, str, str]]:
    wanted = select(appearance.c.service, appearance.c.environment, appearance.c.version)
    rows = connection.execute(wanted.where(appearance.c.service.in_(services)))
    return {(row.service, row.environment, row.version) for row in rows}


def _told(connection: Connection, services: Collection[str]) -> set[tuple[str, str, str]]:
    wanted = select(table.c.service, table.c.version, table.c.environment)
    rows = connection.execute(wanted.where(table.c.service.in_(services)))
    return {(row.service, row.version, row.environment) for row in rows}


def _is_told(change: Change, told: Collection[tuple[str, str, str]]) -> bool:
    """Whether a change of this version is recorded, for this environment or for any."""
    service, version, environment = change.service, change.version, change.environment
    return (service, version, environment) in told or (service, version, "") in told


def _is_deploy(connection: Connection, seen: Change) -> bool:
    """Whether a deploy that the gate let through brought this version, which it has from now on."""
    mine = and_(
        shipped.c.service == table.c.service,
        shipped.c.environment == table.c.environment,
        shipped.c.change == table.c.id,
    )
    wanted = (
        select(table, shipped.c.revision)
        .join(shipped, mine)
        .where(table.c.service == seen.service, table.c.version == table.c.id)
        .order_by(table.c.started_at)
    )
    rows = connection.execute(wanted)
    deploy = deploy_of(seen, [Deploy(_change(row), row.revision) for row in rows])
    if deploy is None:
        return False
    same = and_(
        table.c.id == deploy.id,
        table.c.service == deploy.service,
        table.c.environment == deploy.environment,
    )
    connection.execute(update(table).where(same).values(version=deploy.version))
    return True


def _changes(connection: Connection, services: Collection[str]) -> Iterable[Change]:
    """A change for every version that came after another one in the same environment."""
    wanted = (
        select(appearance)
        .where(appearance.c.service.in_(services))
        .order_by(
            appearance.c.service,
            appearance.c.environment,
            appearance.c.first_at,
            appearance.c.version,
        )
    )
    place: tuple[str, str] | None = None
    for row in connection.execute(wanted):
        before, place = place, (row.service, row.environment)
        if before == place:
            yield Change(
                id=f"{row.service}@{row.version}",
                service=row.service,
                version=row.version,
                environment=row.environment,
                started_at=row.first_at,
                origin=Origin.TRAFFIC,
            )


def _change(row: Row[Any]) -> Change:
    return Change(
        id=row.id,
        service=row.service,
        version=row.version,
        kind=ChangeKind(row.kind),
        environment=row.environment,
        started_at=row.started_at,
        finished_at=row.finished_at,
        origin=Origin(row.origin),
    )
