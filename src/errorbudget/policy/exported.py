"""What does a copy of the trail look like that anybody can check, without the home it came from?"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from errorbudget.errors import Untrusted
from errorbudget.policy.audit import NO_ENTRY, Entry, Flaw, Verification, opening
from errorbudget.policy.checkpoint import Checkpoint, VerifierKey, read_checkpoint
from errorbudget.policy.merkle import Frontier, leaf_hash

HEADER: Final = b"errorbudget audit trail, format 1\n"
_LEAF: Final = 65
"""The leaf hash in hex and a space, before the bytes of an entry."""


def exported(entries: Iterable[Entry], key: VerifierKey) -> Iterator[bytes]:
    """The lines of a copy, as docs/audit-trail.md writes them down; entries as they are stored."""
    yield HEADER
    yield f"{key}\n".encode()
    note = ""
    for entry in entries:
        yield entry.leaf.hex().encode() + b" " + entry.body + b"\n"
        note = entry.checkpoint
    yield b"\n"
    yield note.encode()


def key_of(lines: Iterator[bytes]) -> VerifierKey:
    """The key that a copy names; takes its first two lines. Raises Untrusted for anything else."""
    if next(lines, b"") != HEADER:
        raise Untrusted("not a copy of an audit trail: its first line is another")
    named = next(lines, b"").decode(errors="replace")
    key = VerifierKey.parse(named)
    if named != f"{key}\n":
        raise Untrusted("not a copy of an audit trail: its second line is not a key and no more")
    return key


def verify_exported(
    lines: Iterator[bytes], *, key: VerifierKey, kept: Iterable[str] = ()
) -> Verification:
    """Recompute every hash below the first two lines, and check the checkpoint at the end.

    What is wrong with the end, or with a checkpoint kept elsewhere, is told of the entry after the
    last that is covered. Raises Untrusted for a kept checkpoint that `key` did not sign.
    """
    claims = sorted((read_checkpoint(note, key) for note in kept), key=lambda claim: claim.size)
    frontier, leaves = Frontier(), _leaves(lines)
    try:
        for claim in claims:
            frontier = frontier.extend(islice(leaves, claim.size - frontier.size))
            _compare(frontier, claim, "a checkpoint kept elsewhere")
        frontier = frontier.extend(leaves)
        _compare(frontier, _last(lines, key, frontier.size), "its checkpoint")
    except _Wrong as wrong:
        return Verification(entries=wrong.flaw.seq - 1, root=frontier.root, flaw=wrong.flaw)
    return Verification(entries=frontier.size, root=frontier.root, flaw=None)


class _Wrong(Exception):  # noqa: N818 -- never leaves this module
    """The first entry that does not verify."""

    def __init__(self, seq: int, why: str) -> None:
        super().__init__(why)
        self.flaw = Flaw(seq=seq, why=why)


def _leaves(lines: Iterator[bytes]) -> Iterator[bytes]:
    """The leaf hashes of the entries, up to the empty line. Raises _Wrong."""
    prev, place = NO_ENTRY, 0
    for place, line in enumerate(lines, start=1):
        if line == b"\n":
            return
        body = line[_LEAF:-1]
        leaf = leaf_hash(body)
        if line[:_LEAF] != b"%s " % leaf.hex().encode() or line[-1:] != b"\n":
            raise _Wrong(place, "its bytes are not those that were hashed when it was written")
        if not body.startswith(opening(place, prev)):
            raise _Wrong(place, "it does not follow the entry before it")
        yield leaf
        prev = leaf
    raise _Wrong(place + 1, "is missing; the copy ends before its checkpoint")


def _compare(frontier: Frontier, claim: Checkpoint, whose: str) -> None:
    if claim.size > frontier.size:
        why = f"is missing; {whose} covers {claim.size} entries"
        raise _Wrong(frontier.size + 1, why)
    if (claim.size, claim.root) != (frontier.size, frontier.root):
        raise _Wrong(frontier.size, f"{whose} was signed over other entries up to here")


def _last(lines: Iterator[bytes], key: VerifierKey, size: int) -> Checkpoint:
    note = b"".join(lines).decode(errors="replace")
    try:
        return read_checkpoint(note, key)
    except Untrusted as flaw:
        raise _Wrong(size, f"the copy's checkpoint is not to be trusted: {flaw}") from flaw
