"""Keeps what could not be read: the line, its number and the reason, in a file beside the home."""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import orjson

SHOWN: Final = 1_000
"""Characters kept of a rejected line: enough to see what is wrong with it."""


MOST: Final = 16 * 2**20
"""Bytes kept of what batches of a day had set aside: they show what is wrong, and fill no disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """One record that was set aside."""

    line: int
    reason: str
    text: str


def keep(file: Path, rejected: Iterable[Rejected], *, shown: bool = True) -> None:
    """Add records to the file, in the order of their lines; unless `shown`, without their text."""
    records = sorted(rejected, key=lambda record: record.line)
    if not records:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab") as out:
        out.writelines(
            orjson.dumps(
                {
                    "line": record.line,
                    "reason": record.reason,
                    "text": record.text[:SHOWN] if shown else "",
                },
                option=orjson.OPT_APPEND_NEWLINE,
            )
            for record in records
        )


def keep_some(file: Path, rejected: Iterable[Rejected], *, shown: bool = True) -> None:
    """Add records to the file of a day, unless it is full, or its disk is.

    The sender is told in any case: that is no reason to refuse what was taken.
    """
    with suppress(OSError):
        if not file.exists() or file.stat().st_size < MOST:
            keep(file, rejected, shown=shown)


def forget_before(folder: Path, day: date, *, of: str = "") -> None:
    """Drop the files of days before one; those whose names begin with `of`, where it is given."""
    for file in folder.glob(f"{of}*-????-??-??.ndjson"):
        with suppress(ValueError):
            if date.fromisoformat(file.stem[-10:]) < day:
                file.unlink(missing_ok=True)


def forget_after(file: Path, line: int) -> None:
    """Drop records of lines after `line`: a killed run wrote them, and they will be read again."""
    if not file.exists():
        return
    kept = [text for text in file.read_bytes().splitlines(keepends=True) if _line(text) <= line]
    if not kept:
        file.unlink()
        return
    new = file.with_suffix(".new")
    new.write_bytes(b"".join(kept))
    os.replace(new, file)  # noqa: PTH105 -- atomic on purpose


def _line(text: bytes) -> float:
    try:
        return orjson.loads(text)["line"]
    except orjson.JSONDecodeError:
        return float("inf")
