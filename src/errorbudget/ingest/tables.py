"""Reads CSV: each row becomes one JSON object of texts under the names of the header."""

import csv
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

import orjson

from errorbudget.errors import Failure
from errorbudget.ingest.mapping import Type, guess
from errorbudget.ingest.pieces import LONGEST, START, Piece, Place, Text, after
from errorbudget.ingest.rejected import SHOWN, Rejected

_DELIMITERS: Final = ",;\t|"


def delimiter_of(header: bytes) -> str:
    """What parts the names of a header line."""
    return max(_DELIMITERS, key=lambda delimiter: header.count(delimiter.encode()))


SAMPLED: Final = 1_000
SAMPLED_BYTES: Final = 4 << 20
"""Rows that tell which columns are numbers: fewer when they are long."""

_FARTHEST: Final = 16 << 20
"""Bytes within which a quoted field must end; a quote that nothing closes there is a stray one."""

csv.field_size_limit(LONGEST)


@dataclass(slots=True)
class _Lines:
    """The lines of a file as texts, remembering the bytes of those not yet accounted for."""

    text: Text
    pending: list[bytes] = field(default_factory=list[bytes])
    too_long: bool = False
    ended: bool = False
    """No line is left; a row that comes after that is one whose quoted field nothing closed."""
    _size: int = 0
    _again: deque[bytes] = field(default_factory=deque[bytes])

    def __iter__(self) -> Iterator[str]:
        while line := self._take():
            if self._size <= LONGEST and (len(line) < LONGEST or line.endswith(b"\n")):
                yield line.decode("utf-8", "surrogateescape")
                continue
            self.too_long = True
            within = len(self.pending) > 1
            self._pass_over(line, quoted=within ^ line.count(b'"') % 2)
            # What was not shown of the record is not needed; a quoted field is closed for it.
            yield '"\n' if within else "\n"
        self.ended = True

    def _take(self) -> bytes:
        line = self._again.popleft() if self._again else self.text.readline(LONGEST)
        if line:
            self.pending.append(line)
            self._size += len(line)
        return line

    def _pass_over(self, line: bytes, *, quoted: int) -> None:
        """Go to the end of a record that is too long; of one that has none, to that of its line."""
        while line and (quoted or not line.endswith(b"\n")):
            line = self._take() if not quoted or self._size <= _FARTHEST else b""
            quoted ^= line.count(b'"') % 2
        if quoted:
            ends = (n for n, part in enumerate(self.pending, 1) if part.endswith(b"\n"))
            first = next(ends, len(self.pending))
            self._again.extendleft(reversed(self.pending[first:]))
            del self.pending[first:]

    def account(self) -> tuple[bytes, int]:
        """The bytes read since the last call, and how many lines they are."""
        data = b"".join(self.pending)
        self.pending.clear()
        self._size = 0
        return data, data.count(b"\n") + (not data.endswith(b"\n") and bool(data))


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A CSV file: its columns, how they are parted, and where its rows begin."""

    names: tuple[str, ...]
    delimiter: str
    begin: Place
    types: dict[str, Type]


def table(text: Text, path: Path) -> Table:
    """What the header and the first rows say. Raises Failure when there are no usable names."""
    text.seek(0)
    first = text.readline(LONGEST).removeprefix(b"\xef\xbb\xbf")
    delimiter = delimiter_of(first)
    text.seek(0)
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=delimiter)
    names = _names(next(reader, []), path)
    data, count = lines.account()
    seen: dict[str, list[object]] = {name: [] for name in names}
    for row in _sampled(reader, lines):
        for name, value in zip(names, row, strict=False):
            seen[name].append(value)
    return Table(
        names=names,
        delimiter=delimiter,
        begin=after(START, data, count),
        types={name: guess(values) for name, values in seen.items()},
    )


def _sampled(reader: Iterator[list[str]], lines: _Lines) -> Iterator[list[str]]:
    left = SAMPLED_BYTES
    try:
        for row in islice(reader, SAMPLED):
            left -= len(lines.account()[0])
            if left < 0:
                return
            yield row
    except csv.Error:
        return


def _names(header: list[str], path: Path) -> tuple[str, ...]:
    names = [name.strip().removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}") for name in header]
    named = tuple(name or f"column_{index + 1}" for index, name in enumerate(names))
    if not any(names):
        raise Failure(f"{path}:1: no header: the first line must name the columns")
    if twice := [name for name in named if named.count(name) > 1]:
        raise Failure(f"{path}:1: the column {twice[0]!r} is there twice: rename one of them")
    return named


def pieces(text: Text, start: Place, size: int, table: Table) -> Generator[Piece]:
    """The rows after `start` as JSON lines, in pieces of about `size` bytes of the file."""
    at = start if start.position else table.begin
    text.seek(at.position)
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=table.delimiter)
    held = _Held(at)
    while (row := _next(reader, lines)) is not None:
        data, count = lines.account()
        if held.taken and (lines.ended or not data.endswith(b"\n")):
            yield held.piece()
            held = _Held(held.end)
        held.add(_OPEN if lines.ended else row, data, count, table.names)
        if held.taken >= size:
            yield held.piece()
            held = _Held(held.end)
    if held.taken:
        yield held.piece()


_OPEN: Final = "the file ends within a quoted field"


def _next(reader: Iterator[list[str]], lines: _Lines) -> list[str] | str | None:
    """The next row, the reason why there is none to read, or None at the end."""
    try:
        row = next(reader)
    except StopIteration:
        return None
    except csv.Error as cause:
        return f"not CSV: {cause}"
    if lines.too_long:
        lines.too_long = False
        return f"longer than {LONGEST >> 20} MiB"
    return row


class _Held:
    """The piece in the making: a JSON line a row, and empty ones for the row's further lines."""

    def __init__(self, begin: Place) -> None:
        self.end = begin
        self.taken = 0
        self._first_line = begin.line + 1
        self._out: list[bytes] = []
        self._rejected: list[Rejected] = []
        self._unfinished = False

    def add(self, row: list[str] | str, data: bytes, lines: int, names: tuple[str, ...]) -> None:
        """Put a row into the piece, or set it aside with the reason."""
        record = row if isinstance(row, str) else _record(row, data, names)
        if isinstance(record, str):
            shown = data[:SHOWN].decode("utf-8", "backslashreplace").rstrip("\r\n")
            line = self.end.line + 1
            self._rejected.append(Rejected(line=line, reason=record, text=shown))
        self._out.append(b"" if isinstance(record, str) else record)
        self._out.extend([b""] * (lines - 1))
        self.end = after(self.end, data, lines)
        self.taken += len(data)
        self._unfinished = not data.endswith(b"\n")

    def piece(self) -> Piece:
        """The rows so far."""
        return Piece(
            data=b"\n".join(self._out) + b"\n",
            first_line=self._first_line,
            end=self.end,
            rejected=self._rejected,
            unfinished=self._unfinished,
        )


def _record(row: list[str], data: bytes, names: tuple[str, ...]) -> bytes | str:
    """A row as JSON, or the reason why it is none."""
    if not row:
        return b""
    if b"\0" in data:
        return "contains a NUL byte: the file was damaged, or is not text"
    if len(row) != len(names):
        return f"{len(row)} fields where the header has {len(names)}"
    record: dict[str, object] = {
        name: value for name, value in zip(names, row, strict=True) if value
    }
    if "attributes" in record:
        record["attributes"] = _attributes(record["attributes"])
    try:
        return orjson.dumps(record)
    except orjson.JSONEncodeError:
        return "not UTF-8 text"


def _attributes(text: object) -> object:
    try:
        return orjson.loads(str(text))
    except orjson.JSONDecodeError:
        return text
