"""Which postmortems are there, and every version of what they say?"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, insert, select, update

from errorbudget.store.database import Database
from errorbudget.store.schema import postmortem as table
from errorbudget.store.schema import wording

if TYPE_CHECKING:
    from errorbudget.postmortem.pattern import Kind


class State(StrEnum):
    """How far a postmortem is."""

    BURNING = "burning"
    """What it is about goes on, and so do its numbers."""
    DRAFT = "draft"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One postmortem, without its text."""

    id: str
    name: str
    """Of the document whose budget burned."""
    environment: str
    objective: str
    incident: int | None
    start: int
    """Minutes since 1970."""
    end: int
    state: State
    version: int
    told: Mapping[str, Any]
    """What its data says: by query, the JSON that this printed."""
    counts: str
    """A digest of the counts that it rests on."""
    drafted_at: datetime
    refreshed_at: datetime
    published_at: datetime | None = None

    @property
    def kind(self) -> "Kind":
        """What kind of trouble it is about."""
        from errorbudget.postmortem.pattern import Kind

        return Kind.from_dict(self.told["impact"]["kind"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """One version of a text."""

    version: int
    text: str
    by: str
    at: datetime


class Postmortems:
    """Every postmortem; no version of a text is ever dropped."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, name: str | None = None) -> list[Kept]:
        """The postmortems of a document, or all, the newest first."""
        wanted = select(table).order_by(table.c.start.desc(), table.c.id)
        if name is not None:
            wanted = wanted.where(table.c.name == name)
        with self._database.reading() as connection:
            return [_kept(row) for row in connection.execute(wanted)]

    def get(self, connection: Connection, id_: str) -> Kept | None:
        """A postmortem; None where there is none of this id."""
        row = connection.execute(select(table).where(table.c.id == id_)).first()
        return None if row is None else _kept(row)

    def text(self, connection: Connection, id_: str, version: int) -> Wording | None:
        """A version of its text; None where there never was one."""
        mine = (wording.c.postmortem == id_) & (wording.c.version == version)
        row = connection.execute(select(wording).where(mine)).first()
        return None if row is None else _wording(row)

    def wordings(self, id_: str) -> Sequence[Wording]:
        """Every version of its text, the oldest first."""
        wanted = select(wording).where(wording.c.postmortem == id_).order_by(wording.c.version)
        with self._database.reading() as connection:
            return [_wording(row) for row in connection.execute(wanted)]

    def put(self, connection: Connection, new: Kept, text: str, *, by: str, at: datetime) -> Kept:
        """Keep it, and its text as a further version where it differs from the last one's.

        Part of the caller's transaction. `text` must name the version `new` has.
        """
        row = _row(new)
        if self.get(connection, new.id) is None:
            connection.execute(insert(table).values(**row))
        else:
            connection.execute(update(table).where(table.c.id == new.id).values(**row))
        values = {"postmortem": new.id, "version": new.version, "text": text.encode(), "by": by}
        if self.text(connection, new.id, new.version) is None:
            connection.execute(insert(wording).values(**values, at=at))
        return new

    def renew(self, connection: Connection, kept: Kept, **fields: Any) -> Kept:
        """Change what is known of it, but not its text, as part of the caller's transaction."""
        after = replace(kept, **fields)
        connection.execute(update(table).where(table.c.id == kept.id).values(**_row(after)))
        return after


def _row(kept: Kept) -> dict[str, Any]:
    fields = {name: getattr(kept, name) for name in table.c.keys()}  # noqa: SIM118
    return fields | {"state": kept.state.value, "told": json.dumps(kept.told).encode()}


def _kept(row: Row[Any]) -> Kept:
    fields: dict[str, Any] = dict(row._mapping)  # pyright: ignore[reportPrivateUsage]
    fields["state"] = State(row.state)
    fields["told"] = json.loads(row.told)
    return Kept(**fields)


def _wording(row: Row[Any]) -> Wording:
    return Wording(version=row.version, text=row.text.decode(), by=row.by, at=row.at)
