"""How does an entry get into the audit trail so that it is on disk, chained and signed?"""

import os
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, delete, insert, select

from errorbudget.errors import Untrusted
from errorbudget.policy.audit import NO_ENTRY, Entry, Verification, entry_bytes, verify
from errorbudget.policy.checkpoint import ED25519, Checkpoint, VerifierKey
from errorbudget.policy.merkle import Frontier, leaf_hash
from errorbudget.store.database import Database
from errorbudget.store.schema import entry, head

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PAGE: Final = 1000
"""Entries read at a time."""


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


class Trail:
    """Append-only entries. What was appended is on disk before anybody is told so."""

    def __init__(self, database: Database, key_file: Path) -> None:
        self._database = database
        self._key_file = key_file

    def append(self, kind: str, body: Mapping[str, Any], now: datetime) -> Recorded:
        """Write one entry and sign the trail with it. Raises Untrusted when its end is wrong."""
        key = self._key
        with self._database.writing() as connection:
            before, prev = _tip(connection)
            seq = before.size + 1
            written = entry_bytes(seq=seq, prev=prev, at=now, kind=kind, body=body)
            leaf = leaf_hash(written)
            after = before.append(leaf)
            claim = Checkpoint(origin=key.verifier.name, size=seq, root=after.root)
            note = key.sign(claim.text)
            _put(connection, Entry(seq=seq, body=written, leaf=leaf, checkpoint=note), after)
        return Recorded(seq=seq, leaf=leaf, checkpoint=note)

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
            stored = _head(connection)
        return verify(self.entries(), key=self._key.verifier, head=stored, kept=kept)

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
    # On PostgreSQL the row is locked until the writer commits; SQLite's writers are alone anyway.
    row = connection.execute(select(head).with_for_update()).first()
    return Frontier() if row is None else Frontier.unpack(row.size, row.peaks)


def _tip(connection: Connection) -> tuple[Frontier, bytes]:
    """The trail's head, and the hash of its last entry, which must be where the head says."""
    stored = _head(connection)
    last = connection.execute(
        select(entry.c.seq, entry.c.leaf).order_by(entry.c.seq.desc()).limit(1)
    ).first()
    if (last.seq if last else 0) != stored.size:
        raise Untrusted(
            f"the trail's head is of {stored.size} entries, but {last.seq if last else 0} are here",
            "`errorbudget audit verify` names the first entry that does not verify.",
        )
    return stored, last.leaf if last else NO_ENTRY


def _put(connection: Connection, new: Entry, after: Frontier) -> None:
    connection.execute(
        insert(entry).values(
            seq=new.seq, body=new.body, leaf=new.leaf, checkpoint=new.checkpoint.encode()
        )
    )
    connection.execute(delete(head))
    connection.execute(insert(head).values(id=1, size=after.size, peaks=after.pack()))


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
