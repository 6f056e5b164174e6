"""A postmortem as a file beside the code: written, brought in, and never overwritten unread."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from errorbudget.errors import Failure
from errorbudget.postmortem.document import read

Save = Callable[[str, str], dict[str, Any]]
"""Takes a text and the file's name, and tells the postmortem as it is then. Raises Failure."""

LARGEST: Final = 2**20
"""Bytes of a postmortem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What came of one file."""

    file: str
    id: str
    state: str
    """written, same, merged or unreadable."""
    told: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as printed."""
        return {"file": self.file, "id": self.id, "state": self.state, "told": list(self.told)}


def bring(file: Path, save: Save) -> Brought:
    """Bring what people wrote into a file to the program, and the program's data to the file.

    One that cannot be read, and one that changes meanwhile, stays as it is and is told of.
    """
    try:
        before = _bytes(file)
        text = before.decode()
        id_ = read(text, name=str(file)).id
        after = save(text, str(file))
        merged = str(after["markdown"]).encode()
        if merged == before:
            return Brought(file=str(file), id=id_, state="same")
        _replace(file, before, merged)
        return Brought(file=str(file), id=id_, state="merged", told=tuple(after["told"]))
    except UnicodeDecodeError as cause:
        line = before.count(b"\n", 0, cause.start) + 1  # pyright: ignore[reportPossiblyUnboundVariable]
        return _unreadable(file, f"{file}:{line}: is not UTF-8; it stays as it is")
    except Failure as failure:
        return _unreadable(file, *failure.lines)


def put(file: Path, told: dict[str, Any], save: Save) -> Brought:
    """Write a postmortem to a file; one that is there is brought in first. Raises Failure."""
    if file.exists():
        return bring(file, save)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        _written(file, str(told["markdown"]).encode())
    except OSError as cause:
        raise Failure(f"{file}: {cause.strerror}") from cause
    return Brought(file=str(file), id=told["id"], state="written")


def place(folder: Path, id_: str) -> Path:
    """Where a postmortem's file is."""
    return folder / f"{id_}.md"


def _unreadable(file: Path, *lines: str) -> Brought:
    return Brought(file=str(file), id="", state="unreadable", told=lines)


def _bytes(file: Path) -> bytes:
    try:
        found = file.read_bytes()
    except OSError as cause:
        raise Failure(f"{file}: {cause.strerror}") from cause
    if len(found) > LARGEST:
        raise Failure(f"{file}: is larger than {LARGEST >> 10} KiB")
    return found


def _replace(file: Path, before: bytes, after: bytes) -> None:
    if _bytes(file) != before:
        raise Failure(f"{file}: somebody changed it meanwhile; run this again")
    _written(file, after)


def _written(file: Path, content: bytes) -> None:
    """Whole or not at all; an editor that has it open sees it replaced."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
