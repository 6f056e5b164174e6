"""What does a machine keep of its server, for when that does not answer?

Copies of signed documents, and records of what was decided without it. Both are files of this
machine's user, each written whole or not at all.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from errorbudget import clock
from errorbudget.errors import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A document as a server had it in force, and the signatures over it."""

    document: bytes
    signatures: Mapping[str, bytes]
    """Files of signatures, by role."""
    checkpoint: str
    """Of the server's trail when it was copied; empty for an empty trail."""
    kept_at: datetime


class Copies:
    """The copies of one server's documents, by service."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder / "copies" / sha256(url.rstrip("/").encode()).hexdigest()[:16]

    def keep(self, service: str, copy: Copy) -> None:
        """Put a copy in place of the one before. Raises Failure."""
        told = {
            "document": copy.document.decode(),
            "signatures": {role: text.decode() for role, text in copy.signatures.items()},
            "checkpoint": copy.checkpoint,
            "kept": clock.text(copy.kept_at),
        }
        _put(self._file(service), told)

    def of(self, service: str) -> Copy | None:
        """The copy of a service's document. Raises Failure for one that is damaged."""
        file = self._file(service)
        if not file.exists():
            return None
        told = read_record(file)
        try:
            return Copy(
                document=str(told["document"]).encode(),
                signatures={role: str(text).encode() for role, text in told["signatures"].items()},
                checkpoint=str(told["checkpoint"]),
                kept_at=clock.parse(told["kept"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as cause:
            raise Failure(f"{file}: is no copy of a document; delete it") from cause

    def _file(self, service: str) -> Path:
        # A service may be called anything, and a file not.
        return self._folder / f"{sha256(service.encode()).hexdigest()[:32]}.json"


class Spool:
    """Records of one machine that its server is to hear of."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "offline"

    def put(self, record: Mapping[str, Any]) -> Path:
        """Keep a record by its `id`, on disk when this returns. Raises Failure."""
        file = self._folder / f"{record['id']}.json"
        _put(file, record)
        return file

    def files(self) -> list[Path]:
        """The records that wait, oldest first."""
        return sorted(self._folder.glob("*.json"), key=lambda file: file.stat().st_mtime)


def read_record(file: Path) -> dict[str, Any]:
    """What a file of this machine says. Raises Failure."""
    try:
        told = json.loads(file.read_bytes())
    except OSError as cause:
        raise Failure(f"{file}: cannot be read: {cause.strerror}") from cause
    except ValueError as cause:
        raise Failure(f"{file}: is not the JSON that was written there; delete it") from cause
    if not isinstance(told, dict):
        raise Failure(f"{file}: is not a JSON object")
    return told  # pyright: ignore[reportUnknownVariableType] -- keys of a JSON object are text


def _put(file: Path, told: Mapping[str, Any]) -> None:
    half = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(json.dumps(told, indent=1).encode())
            out.flush()
            os.fsync(out.fileno())
        half.replace(file)
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as cause:
        raise Failure(f"{file}: cannot be written: {cause.strerror}") from cause
    finally:
        with suppress(OSError):
            half.unlink()
