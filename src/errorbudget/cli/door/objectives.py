"""Objective documents in force, signed by those who may, and their past."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from errorbudget import clock
from errorbudget.cli.options import Told
from errorbudget.errors import unreadable

if TYPE_CHECKING:
    from errorbudget.cli.door.wire import Wire
    from errorbudget.program.program import Program


class AtHome:
    """In the home itself."""

    def __init__(self, program: "Program") -> None:
        self._program = program
        self._objectives = program.objectives
        self._history = program.history

    def apply(self, file: Path) -> Told:
        """Put a document in force."""
        return self._objectives.apply(file, now=clock.now()).as_dict()

    def verify(self, file: Path) -> Told:
        """What `apply` would answer."""
        from errorbudget.program.objectives.signing import beside

        found = self._objectives.verify(
            _bytes(file), file, now=clock.now(), signatures=beside(file)
        )
        return found.as_dict()

    def history(self, service: str) -> Told:
        """The versions of a service's document, who signed them, what they judged."""
        return self._history.of(service)

    def in_force(self, service: str) -> Told:
        """The exact text of a service's document, and the signatures over it."""
        return self._program.offline.copy(service)

    def differences(self, new: Path, old: Path | None, digest: str) -> list[str]:
        """What a document changes against another, a version by its digest, or what binds."""
        before = None if old is None else _bytes(old)
        return self._program.differing.between(_bytes(new), str(new), old=before, digest=digest)


class OnServer:
    """On a server."""

    def __init__(self, wire: "Wire") -> None:
        self._wire = wire

    def apply(self, file: Path) -> Told:
        """Put a document in force."""
        return self._wire.post("/api/v1/documents", params={"name": str(file)}, **_sent(file))

    def verify(self, file: Path) -> Told:
        """What `apply` would answer."""
        asked = {"name": str(file), "dry_run": "true"}
        return self._wire.post("/api/v1/documents", params=asked, **_sent(file))

    def history(self, service: str) -> Told:
        """The versions of a service's document, who signed them, what they judged."""
        return self._wire.get("/api/v1/documents/history", service=service)

    def in_force(self, service: str) -> Told:
        """The exact text of a service's document, and the signatures over it."""
        return self._wire.get("/api/v1/documents/text", service=service)

    def differences(self, new: Path, old: Path | None, digest: str) -> list[str]:
        """What a document changes against another, a version by its digest, or what binds."""
        sent = {
            "document": _bytes(new).decode(errors="replace"),
            "old": None if old is None else _bytes(old).decode(errors="replace"),
            "digest": digest,
        }
        query = {"name": str(new)}
        where = "/api/v1/documents/differences"
        return self._wire.post(where, params=query, json=sent, patient=True)


def _sent(file: Path) -> dict[str, Any]:
    """The document with the signatures beside it; bytes that are no text go as they are."""
    from errorbudget.program.objectives.signing import beside

    body = _bytes(file)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return {"content": body}
    signatures = {role: signed.decode("ascii", "replace") for role, signed in beside(file).items()}
    return {"json": {"document": text, "signatures": signatures}}


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as cause:
        raise unreadable(file, cause) from cause
