"""The audit trail, to be read and to be checked."""

from itertools import islice
from pathlib import Path
from typing import Any

from errorbudget.errors import Failure, Untrusted
from errorbudget.policy.audit import Entry
from errorbudget.store.home import Home


class AuditTrail:
    """Every document, correction, change and decision, in the order they were recorded."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def log(self, last: int = 0) -> list[dict[str, Any]]:
        """The last entries, or all, oldest first."""
        trail = self._home.trail
        after = max(trail.size() - last, 0) if last else 0
        return [_told(entry) for entry in islice(trail.entries(after=after), last or None)]

    def verify(self, kept: Path | None = None) -> dict[str, Any]:
        """How many entries verify, and their root. Raises Untrusted at the first that does not."""
        try:
            notes = [kept.read_text(encoding="utf-8")] if kept else []
        except (OSError, UnicodeDecodeError) as cause:
            raise Failure(f"{kept}: cannot be read as a checkpoint: {cause}") from cause
        found = self._home.trail.verify(notes)
        if found.flaw:
            raise Untrusted(str(found.flaw))
        return {"entries": found.entries, "root": found.root.hex()}


def _told(entry: Entry) -> dict[str, Any]:
    fields = entry.fields()
    return {
        "seq": entry.seq,
        "at": fields["at"],
        "kind": fields["kind"],
        "words": _words(fields["body"]),
        "body": fields["body"],
        "leaf": entry.leaf.hex(),
        "checkpoint": entry.checkpoint,
    }


def _words(body: dict[str, Any]) -> str:
    """One line of an entry for people: its reason where it has one, else whose it is."""
    told = body.get("decision")
    if isinstance(told, dict):
        return f"{body.get('service')} {body.get('change')}: {told.get('reason')}"  # pyright: ignore
    parts = (body.get(name) for name in ("service", "name", "version", "state", "reason", "id"))
    return " ".join(str(part) for part in parts if part)
