"""What is written into the trail, and is a trail still what was written?"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from errorbudget.errors import Untrusted
from errorbudget.policy.checkpoint import Checkpoint, VerifierKey, read_checkpoint
from errorbudget.policy.merkle import HASH_SIZE, Frontier, leaf_hash

NO_ENTRY = bytes(HASH_SIZE)
"""What the first entry names as the one before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One record of the trail as it is stored; `body` is the exact bytes that were hashed."""

    seq: int
    body: bytes
    leaf: bytes
    checkpoint: str

    def fields(self) -> dict[str, Any]:
        """What the bytes say: seq, prev, at, kind, body. Raises Untrusted."""
        try:
            value = json.loads(self.body)
        except ValueError as cause:
            raise Untrusted(f"entry {self.seq}: its bytes are not JSON") from cause
        if not isinstance(value, dict):
            raise Untrusted(f"entry {self.seq}: its bytes are not a JSON object")
        return value  # pyright: ignore[reportUnknownVariableType] -- keys of a JSON object are text


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """The first entry that does not verify, and why."""

    seq: int
    why: str

    def __str__(self) -> str:
        return f"entry {self.seq}: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """How many entries verify from the first on, their root, and what is wrong after them."""

    entries: int
    root: bytes
    flaw: Flaw | None


def record_bytes(*, at: datetime, kind: str, body: Mapping[str, Any]) -> bytes:
    """What an entry says, before it has a place; raises ValueError for what JSON cannot say."""
    stamp = at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    record = {"at": stamp, "kind": kind, "body": dict(body)}
    # ASCII only, so that a path with bytes that are no UTF-8 can still be recorded.
    return json.dumps(record, separators=(",", ":"), allow_nan=False).encode("ascii")


def opening(seq: int, prev: bytes) -> bytes:
    """How the bytes of an entry at this place begin, after an entry of this leaf hash."""
    return b'{"seq":%d,"prev":"%s",' % (seq, prev.hex().encode())


def entry_bytes(record: bytes, *, seq: int, prev: bytes) -> bytes:
    """The bytes of one entry. Written once and never again: who checks hashes what was stored."""
    return opening(seq, prev) + record[1:]


def verify(
    entries: Iterable[Entry],
    *,
    key: VerifierKey,
    head: Frontier | None = None,
    kept: Iterable[str] = (),
) -> Verification:
    """Recompute every hash and signature, against the stored head and checkpoints kept elsewhere.

    Raises Untrusted for a kept checkpoint that `key` did not sign.
    """
    claims = [read_checkpoint(note, key) for note in kept]
    frontier, prev = Frontier(), NO_ENTRY
    for entry in entries:
        leaf = leaf_hash(entry.body)
        grown = frontier.append(leaf)
        why = next(_flaws(entry, leaf, prev, grown, key), None) or _denied(grown, claims)
        if why:
            return _verification(frontier, Flaw(seq=grown.size, why=why))
        frontier, prev = grown, leaf
    return _verification(frontier, _missing(frontier, head, claims))


Row = tuple[int, bytes, bytes]
"""The number, the bytes and the leaf hash of an entry, as stored."""


def verify_hashes(
    pages: Iterable[Sequence[Row]],
    *,
    key: VerifierKey,
    head: Frontier,
    newest: str,
    kept: Iterable[str] = (),
) -> Verification:
    """Recompute every hash, and check the newest checkpoint: all that the others say follows.

    Checkpoints stored with older entries are not read. Raises Untrusted for a kept one that `key`
    did not sign.
    """
    claims = [read_checkpoint(note, key) for note in kept]
    frontier, prev, unsigned = Frontier(), NO_ENTRY, None
    try:
        claims += [read_checkpoint(newest, key)] if head.size else []
    except Untrusted as flaw:
        unsigned = Flaw(seq=head.size, why=f"its checkpoint is not to be trusted: {flaw}")
    wanted = sorted({claim.size for claim in claims})
    for page in pages:
        leaves, why = _leaves(page, frontier.size + 1, prev)
        # A claim is about the tree as it was after some entry: the page is taken in up to there.
        for size in [*(one for one in wanted if frontier.size < one), frontier.size + len(leaves)]:
            fits = leaves[: max(size - frontier.size, 0)]
            leaves = leaves[len(fits) :]
            frontier = frontier.extend(fits)
            if denied := _denied(frontier, claims):
                return _verification(frontier, Flaw(seq=frontier.size, why=denied))
            if not leaves:
                break
        if why:
            return _verification(frontier, Flaw(seq=frontier.size + 1, why=why))
        prev = page[-1][2]
    return _verification(frontier, _missing(frontier, head, claims) or unsigned)


def _leaves(page: Sequence[Row], place: int, prev: bytes) -> tuple[list[bytes], str | None]:
    """The leaf hashes of a page up to the first entry that is out of place, and why it is."""
    found = list[bytes]()
    for seq, body, leaf in page:
        if seq != place:
            return found, f"is missing; entry {seq} stands in its place"
        if leaf_hash(body) != leaf:
            return found, "its bytes are not those that were hashed when it was written"
        if not body.startswith(opening(place, prev)):
            return found, "it does not follow the entry before it"
        found.append(leaf)
        prev, place = leaf, place + 1
    return found, None


def _verification(frontier: Frontier, flaw: Flaw | None) -> Verification:
    return Verification(entries=frontier.size, root=frontier.root, flaw=flaw)


def _flaws(
    entry: Entry, leaf: bytes, prev: bytes, grown: Frontier, key: VerifierKey
) -> Iterator[str]:
    """Everything wrong with one entry at its place, the most telling first."""
    if entry.seq != grown.size:
        yield f"is missing; entry {entry.seq} stands in its place"
    if entry.leaf != leaf:
        yield "its bytes are not those that were hashed when it was written"
    yield from _misplaced(entry, prev, grown.size)
    yield from _unsigned(entry, grown, key)


def _misplaced(entry: Entry, prev: bytes, place: int) -> Iterator[str]:
    try:
        fields = entry.fields()
    except Untrusted as flaw:
        yield str(flaw)
        return
    if fields.get("seq") != place:
        yield f"its bytes say that it is entry {fields.get('seq')}"
    if fields.get("prev") != prev.hex():
        yield "it does not follow the entry before it"


def _unsigned(entry: Entry, grown: Frontier, key: VerifierKey) -> Iterator[str]:
    try:
        claim = read_checkpoint(entry.checkpoint, key)
    except Untrusted as flaw:
        yield f"its checkpoint is not to be trusted: {flaw}"
        return
    if (claim.size, claim.root) != (grown.size, grown.root):
        yield "its checkpoint was signed over other entries"


def _denied(grown: Frontier, claims: list[Checkpoint]) -> str | None:
    for claim in claims:
        if claim.size == grown.size and claim.root != grown.root:
            return "a checkpoint kept elsewhere was signed over other entries up to here"
    return None


def _missing(frontier: Frontier, head: Frontier | None, claims: list[Checkpoint]) -> Flaw | None:
    promised = max([claim.size for claim in claims], default=0)
    if promised > frontier.size:
        why = f"is missing; a checkpoint kept elsewhere covers {promised} entries"
        return Flaw(seq=frontier.size + 1, why=why)
    if head is not None and head != frontier:
        why = f"does not fit; the trail's head was of {head.size} entries, {frontier.size} are here"
        return Flaw(seq=frontier.size + 1, why=why)
    return None
