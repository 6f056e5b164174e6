"""The audit trail, to be read and to be checked."""

from functools import partial
from itertools import islice
from typing import Any, Final

from errorbudget.errors import Untrusted
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

    def decisions(self, service: str | None = None, last: int = 50) -> list[dict[str, Any]]:
        """The last decisions, of a service or of all, oldest first."""
        found = list[dict[str, Any]]()
        end = self._home.trail.size()
        while end > 0 and len(found) < last:
            start = max(end - _PAGE, 0)
            page = islice(self._home.trail.entries(after=start), end - start)
            found = [*filter(partial(_decides, service), map(_told, page)), *found]
            end = start
        return found[-last:]

    def verify(self, *kept: str) -> dict[str, Any]:
        """How many entries verify, and their root, also against checkpoints kept elsewhere.

        Raises Untrusted at the first that does not.
        """
        found = self._home.trail.verify(kept)
        if found.flaw:
            raise Untrusted(str(found.flaw))
        return {"entries": found.entries, "root": found.root.hex()}


_PAGE: Final = 1_000


def _decides(service: str | None, entry: dict[str, Any]) -> bool:
    return entry["kind"] == "decision" and service in (None, entry["body"]["service"])


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
    if "outcome" in body:
        return f"{body['service']} {body['change']} {body['outcome']} (exit {body['exit_code']})"
    parts = (body.get(name) for name in ("service", "name", "version", "state", "reason", "id"))
    return " ".join(str(part) for part in parts if part)
