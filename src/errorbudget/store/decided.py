"""What was decided about each change last, what people answered, and what shipped?

The audit trail has all of it; this is what the next asking needs of it.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from errorbudget.policy.approval import Given, Statement
from errorbudget.store.database import Database
from errorbudget.store.prepared import Prepared
from errorbudget.store.schema import asker, decided, reached, shipped, statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A change as somebody asks about it."""

    service: str
    environment: str
    change: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """The last decision about a change."""

    subject: Subject
    same: str
    """Digest of all that must be the same for the decision to stand when it is asked again."""
    digest: str
    """Of the change itself."""
    entry: int
    checkpoint: str
    body: bytes
    """As the entry has it, in JSON."""
    askings: int
    decided_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """A change whose deploy succeeded."""

    subject: Subject
    digest: str
    revision: str
    entry: int
    at: datetime


_NAMES: Final = ("service", "environment", "change")
_COLUMNS: Final = tuple(one.name for one in fields(Decided) if one.name != "subject")


def _about(table: Table) -> ColumnElement[bool]:
    return and_(*(table.c[name] == bindparam(f"the_{name}") for name in _NAMES))


def _named(subject: Subject) -> dict[str, str]:
    return {f"the_{name}": getattr(subject, name) for name in _NAMES}


_DECIDED: Final = Prepared(select(decided).where(_about(decided)))
_DECIDE: Final = Prepared(insert(decided))
_UNDECIDE: Final = Prepared(delete(decided).where(_about(decided)))
_ASK_AGAIN: Final = Prepared(
    update(decided).where(_about(decided)).values(askings=decided.c.askings + 1)
)
_SHIPPED: Final = select(shipped).where(_about(shipped))
_SHIPPED_AT: Final = Prepared(
    select(func.max(shipped.c.at).label("at")).where(shipped.c.digest == bindparam("of"))
)
_ANSWERS: Final = Prepared(select(statement).where(statement.c.digest == bindparam("of")))
_ASKED: Final = Prepared(select(asker.c.person).where(asker.c.digest == bindparam("of")))
_ASK: Final = Prepared(insert(asker))


class Decisions:
    """Decisions, answers and deploys, by change."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, subject: Subject, within: Connection | None = None) -> Decided | None:
        """The last decision about a change, also as a transaction sees it."""
        with self._seen(within) as connection:
            row = _DECIDED.first(connection, _named(subject))
        return None if row is None else _decided(row)

    def all(self, service: str | None = None) -> list[Decided]:
        """The last decision about every change, the newest first."""
        wanted = select(decided).order_by(decided.c.entry.desc())
        if service is not None:
            wanted = wanted.where(decided.c.service == service)
        with self._database.reading() as connection:
            return [_decided(row) for row in connection.execute(wanted)]

    def put(self, connection: Connection, new: Decided, by: Sequence[str]) -> None:
        """Remember a decision in place of the one before, with its entry, and who asked for it."""
        subject = _named(new.subject)
        _UNDECIDE.run(connection, subject)
        row = {name: getattr(new, name) for name in _COLUMNS}
        row |= {name: getattr(new.subject, name) for name in _NAMES}
        _DECIDE.run(connection, row)
        _asked(connection, new.digest, by)

    def asked_again(self, connection: Connection, one: Decided, by: Sequence[str]) -> Decided:
        """Count an asking that the decision still answers, and note who asked."""
        _ASK_AGAIN.run(connection, _named(one.subject))
        _asked(connection, one.digest, by)
        return replace(one, askings=one.askings + 1)

    def askers(self, digest: str) -> list[str]:
        """Everybody who ever asked about a change of this digest, whatever they called it."""
        with self._database.glancing() as connection:
            return sorted(row.person for row in _ASKED.rows(connection, {"of": digest}))

    def ship(self, new: Shipped) -> None:
        """Remember that a change is in production."""
        values = asdict(new)
        row = values.pop("subject") | values
        with self._database.writing() as connection:
            connection.execute(delete(shipped).where(_about(shipped)), _named(new.subject))
            connection.execute(insert(shipped).values(**row))

    def shipped(self, subject: Subject) -> Shipped | None:
        """When a change was deployed last."""
        with self._database.reading() as connection:
            row = connection.execute(_SHIPPED, _named(subject)).first()
        if row is None:
            return None
        return Shipped(
            subject=_subject(row),
            digest=row.digest,
            revision=row.revision,
            entry=row.entry,
            at=row.at,
        )

    def shipped_at(self, digest: str, within: Connection | None = None) -> datetime | None:
        """When a change of this digest, whatever it was called, was deployed last."""
        with self._seen(within) as connection:
            return _SHIPPED_AT.first(connection, {"of": digest}).at

    def answers(self, digest: str) -> list[Given]:
        """What people answered about a change of this digest."""
        with self._database.glancing() as connection:
            return [_given(row) for row in _ANSWERS.rows(connection, {"of": digest})]

    def answered(self, connection: Connection, given: Given) -> None:
        """Remember an answer with its entry."""
        said = given.statement
        row = {
            "id": said.id,
            "service": said.service,
            "environment": said.environment,
            "digest": said.digest,
            "body": said.text.encode(),
            "by": given.by,
            "key": given.key,
        }
        known = select(statement.c.id).where(statement.c.id == said.id)
        if not connection.execute(known).first():
            connection.execute(insert(statement).values(**row))

    def places(self, policy: str, before: datetime) -> dict[str, int]:
        """The band that each objective was last seen in under a policy, up to a moment."""
        wanted = select(reached).where(reached.c.policy == policy, reached.c.at <= before)
        with self._database.reading() as connection:
            return {row.objective: row.place for row in connection.execute(wanted)}

    def reach(self, policy: str, places: dict[str, int], at: datetime) -> None:
        """Remember the bands of a policy's objectives; the latest moment's count."""
        if self.places(policy, at) == places:
            return
        with self._database.writing() as connection:
            mine = reached.c.policy == policy
            later = select(reached).where(mine, reached.c.at > at)
            if connection.execute(later).first():
                return
            connection.execute(delete(reached).where(mine))
            rows = [
                {"policy": policy, "objective": name, "place": place, "at": at}
                for name, place in places.items()
            ]
            if rows:
                connection.execute(insert(reached), rows)

    def _seen(self, within: Connection | None) -> AbstractContextManager[Connection]:
        """A transaction that goes on, or a look of its own."""
        return self._database.glancing() if within is None else nullcontext(within)


def _asked(connection: Connection, digest: str, by: Sequence[str]) -> None:
    known = {row.person for row in _ASKED.rows(connection, {"of": digest})}
    if new := [person for person in dict.fromkeys(by) if person not in known]:
        _ASK.run(connection, *({"digest": digest, "person": person} for person in new))


def _subject(row: Row[Any]) -> Subject:
    return Subject(service=row.service, environment=row.environment, change=row.change)


def _decided(row: Row[Any]) -> Decided:
    return Decided(
        subject=_subject(row),
        same=row.same,
        digest=row.digest,
        entry=row.entry,
        checkpoint=row.checkpoint,
        body=row.body,
        askings=row.askings,
        decided_at=row.decided_at,
        expires_at=row.expires_at,
    )


def _given(row: Row[Any]) -> Given:
    return Given(statement=Statement.read(row.body.decode()), by=row.by, key=row.key)
