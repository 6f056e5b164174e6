"""Reads a text file in pieces of whole lines, and makes each piece safe to hand to SQL."""

import hashlib
import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from gzip import BadGzipFile, GzipFile
from pathlib import Path
from typing import BinaryIO, Final, Protocol, cast

import numpy as np

from errorbudget.errors import Failure
from errorbudget.ingest.rejected import SHOWN, Rejected

LONGEST: Final = 1 << 20
"""Bytes of the longest line that is read as a record; what is longer is set aside."""

_GZIP: Final = b"\x1f\x8b"
_BOM: Final = b"\xef\xbb\xbf"


class Hash(Protocol):
    """A running SHA-256."""

    def update(self, data: bytes, /) -> None:
        """Take in more bytes."""
        ...

    def copy(self) -> "Hash":
        """The same, to go on apart."""
        ...

    def hexdigest(self) -> str:
        """The hash of the bytes so far."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How far a file has been read: bytes, lines, and the hash of those bytes."""

    position: int
    line: int
    hash: Hash


START: Final = Place(position=0, line=0, hash=cast("Hash", hashlib.sha256()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some whole lines of a file, as UTF-8 with line feeds, and where the file goes on."""

    data: bytes
    first_line: int
    end: Place
    rejected: list[Rejected]
    unfinished: bool = False
    """The file ends within this, its last line: it may be half of what the sender is writing."""


class Text:
    """A text file, unpacked when it is gzip; `done` tells how much of the file on disk was read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO = path.open("rb")
        packed = self._file.read(2) == _GZIP
        self._file.seek(0)
        self._stream = cast("BinaryIO", GzipFile(fileobj=self._file)) if packed else self._file
        self.total = os.fstat(self._file.fileno()).st_size

    def __enter__(self) -> "Text":
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self._file.close()

    def done(self) -> int:
        """Bytes of the file on disk read so far."""
        return self._file.tell()

    def seek(self, position: int) -> None:
        """Go on from a position in the text."""
        self._stream.seek(position)

    def read(self, size: int) -> bytes:
        """The next bytes. Raises Failure when the file is damaged."""
        return self._reading(lambda: self._stream.read(size))

    def readline(self, size: int) -> bytes:
        """The next line, or as much of it as `size`. Raises Failure when the file is damaged."""
        return self._reading(lambda: self._stream.readline(size))

    def _reading(self, read: Callable[[], bytes]) -> bytes:
        try:
            return read()
        except (BadGzipFile, EOFError, zlib.error) as cause:
            raise Failure(
                f"{self.path}: the gzip data is damaged or cut off ({cause})",
                "what came before is stored; send the whole file, and only the rest is added",
            ) from cause


def pieces(text: Text, start: Place, size: int) -> Iterator[Piece]:
    """The lines after `start` in pieces of about `size` bytes; an unfinished last one alone."""
    text.seek(start.position)
    at, carried = start, b""
    while block := text.read(size):
        buffer = carried + block
        cut = buffer.rfind(b"\n") + 1
        carried = buffer[cut:]
        if cut:
            piece = _piece(buffer[:cut], at)
        elif len(carried) > LONGEST:
            piece, carried = _too_long(text, carried, at, size), b""
        else:
            continue
        yield piece
        at = piece.end
    if carried:
        yield _piece(carried, at, unfinished=True)


def _piece(data: bytes, at: Place, *, unfinished: bool = False) -> Piece:
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    lines = len(ends) + unfinished
    longest = int(np.diff(ends, prepend=-1, append=len(data)).max())
    safe, rejected = _safe(data, at.line + 1, longest)
    return Piece(
        data=safe,
        first_line=at.line + 1,
        end=after(at, data, lines),
        rejected=rejected,
        unfinished=unfinished,
    )


def after(at: Place, data: bytes, lines: int) -> Place:
    """The place behind some more bytes."""
    running = at.hash.copy()
    running.update(data)
    return Place(position=at.position + len(data), line=at.line + lines, hash=running)


def _too_long(text: Text, beginning: bytes, at: Place, size: int) -> Piece:
    """Pass over a line that would not fit into memory; its end is where the next piece begins."""
    shown, end = beginning[:SHOWN], after(at, beginning, 0)
    while block := text.readline(size):
        end = after(end, block, 0)
        if block.endswith(b"\n"):
            break
    end = after(end, b"", 1)
    return Piece(
        data=b"\n",
        first_line=end.line,
        end=end,
        rejected=[_rejected(end.line, _TOO_LONG, shown)],
    )


_TOO_LONG: Final = f"longer than {LONGEST >> 20} MiB"
_NOT_UTF8: Final = "not UTF-8 text"
_NUL: Final = "contains a NUL byte: the file was damaged, or is not text"


def _safe(data: bytes, first_line: int, longest: int) -> tuple[bytes, list[Rejected]]:
    """The same lines, with those that SQL cannot read blanked out and set aside."""
    if first_line == 1:
        data = data.removeprefix(_BOM)
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b" ")
    if longest <= LONGEST and b"\0" not in data and is_utf8(data):
        return data, []
    lines, rejected = data.split(b"\n"), list[Rejected]()
    for index, line in enumerate(lines):
        if reason := _unreadable(line):
            rejected.append(_rejected(first_line + index, reason, line))
            lines[index] = b""
    return b"\n".join(lines), rejected


def _unreadable(line: bytes) -> str:
    if len(line) > LONGEST:
        return _TOO_LONG
    if b"\0" in line:
        return _NUL
    return "" if is_utf8(line) else _NOT_UTF8


def _rejected(line: int, reason: str, text: bytes) -> Rejected:
    shown = text[:SHOWN].decode("utf-8", "backslashreplace")
    return Rejected(line=line, reason=reason, text=shown)


def is_utf8(data: bytes) -> bool:
    """Whether bytes are UTF-8 text."""
    if data.isascii():
        return True
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
