"""What does a machine keep of its server, for when that does not answer?

Copies of signed documents, and records of what was decided without it. Both are files of this
machine's user, each written whole or not at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.store.files import put_json, read_json


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
        put_json(self._file(service), told)

    def of(self, service: str) -> Copy | None:
        """The copy of a service's document. Raises Failure for one that is damaged."""
        file = self._file(service)
        if not file.exists():
            return None
        told = read_json(file)
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
        put_json(file, record)
        return file

    def files(self) -> list[Path]:
        """The records that wait, oldest first."""
        return sorted(self._folder.glob("*.json"), key=lambda file: file.stat().st_mtime)
