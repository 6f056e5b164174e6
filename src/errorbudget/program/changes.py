"""Changes to production, as they are told."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from errorbudget import clock
from errorbudget.change import Change, ChangeKind, Origin
from errorbudget.errors import Failure
from errorbudget.source import Source
from errorbudget.store.home import Home

AGAIN: Final = timedelta(minutes=10)
"""Within which the same, told without an id and without a time, is the same change told again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What somebody says of a change; the moment it is told is when it started unless they say."""

    service: str
    version: str
    id: str = ""
    key: str = ""
    """The sender's, which a sender that tries again sends again."""
    kind: ChangeKind = ChangeKind.DEPLOY
    environment: str = ""
    started: datetime | None = None
    finished: datetime | None = None

    def change(self, now: datetime) -> Change:
        """The change that is told of."""
        started = self.started or now
        return Change(
            id=self.id or f"{self.service}@{self.version}@{self.key or clock.text(started)}",
            service=self.service,
            version=self.version,
            kind=self.kind,
            environment=self.environment,
            started_at=started,
            finished_at=self.finished,
        )


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

    def tell(self, telling: Telling, *, now: datetime) -> Change:
        """Store a change once, however often it is told; as it is stored. Raises Failure.

        One that is told by its id takes the place of what was known of it. One without is known by
        the sender's key, and without either by saying what was said last, and just now: only the
        end of it is news then.
        """
        change = telling.change(now)
        if telling.id:
            return self.record(change, now=now)
        if telling.key:
            known = self._home.changes.get(change.id, change.service, change.environment)
            return known or self.record(change, now=now)
        known = None if telling.started else self._told_just_now(change)
        if known is None:
            return self.record(change, now=now)
        if change.finished_at in (None, known.finished_at):
            return known
        return self.record(replace(known, finished_at=change.finished_at), now=now)

    def _told_just_now(self, change: Change) -> Change | None:
        """The same change, where it is the last one of its kind and place, and not old."""
        since, place = change.started_at - AGAIN, (change.kind, change.environment)
        of_the_kind = [
            one
            for one in self._home.changes.list(change.service, since=since)
            if (one.kind, one.environment) == place
        ]
        last = of_the_kind[-1] if of_the_kind else None
        is_same = last and last.version == change.version and last.origin is Origin.TOLD
        return last if is_same else None

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
