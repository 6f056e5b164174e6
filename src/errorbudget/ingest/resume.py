"""Has this file been taken in before, and how far? A file is known by the bytes it begins with."""

import hashlib
from collections.abc import Iterable
from typing import cast

from errorbudget.ingest.pieces import START, Hash, Place, Text, after
from errorbudget.request import Receipt

_BLOCK = 1 << 22


def known_prefix(text: Text, receipts: Iterable[Receipt]) -> tuple[Receipt | None, Place, bool]:
    """The receipt of the longest known beginning of this file, and the place behind it.

    The last is whether that beginning is torn: the file now goes on within its last line.
    """
    found, place, ended = None, START, True
    at, last = START, b"\n"
    for receipt in sorted(receipts, key=lambda receipt: receipt.position):
        at, last = _forward(text, at, last, receipt.position)
        if at.position < receipt.position:
            break
        if at.hash.hexdigest() == receipt.key:
            found, ended = receipt, last == b"\n"
            place = Place(position=at.position, line=receipt.line, hash=at.hash)
    return found, place, not ended and _goes_on(text, place)


def _goes_on(text: Text, place: Place) -> bool:
    text.seek(place.position)
    return bool(text.read(1))


def _forward(text: Text, at: Place, last: bytes, position: int) -> tuple[Place, bytes]:
    while at.position < position:
        block = text.read(min(_BLOCK, position - at.position))
        if not block:
            break
        at, last = after(at, block, 0), block[-1:]
    return at, last


def file_hash(text: Text) -> Hash:
    """The hash of a whole file."""
    running = cast("Hash", hashlib.sha256())
    while block := text.read(_BLOCK):
        running.update(block)
    return running
