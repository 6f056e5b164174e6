"""How does an entry get into the audit trail so that it is on disk, chained and signed?"""

import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select, update

from errorbudget.errors import Failure, Untrusted
from errorbudget.policy.audit import (
    NO_ENTRY,
    Entry,
    Verification,
    entry_bytes,
    record_bytes,
    verify,
    verify_hashes,
)
from errorbudget.policy.checkpoint import Checkpoint
from errorbudget.policy.exported import exported
from errorbudget.policy.merkle import Frontier, leaf_hash
from errorbudget.store.database import Database
from errorbudget.store.prepared import Prepared
from errorbudget.store.schema import entry, head
from errorbudget.store.trail_key import SigningKey, make_key, read_key

PAGE: Final = 1000
"""Entries read at a time."""

_HEAD: Final = Prepared(select(head))
_LAST: Final = Prepared(select(entry.c.seq, entry.c.leaf).order_by(entry.c.seq.desc()).limit(1))
_SIGNED: Final = Prepared(select(entry.c.checkpoint).order_by(entry.c.seq.desc()).limit(1))
_NEWEST: Final = Prepared(select(entry.c.checkpoint).where(entry.c.seq == bindparam("seq")))
_HASHED: Final = Prepared(
    select(entry.c.seq, entry.c.body, entry.c.leaf)
    .where(entry.c.seq > bindparam("after"), entry.c.seq <= bindparam("end"))
    .order_by(entry.c.seq)
    .limit(PAGE)
)
_NEW: Final = Prepared(insert(entry))
_MOVED: Final = Prepared(update(head).values(size=bindparam("size"), peaks=bindparam("peaks")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Where an entry stands, and the signed checkpoint over everything up to it."""

    seq: int
    leaf: bytes
    checkpoint: str


Beside = Callable[[Connection, Recorded], None]
"""What is written in the transaction of an entry, knowing where that stands."""


def _nothing(_connection: Connection, _recorded: Recorded) -> None:
    """An entry alone."""


class Wish(ABC):
    """What somebody wants in the trail, and waits for."""

    done = False
    failure: BaseException | None = None

    @abstractmethod
    def record(self, connection: Connection) -> bytes | None:
        """The entry, settled in its own transaction; None where the records have it already."""

    @abstractmethod
    def write(self, connection: Connection, recorded: Recorded | None) -> None:
        """Write what goes with it; `recorded` is where the entry stands, where there is one."""


class _Entry(Wish):
    """An entry that is wanted whatever the records say."""

    def __init__(self, record: bytes, beside: Beside) -> None:
        self._record = record
        self._beside = beside
        self.recorded: Recorded | None = None

    def record(self, connection: Connection) -> bytes:  # noqa: ARG002 -- it depends on nothing
        return self._record

    def write(self, connection: Connection, recorded: Recorded | None) -> None:
        assert recorded is not None, "what it records is never None"  # noqa: S101
        self.recorded = recorded
        self._beside(connection, recorded)

    def outcome(self) -> Recorded:
        """Where it stands."""
        if self.recorded is None:
            raise LookupError("an entry was neither written nor refused")
        return self.recorded


class Trail:
    """Append-only entries. What was appended is on disk before anybody is told so."""

    def __init__(self, database: Database, key_file: Path) -> None:
        self._database = database
        self._key_file = key_file
        self._waiting = deque[Wish]()
        self._turn = threading.Lock()
        self._is_ours = False
        """Whether the key here is known to be the one that signs this trail."""

    def append(
        self, kind: str, body: Mapping[str, Any], now: datetime, *, beside: Beside = _nothing
    ) -> Recorded:
        """Write one entry and sign the trail with it. Raises Untrusted when its end is wrong.

        Entries of threads that come at once are written together: the disk is waited for once.
        What `beside` writes is on disk with the entry, or neither is.
        """
        wish = _Entry(record_bytes(at=now, kind=kind, body=body), beside)
        self.grant(wish)
        return wish.outcome()

    def grant(self, *wishes: Wish) -> None:
        """Write what these want, each after the one before. Raises what kept one from that.

        Each is settled in the writing transaction: of two who want the same, the second sees what
        the first has written, also from another process.
        """
        self.grant_all(wishes)
        for wish in wishes:
            if wish.failure:
                raise wish.failure

    def grant_all(self, wishes: Sequence[Wish]) -> None:
        """The same; what kept one from being written is its `failure`."""
        self._waiting.extend(wishes)
        with self._turn:
            # Whoever had the turn before may have written these with its own.
            if not all(wish.done for wish in wishes):
                self._write_waiting()

    def append_with(
        self, connection: Connection, kind: str, body: Mapping[str, Any], now: datetime
    ) -> Recorded:
        """The same as part of the caller's writing transaction: with the rest, or not at all."""
        chain = self._chain(connection)
        recorded = chain.add(record_bytes(at=now, kind=kind, body=body))
        chain.store()
        return recorded

    def entries(self, *, after: int = 0) -> Iterator[Entry]:
        """The entries whose number is above `after`, oldest first."""
        while page := self._page(after):
            yield from page
            after = page[-1].seq

    def size(self) -> int:
        """How many entries there are, as the trail's head says."""
        with self._database.reading() as connection:
            return _head(connection).size

    def verify(self, kept: Iterable[str] = ()) -> Verification:
        """Check every entry, also against checkpoints kept elsewhere. Raises Untrusted."""
        with self._database.reading() as connection:
            stored, last = _head(connection), _last(connection)
        # What is appended meanwhile is not in this head.
        end = max(stored.size, last.seq if last else 0)
        entries = islice(self.entries(), end)
        return verify(entries, key=self._key.verifier, head=stored, kept=kept)

    def verify_hashes(self, kept: Iterable[str] = ()) -> Verification:
        """The same by hashes and the newest checkpoint alone: seconds for a million entries."""
        with self._database.reading() as connection:
            stored, last = _head(connection), _last(connection)
            newest = _NEWEST.first(connection, {"seq": stored.size})
            pages = _pages(connection, max(stored.size, last.seq if last else 0))
            return verify_hashes(
                pages,
                key=self._key.verifier,
                head=stored,
                newest=newest.checkpoint.decode(errors="replace") if newest else "",
                kept=kept,
            )

    def export(self) -> Iterator[bytes]:
        """A copy of what there is now, line by line, as it stands. Raises Failure if empty."""
        size = self.size()
        if not size:
            raise Failure("the audit trail is empty: nothing was decided or recorded yet")
        return exported(islice(self.entries(), size), self._key.verifier)

    def attest(self, text: bytes) -> bytes:
        """The trail's signature of any bytes."""
        return self._key.private.sign(text)

    @property
    def verifier_key(self) -> str:
        """The public key, as other tools take it: name+id+base64."""
        return str(self._key.verifier)

    @cached_property
    def _key(self) -> SigningKey:
        if self._key_file.exists():
            return read_key(self._key_file)
        if self.size():
            raise Untrusted(
                f"{self._key_file}: the trail's key is gone; put it back before anything is decided"
            )
        return make_key(self._key_file)

    def _write_waiting(self) -> None:
        wishes = [self._waiting.popleft() for _ in range(len(self._waiting))]
        try:
            try:
                self._write(wishes)
            except Exception:
                if len(wishes) == 1:
                    raise
                # One of them cannot be written: that is no reason to refuse the others.
                for wish in wishes:
                    self._write_alone(wish)
        except BaseException as cause:
            for wish in wishes:
                wish.failure = wish.failure or cause
            if not isinstance(cause, Exception):
                raise
        finally:
            for wish in wishes:
                wish.done = True

    def _write_alone(self, wish: Wish) -> None:
        try:
            self._write([wish])
        except Exception as cause:  # noqa: BLE001 -- whoever wants it is told
            wish.failure = cause

    def _write(self, wishes: Sequence[Wish]) -> None:
        with self._database.writing() as connection:
            chain = self._chain(connection)
            for wish in wishes:
                record = wish.record(connection)
                wish.write(connection, None if record is None else chain.add(record))
            chain.store()

    def _chain(self, connection: Connection) -> "_Chain":
        """The trail's end, to go on from there. Raises Untrusted where another key signs it."""
        chain = _Chain(connection, self._key)
        if not self._is_ours and (signed := _SIGNED.first(connection)):
            name = signed.checkpoint.decode(errors="replace").partition("\n")[0]
            if name != self._key.verifier.name:
                raise Untrusted(
                    f"{self._key_file}: signs as {self._key.verifier.name}, the trail as {name}",
                    "Put the key of the home that began the trail in its place; replicas share it.",
                )
            self._is_ours = True
        return chain

    def _page(self, after: int) -> list[Entry]:
        page = select(entry).where(entry.c.seq > after).order_by(entry.c.seq).limit(PAGE)
        with self._database.reading() as connection:
            return [
                Entry(
                    seq=row.seq,
                    body=row.body,
                    leaf=row.leaf,
                    checkpoint=row.checkpoint.decode(errors="replace"),
                )
                for row in connection.execute(page)
            ]


class _Chain:
    """New entries after those on disk; nothing of them is there before the transaction is."""

    def __init__(self, connection: Connection, key: SigningKey) -> None:
        self._connection = connection
        self._key = key
        self._frontier, self._prev = _tip(connection)
        self._new = list[Entry]()

    def add(self, record: bytes) -> Recorded:
        """Chain one more and sign the trail with it."""
        seq = self._frontier.size + 1
        written = entry_bytes(record, seq=seq, prev=self._prev)
        self._prev = leaf_hash(written)
        self._frontier = self._frontier.append(self._prev)
        claim = Checkpoint(origin=self._key.verifier.name, size=seq, root=self._frontier.root)
        note = self._key.sign(claim.text)
        self._new.append(Entry(seq=seq, body=written, leaf=self._prev, checkpoint=note))
        return Recorded(seq=seq, leaf=self._prev, checkpoint=note)

    def store(self) -> None:
        """Write them, and where the trail ends now."""
        if self._new:
            _put(self._connection, self._new, self._frontier)


def _pages(connection: Connection, end: int) -> Iterator[list[Any]]:
    """The entries up to a number, as they are stored."""
    after = 0
    while page := _HASHED.rows(connection, {"after": after, "end": end}):
        yield page
        after = page[-1].seq


def _head(connection: Connection) -> Frontier:
    row = _HEAD.first(connection)
    return Frontier() if row is None else Frontier.unpack(row.size, row.peaks)


def _last(connection: Connection) -> Any:
    """The number and the leaf hash of the last entry."""
    return _LAST.first(connection)


def _tip(connection: Connection) -> tuple[Frontier, bytes]:
    """The trail's head, and the hash of its last entry, which must be where the head says."""
    stored, last = _head(connection), _last(connection)
    if (last.seq if last else 0) != stored.size:
        raise Untrusted(
            f"the trail's head is of {stored.size} entries, but {last.seq if last else 0} are here",
            "`errorbudget audit verify` names the first entry that does not verify.",
        )
    return stored, last.leaf if last else NO_ENTRY


def _put(connection: Connection, new: Sequence[Entry], after: Frontier) -> None:
    rows = [
        {
            "seq": one.seq,
            "body": one.body,
            "leaf": one.leaf,
            "checkpoint": one.checkpoint.encode(),
        }
        for one in new
    ]
    _NEW.run(connection, *rows)
    values = {"size": after.size, "peaks": after.pack()}
    if not _MOVED.run(connection, values):
        connection.execute(insert(head).values(id=1, **values))
