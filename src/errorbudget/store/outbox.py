"""What must still be told to whom? Messages wait here, on disk, until their receivers have them.

A message is put in the transaction that stores what it tells of: either both are kept or neither.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, insert, select, update

from errorbudget.store.database import Database
from errorbudget.store.schema import letter as table


class State(StrEnum):
    """Where a letter stands."""

    WAITING = "waiting"
    """Not delivered yet."""
    STANDING = "standing"
    """Delivered, and sent again now and then for as long as it holds."""
    SENT = "sent"
    DEAD = "dead"
    """Given up or refused; kept until somebody resends it."""


PENDING = (State.WAITING, State.STANDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message on its way to one address."""

    seq: int
    message: str
    address: str
    thread: str
    body: bytes
    state: State
    attempts: int
    """How often it was tried in vain since it was put, resent or last delivered."""
    problem: str
    """Why the last try failed; empty when it did not."""
    put_at: datetime
    due_at: datetime
    sent_at: datetime | None


class Outbox:
    """The letters of every message; how they are carried is not this module's business."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(
        self,
        connection: Connection,
        *,
        message: str,
        thread: str,
        body: bytes,
        addresses: Iterable[str],
        now: datetime,
    ) -> int:
        """Put a message for each address, as part of the caller's writing transaction.

        A message that an address already has, or had, is not put again; returns how many were.
        What stands in the same thread of those addresses is taken back by it.
        """
        had = select(table.c.address).where(table.c.message == message)
        known = set(connection.execute(had).scalars())
        new = [address for address in dict.fromkeys(addresses) if address not in known]
        if not new:
            return 0
        standing = and_(
            table.c.address.in_(new), table.c.thread == thread, table.c.state == State.STANDING
        )
        connection.execute(update(table).where(standing).values(state=State.SENT))
        fresh = {"state": State.WAITING, "attempts": 0, "problem": "", "put_at": now, "due_at": now}
        same = fresh | {"message": message, "thread": thread, "body": body}
        connection.execute(insert(table), [same | {"address": address} for address in new])
        return len(new)

    def due(self, address: str, now: datetime, *, limit: int = 50) -> list[Letter]:
        """The letters to carry to an address now, in the order they were put.

        Of a thread only the first: nobody hears that it is over before hearing that it began.
        """
        wanted = (
            select(table)
            .where(table.c.seq.in_(_firsts(address)), table.c.due_at <= now)
            .order_by(table.c.seq)
            .limit(limit)
        )
        with self._database.reading() as connection:
            return [_letter(row) for row in connection.execute(wanted)]

    def next_due(self, address: str) -> datetime | None:
        """When the next letter for an address is due; None when there is none."""
        soonest = select(func.min(table.c.due_at)).where(table.c.seq.in_(_firsts(address)))
        with self._database.reading() as connection:
            return connection.execute(soonest).scalar()

    def sent(self, letter: Letter, now: datetime, *, repeat_at: datetime | None = None) -> None:
        """Note that a letter arrived, and when to send it again unless a later one replaced it."""
        later = select(table.c.seq).where(
            table.c.address == letter.address,
            table.c.thread == letter.thread,
            table.c.seq > letter.seq,
        )
        values: dict[str, Any] = {"state": State.SENT, "sent_at": now, "attempts": 0, "problem": ""}
        with self._database.writing() as connection:
            if repeat_at is not None and connection.execute(later.limit(1)).first() is None:
                values |= {"state": State.STANDING, "due_at": repeat_at}
            _mark(connection, letter, values)

    def postpone(self, letter: Letter, due_at: datetime, problem: str) -> None:
        """Note a try in vain, and when to try next."""
        values = {"due_at": due_at, "attempts": letter.attempts + 1, "problem": problem}
        with self._database.writing() as connection:
            _mark(connection, letter, values)

    def bury(self, letter: Letter, problem: str) -> None:
        """Give a letter up: it stays among the dead letters until it is resent."""
        values = {"state": State.DEAD, "attempts": letter.attempts + 1, "problem": problem}
        with self._database.writing() as connection:
            _mark(connection, letter, values)

    def bury_for_others_than(self, addresses: Collection[str]) -> int:
        """Give up what waits for addresses that are no longer there; returns how many."""
        stray = and_(table.c.state.in_(PENDING), table.c.address.not_in(addresses))
        dead = {"state": State.DEAD, "problem": "no target of this name is configured any more"}
        with self._database.writing() as connection:
            return connection.execute(update(table).where(stray).values(dead)).rowcount

    def dead(self) -> list[Letter]:
        """The dead letters, oldest first."""
        wanted = select(table).where(table.c.state == State.DEAD).order_by(table.c.seq)
        with self._database.reading() as connection:
            return [_letter(row) for row in connection.execute(wanted)]

    def resend(self, now: datetime, *, only: Collection[int] | None = None) -> int:
        """Let dead letters wait again, all or those numbered so; returns how many."""
        wanted = table.c.state == State.DEAD
        if only is not None:
            wanted = and_(wanted, table.c.seq.in_(only))
        alive = {"state": State.WAITING, "attempts": 0, "due_at": now}
        with self._database.writing() as connection:
            return connection.execute(update(table).where(wanted).values(alive)).rowcount

    def counts(self) -> dict[State, int]:
        """How many letters are in each state."""
        by_state = select(table.c.state, func.count()).group_by(table.c.state)
        with self._database.reading() as connection:
            found = {row[0]: row[1] for row in connection.execute(by_state)}
        return {state: found.get(state, 0) for state in State}

    def forget(self, before: datetime) -> int:
        """Drop letters delivered before a moment; returns how many. Dead ones stay."""
        old = and_(table.c.state == State.SENT, table.c.put_at < before)
        with self._database.writing() as connection:
            return connection.execute(delete(table).where(old)).rowcount


def _mark(connection: Connection, letter: Letter, values: dict[str, Any]) -> None:
    # Whatever happened to the letter while it was on its way, such as being taken back, stays.
    same = and_(table.c.seq == letter.seq, table.c.state == letter.state)
    connection.execute(update(table).where(same).values(values))


def _firsts(address: str) -> Any:
    """The first pending letter of each thread of an address."""
    return (
        select(func.min(table.c.seq))
        .where(_pending(address))
        .group_by(table.c.thread)
        .scalar_subquery()
    )


def _pending(address: str) -> ColumnElement[bool]:
    return and_(table.c.address == address, table.c.state.in_(PENDING))


def _letter(row: Row[Any]) -> Letter:
    return Letter(
        seq=row.seq,
        message=row.message,
        address=row.address,
        thread=row.thread,
        body=row.body,
        state=State(row.state),
        attempts=row.attempts,
        problem=row.problem,
        put_at=row.put_at,
        due_at=row.due_at,
        sent_at=row.sent_at,
    )
