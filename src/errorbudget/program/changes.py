"""Changes to production, as they are told."""

from datetime import datetime

from errorbudget import clock
from errorbudget.change import Change, ChangeKind
from errorbudget.errors import Failure
from errorbudget.source import Source
from errorbudget.store.home import Home


class Changes:
    """What altered production, and when."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._seen: int | None = None

    def recognise(self, source: Source) -> list[Change]:
        """Record a deploy for every version that appeared in the traffic and nobody told of."""
        if self._seen is None:
            self._seen = self._home.changes.looked_up_to()
        found = source.appeared(self._seen)
        new = self._home.changes.appeared(found.versions, found.newest) if found.versions else []
        self._seen = found.newest
        return new

    def known(self, change: Change) -> Change | None:
        """What is stored under a change's id, for its service and environment."""
        return self._home.changes.get(change.id, change.service, change.environment)

    def record(self, change: Change, *, now: datetime) -> Change:
        """Store a change; told again, it takes the place of what was known of it."""
        if not change.service or not change.version:
            raise Failure("a change names a service and a version")
        if change.finished_at and change.finished_at < change.started_at:
            raise Failure(
                f"finished: {clock.text(change.finished_at)} is before the change started"
            )
        self._home.trail.append("change", change.as_dict(), now)
        return self._home.changes.record(change)


def kind_of(text: str) -> ChangeKind:
    """The kind that a word names. Raises Failure."""
    try:
        return ChangeKind(text)
    except ValueError as cause:
        kinds = ", ".join(ChangeKind)
        raise Failure(f"kind: {text!r} is not a kind of change; write one of {kinds}") from cause
