"""Where does every alert stand, and what was told? Kept with the messages, in one transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from errorbudget.store.database import Database
from errorbudget.store.schema import alert, notice

Key = tuple[str, str]
"""A document's name and an objective's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One notice, and the message that told it."""

    id: str
    name: str
    objective: str
    kind: str
    level: str
    at: datetime
    started_at: datetime
    body: bytes


class Alerts:
    """The states of alerts, by document and objective; what a state says is not known here."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> dict[Key, bytes]:
        """Every state that is kept."""
        with self._database.reading() as connection:
            rows = connection.execute(select(alert))
            return {(row.name, row.objective): row.body for row in rows}

    def keep(self, connection: Connection, states: Mapping[Key, bytes]) -> None:
        """Replace these states, as part of the caller's writing transaction."""
        rows = [
            {"name": name, "objective": objective, "body": body}
            for (name, objective), body in states.items()
        ]
        self.forget(connection, states)
        if rows:
            connection.execute(insert(alert), rows)

    def forget(self, connection: Connection, keys: Iterable[Key]) -> None:
        """Drop these states, as part of the caller's writing transaction."""
        gone = [{"its_name": name, "its_objective": objective} for name, objective in keys]
        same = (alert.c.name == bindparam("its_name")) & (
            alert.c.objective == bindparam("its_objective")
        )
        if gone:
            connection.execute(delete(alert).where(same), gone)

    def noted(self, connection: Connection, number: str) -> bool:
        """Whether a notice of this id is kept."""
        known = select(notice.c.id).where(notice.c.id == number)
        return connection.execute(known).first() is not None

    def note(self, connection: Connection, told: Told) -> None:
        """Keep what was told, a new notice, as part of the caller's writing transaction."""
        row = {name: getattr(told, name) for name in notice.c.keys()}  # noqa: SIM118
        connection.execute(insert(notice).values(row))

    def one(self, number: str) -> Told | None:
        """What was told with this id; None where nothing was."""
        with self._database.reading() as connection:
            row = connection.execute(select(notice).where(notice.c.id == number)).first()
        return None if row is None else Told(**row._mapping)  # pyright: ignore[reportPrivateUsage]

    def told(self, *, since: datetime | None = None, until: datetime | None = None) -> list[Told]:
        """What was told of moments in [since, until), in order."""
        wanted = select(notice).order_by(notice.c.at, notice.c.id)
        if since is not None:
            wanted = wanted.where(notice.c.at >= since)
        if until is not None:
            wanted = wanted.where(notice.c.at < until)
        with self._database.reading() as connection:
            return [Told(**row._mapping) for row in connection.execute(wanted)]  # pyright: ignore[reportPrivateUsage]
