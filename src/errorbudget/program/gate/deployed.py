"""Which version of a service is deployed, as far as the program knows?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from errorbudget import clock
from errorbudget.change import Change, ChangeKind
from errorbudget.store.decided import Subject
from errorbudget.store.home import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """The version that a service runs."""

    version: str
    revision: str
    """The commit that it was made from; empty where nobody told."""
    since: datetime

    @property
    def names(self) -> tuple[str, ...]:
        """What it may be known by in a repository, the surest first."""
        return tuple(name for name in (self.revision, self.version) if name)

    def as_dict(self) -> dict[str, Any]:
        """The version as JSON has it."""
        since = clock.text(self.since)
        return {"version": self.version, "revision": self.revision, "since": since}


def deployed(home: Home, service: str, environment: str, at: datetime) -> Deployed | None:
    """The version of the last deploy that had begun; None where no deploy is known of."""
    past = (
        change
        for change in reversed(home.changes.list(service))
        if change.started_at <= at and _alters(change, environment)
    )
    last = next(past, None)
    if last is None:
        return None
    subject = Subject(service=service, environment=environment, change=last.id)
    shipped = home.decisions.shipped(subject)
    return Deployed(
        version=last.version,
        revision=shipped.revision if shipped else "",
        since=last.started_at,
    )


def _alters(change: Change, environment: str) -> bool:
    where = change.environment
    return change.kind is ChangeKind.DEPLOY and (
        not where or not environment or where == environment
    )
