"""How does an entry get into the audit trail so that it is on disk, chained and signed?"""

import os
import threading
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Row, insert, select, update

from errorbudget.errors import Failure, Untrusted
from errorbudget.policy.audit import (
    NO_ENTRY,
    Entry,
    Verification,
    entry_bytes,
    record_bytes,
    verify,
)
from errorbudget.policy.checkpoint import ED25519, Checkpoint, VerifierKey
from errorbudget.policy.exported import exported
from errorbudget.policy.merkle import Frontier, leaf_hash
from errorbudget.store.database import Database
from errorbudget.store.schema import entry, head

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PAGE: Final = 1000
"""Entries read at a time."""

# Made once: to put a statement together takes SQLAlchemy longer than to run it.
# On PostgreSQL the row is locked until the writer commits; SQLite's writers are alone anyway.
_HEAD: Final = select(head).with_for_update()
_LAST: Final = select(entry.c.seq, entry.c.leaf).order_by(entry.c.seq.desc()).limit(1)
_NEW: Final = insert(entry)
_MOVED: Final = update(head)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Where an entry stands, and the signed checkpoint over everything up to it."""

    seq: int
    leaf: bytes
    checkpoint: str


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The trail's private key and what it is known by."""

    private: "Ed25519PrivateKey"
    verifier: VerifierKey

    @classmethod
    def of(cls, private: "Ed25519PrivateKey") -> "SigningKey":
        """A key named for itself, so that no two trails share an origin."""
        public = private.public_key().public_bytes_raw()
        name = f"errorbudget-trail/{sha256(public).hexdigest()[:16]}"
        return cls(private, VerifierKey(name=name, public=public))

    def sign(self, text: str) -> str:
        """The signed note."""
        return self.verifier.signed(text, self.private.sign(text.encode()))


Beside = Callable[[Connection, Recorded], None]
"""What is written in the transaction of an entry, knowing where that stands."""


def _nothing(_connection: Connection, _recorded: Recorded) -> None:
    """An entry alone."""


@dataclass(slots=True, eq=False)
class _Wish:
    """An entry that waits to be written, and what became of it."""

    record: bytes
    beside: Beside
    recorded: Recorded | None = None
    failure: BaseException | None = None

    def outcome(self) -> Recorded:
        """Where it stands. Raises what kept it from being written."""
        if self.recorded is None:
            raise self.failure or LookupError("an entry was neither written nor refused")
        return self.recorded


class Trail:
    """Append-only entries. What was appended is on disk before anybody is told so."""

    def __init__(self, database: Database, key_file: Path) -> None:
        self._database = database
        self._key_file = key_file
        self._waiting = deque[_Wish]()
        self._turn = threading.Lock()

    def append(
        self, kind: str, body: Mapping[str, Any], now: datetime, *, beside: Beside = _nothing
    ) -> Recorded:
        """Write one entry and sign the trail with it. Raises Untrusted when its end is wrong.

        Entries of threads that come at once are written together: the disk is waited for once.
        What `beside` writes is on disk with the entry, or neither is.
        """
        wish = _Wish(record_bytes(at=now, kind=kind, body=body), beside)
        self._waiting.append(wish)
        with self._turn:
            # Whoever had the turn before may have written this one with its own.
            if not (wish.recorded or wish.failure):
                self._write_waiting()
        return wish.outcome()

    def append_with(
        self, connection: Connection, kind: str, body: Mapping[str, Any], now: datetime
    ) -> Recorded:
        """The same as part of the caller's writing transaction: with the rest, or not at all."""
        (recorded,) = self._extend(connection, [record_bytes(at=now, kind=kind, body=body)])
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
            return _read_key(self._key_file)
        if self.size():
            raise Untrusted(
                f"{self._key_file}: the trail's key is gone; put it back before anything is decided"
            )
        return _make_key(self._key_file)

    def _write_waiting(self) -> None:
        wishes = [self._waiting.popleft() for _ in range(len(self._waiting))]
        try:
            with self._database.writing() as connection:
                recorded = self._extend(connection, [wish.record for wish in wishes])
                for wish, one in zip(wishes, recorded, strict=True):
                    wish.beside(connection, one)
        except BaseException as cause:
            for wish in wishes:
                wish.failure = cause
            raise
        for wish, one in zip(wishes, recorded, strict=True):
            wish.recorded = one

    def _extend(self, connection: Connection, records: Sequence[bytes]) -> list[Recorded]:
        """Chain, sign and store; nothing is on disk before the transaction is."""
        key, entries = self._key, list[Entry]()
        frontier, prev = _tip(connection)
        for record in records:
            seq = frontier.size + 1
            written = entry_bytes(record, seq=seq, prev=prev)
            prev = leaf_hash(written)
            frontier = frontier.append(prev)
            claim = Checkpoint(origin=key.verifier.name, size=seq, root=frontier.root)
            note = key.sign(claim.text)
            entries.append(Entry(seq=seq, body=written, leaf=prev, checkpoint=note))
        _put(connection, entries, frontier)
        return [Recorded(seq=one.seq, leaf=one.leaf, checkpoint=one.checkpoint) for one in entries]

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


def _head(connection: Connection) -> Frontier:
    row = connection.execute(_HEAD).first()
    return Frontier() if row is None else Frontier.unpack(row.size, row.peaks)


def _last(connection: Connection) -> Row[Any, Any] | None:
    """The number and the leaf hash of the last entry."""
    return connection.execute(_LAST).first()


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
    connection.execute(_NEW, rows)
    values = {"size": after.size, "peaks": after.pack()}
    if not connection.execute(_MOVED, values).rowcount:
        connection.execute(insert(head).values(id=1, **values))


def _read_key(file: Path) -> SigningKey:
    """The key in a file: `PRIVATE+KEY+name+id+base64`, one line. Raises Untrusted."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    text = file.read_text(encoding="utf-8", errors="replace").strip()
    try:
        seed = b64decode(text.split("+", 4)[-1], validate=True).removeprefix(ED25519)
        key = SigningKey.of(Ed25519PrivateKey.from_private_bytes(seed))
    except (NotBase64, ValueError) as cause:
        raise Untrusted(f"{file}: not the trail's key") from cause
    if text != _key_text(key):
        raise Untrusted(f"{file}: not the trail's key; its name and id do not fit it")
    return key


def _make_key(file: Path) -> SigningKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = SigningKey.of(Ed25519PrivateKey.generate())
    half = file.with_suffix(".new")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(f"{_key_text(key)}\n")
        handle.flush()
        os.fsync(handle.fileno())
    half.replace(file)
    _sync_folder(file.parent)
    return key


def _key_text(key: SigningKey) -> str:
    seed = b64encode(ED25519 + key.private.private_bytes_raw()).decode()
    return f"PRIVATE+KEY+{key.verifier.name}+{key.verifier.id.hex()}+{seed}"


def _sync_folder(folder: Path) -> None:
    """A new name is on disk only when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
