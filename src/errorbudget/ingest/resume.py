"""Has this file been taken in before, and how far? A file is known by the bytes it begins with."""

import hashlib
from collections.abc import Iterable
from typing import cast

from errorbudget.ingest.pieces import START, Hash, Place, Text, after
from errorbudget.request import Receipt

_BLOCK = 1 << 22


def known_prefix(text: Text, receipts: Iterable[Receipt]) -> tuple[Receipt | None, Place]:
    """The receipt of the longest known beginning of this file, and the place behind it."""
    found, place, at = None, START, START
    for receipt in sorted(receipts, key=lambda receipt: receipt.position):
        at = _forward(text, at, receipt.position)
        if at.position < receipt.position:
            break
        if at.hash.hexdigest() == receipt.key:
            found = receipt
            place = Place(position=at.position, line=receipt.line, hash=at.hash)
    return found, place


def _forward(text: Text, at: Place, position: int) -> Place:
    while at.position < position:
        block = text.read(min(_BLOCK, position - at.position))
        if not block:
            break
        at = after(at, block, 0)
    return at


def file_hash(text: Text) -> Hash:
    """The hash of a whole file."""
    running = cast("Hash", hashlib.sha256())
    while block := text.read(_BLOCK):
        running.update(block)
    return running
