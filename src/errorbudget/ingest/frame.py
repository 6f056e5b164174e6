"""How does a batch lie in the journal? A line that says what follows, with a checksum; the rows."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

import orjson

_LONGEST_HEAD: Final = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows of one sender that are acknowledged together."""

    feed: str
    """Who vouches for being alive by sending."""
    rows: bytes
    """One JSON object a line, named by column; `time` is in microseconds since 1970."""
    key: str = ""
    """The sender's idempotency key: kept with the rows for good."""
    fingerprint: str = ""
    """By what the same batch is recognised soon after; empty where it is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Where the rows of a batch lie in a segment, and what is known of them."""

    feed: str
    key: str
    fingerprint: str
    start: int
    end: int


def encoded(batch: Batch) -> tuple[bytes, bytes]:
    """The head of a frame and its rows, to be written one after the other."""
    said = [len(batch.rows), batch.feed, batch.key, batch.fingerprint]
    head = {"frame": said, "crc": _checksum(said, batch.rows)}
    return orjson.dumps(head, option=orjson.OPT_APPEND_NEWLINE), batch.rows


def placed(batch: Batch, start: int) -> Frame:
    """The frame of a batch whose rows begin at `start`."""
    return Frame(
        feed=batch.feed,
        key=batch.key,
        fingerprint=batch.fingerprint,
        start=start,
        end=start + len(batch.rows),
    )


def frames(segment: BinaryIO) -> Iterator[Frame]:
    """The whole frames from the beginning of a segment; the first that is torn ends them."""
    while frame := _next(segment):
        yield frame


def _next(segment: BinaryIO) -> Frame | None:
    said = _said(segment.readline(_LONGEST_HEAD))
    if said is None:
        return None
    (length, feed, key, fingerprint), crc = said
    start = segment.tell()
    rows = segment.read(length)
    if len(rows) < length or _checksum([length, feed, key, fingerprint], rows) != crc:
        return None
    return placed(Batch(feed=feed, key=key, fingerprint=fingerprint, rows=rows), start)


def _said(head: bytes) -> tuple[tuple[int, str, str, str], int] | None:
    if not head.endswith(b"\n"):
        return None
    try:
        parsed = orjson.loads(head)
        length, feed, key, fingerprint = parsed["frame"]
        return (int(length), str(feed), str(key), str(fingerprint)), int(parsed["crc"])
    except (ValueError, TypeError, KeyError):
        return None


def _checksum(said: list[int | str], rows: bytes) -> int:
    return zlib.crc32(rows, zlib.crc32(orjson.dumps(said)))
