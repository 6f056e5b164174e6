"""What came of what a decision permitted: a command that succeeded altered production."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from errorbudget import clock
from errorbudget.change import Change, Origin
from errorbudget.errors import Failure
from errorbudget.policy.reconciliation import Deploy, version_of
from errorbudget.store.decided import Shipped, Subject
from errorbudget.store.home import Home

OF_NOW: Final = timedelta(minutes=15)
"""A decision as of a moment further away than this from when it was asked permits no deploy."""


@dataclass(frozen=True, slots=True)
class _Decision:
    """A decision as the trail has it."""

    entry: int
    at: datetime
    body: Mapping[str, Any]

    @property
    def subject(self) -> Subject:
        return Subject(
            service=self.body["service"],
            environment=self.body.get("environment", ""),
            change=self.body["change"],
        )

    @property
    def revision(self) -> str:
        return (self.body.get("diff") or {}).get("head", "")


class Outcomes:
    """Deploys that were asked about, and what became of them."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def record(
        self, entry: int, exit_code: int, *, started_at: datetime, now: datetime
    ) -> dict[str, Any]:
        """What came of the command that a decision permitted; success altered production.

        `covered` says whether the decision permitted this very deploy: an allow as of then that
        had not expired when it began, and that no earlier deploy had used up. Raises Failure when
        the entry of that number is no decision.
        """
        decided = self._decision(entry)
        subject = decided.subject
        body = {
            "service": subject.service,
            "environment": subject.environment,
            "change": subject.change,
            "decided_by": entry,
            "outcome": "succeeded" if exit_code == 0 else "failed",
            "exit_code": exit_code,
            "covered": self._covers(decided, started_at),
        }
        self._home.trail.append("outcome", body, now)
        if exit_code == 0:
            self._ship(decided, started_at, now)
        return body

    def asked_for(self, entry: int) -> tuple[str, str]:
        """The service and the change that a decision was about. Raises Failure."""
        subject = self._decision(entry).subject
        return subject.service, subject.change

    def _covers(self, decided: _Decision, started_at: datetime) -> bool:
        decision = decided.body["decision"]
        shipped = self._home.decisions.shipped(decided.subject)
        if decision["decision"] != "allow" or (shipped and shipped.entry == decided.entry):
            return False
        if abs(clock.parse(decided.body["as_of"]) - decided.at) > OF_NOW:
            return False
        expires = decision.get("expires")
        return expires is None or started_at <= clock.parse(expires)

    def _ship(self, decided: _Decision, started_at: datetime, now: datetime) -> None:
        subject, revision = decided.subject, decided.revision
        known = self._home.changes.list(subject.service)
        change = Change(
            id=subject.change,
            service=subject.service,
            version=_version(known, subject),
            environment=subject.environment,
            started_at=started_at,
            finished_at=now,
        )
        seen = [one for one in known if one.origin is Origin.TRAFFIC]
        shipped = Shipped(
            subject=subject,
            digest=decided.body.get("digest", ""),
            revision=revision,
            entry=decided.entry,
            at=now,
        )
        self._home.decisions.ship(shipped)
        # Traffic may have named the new version while the command still ran: that is this deploy.
        self._home.changes.record(version_of(Deploy(change, revision), seen))

    def _decision(self, entry: int) -> _Decision:
        found = next(self._home.trail.entries(after=entry - 1), None)
        fields = found.fields() if found and found.seq == entry else {}
        if fields.get("kind") != "decision":
            raise Failure(f"entry {entry} of the audit trail is no decision")
        return _Decision(entry, clock.parse(fields["at"]), fields["body"])


def _version(known: Sequence[Change], subject: Subject) -> str:
    """What a change brought when it was deployed before; its own name where nobody knows."""
    about = subject.environment, subject.change
    before = (one.version for one in known if (one.environment, one.id) == about)
    return next(before, subject.change)
