"""What format is this file? Told by what is in it, and by its name only when that does not tell."""

from pathlib import Path
from typing import Final, Literal, get_args

from errorbudget.errors import Failure
from errorbudget.ingest.access_log import looks_like
from errorbudget.ingest.pieces import LONGEST, Text
from errorbudget.ingest.tables import delimiter_of

Format = Literal["combined", "ndjson", "csv", "parquet"]

SAMPLED: Final = 1_000
"""Lines that tell what a file is."""

SAMPLED_BYTES: Final = 4 << 20
"""Fewer lines do, when they are long: they are all held in memory."""

_SUFFIXES: Final[dict[str, Format]] = {
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "ndjson",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
}
_PARQUET: Final = b"PAR1"
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


def sample(text: Text) -> list[bytes]:
    """The first lines of a file, without those that are empty or too long."""
    text.seek(0)
    lines, left = list[bytes](), SAMPLED_BYTES
    while left > 0 and len(lines) < SAMPLED and (line := text.readline(LONGEST)):
        lines.append(line)
        left -= len(line)
    whole = [line for line in lines if line.strip() and len(line) < LONGEST]
    if whole:
        whole[0] = whole[0].removeprefix(b"\xef\xbb\xbf")
    return whole


def format_of(path: Path, lines: list[bytes], form: str, *, logs: bool) -> Format:
    """The format asked for, or found. Raises Failure when there is none, or no log records."""
    found = _asked(form) or _found(path, lines)
    if found is None:
        raise Failure(
            f"{path}: cannot tell its format",
            _PLAIN if logs else "say which with --format: combined, ndjson, csv or parquet",
        )
    if logs and found in ("combined", "parquet"):
        raise Failure(f"{path}: log records cannot be read from {found}", _PLAIN)
    return found


_PLAIN: Final = (
    "--logs reads one JSON object a line with time, service, level, message and trace_id: "
    "plain text does not say which request a line belongs to"
)


def _asked(form: str) -> Format | None:
    if form == "auto":
        return None
    for known in get_args(Format):
        if form == known:
            return known
    raise Failure(f"--format {form}: unknown; write auto, combined, ndjson, csv or parquet")


def _found(path: Path, lines: list[bytes]) -> Format | None:
    first = lines[0] if lines else b""
    if first.startswith(_UTF16):
        raise Failure(f"{path}: is UTF-16; convert it first: iconv -f UTF-16 -t UTF-8")
    if first.startswith(_PARQUET):
        return "parquet"
    if first.lstrip().startswith(b"{"):
        return "ndjson"
    if looks_like(lines[:20]):
        return "combined"
    suffix = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    return _SUFFIXES.get(suffix.lower()) or ("csv" if _looks_like_csv(lines) else None)


def _looks_like_csv(lines: list[bytes]) -> bool:
    """Whether the first lines have the same delimiter the same number of times."""
    delimiter = delimiter_of(lines[0]).encode() if lines else b""
    counts = {line.count(delimiter) for line in lines[:5]} if delimiter else {0}
    return len(lines) > 1 and len(counts) == 1 and counts != {0}
