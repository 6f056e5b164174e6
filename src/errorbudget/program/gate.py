"""The gate: a decision is in the audit trail before anybody hears it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from errorbudget import clock
from errorbudget.change import Change, Diff
from errorbudget.errors import Failure
from errorbudget.objective.document import ObjectiveDocument, RiskClass
from errorbudget.policy.decision import Decision, decide
from errorbudget.policy.risk import classify
from errorbudget.program.book import Standing
from errorbudget.program.budgets import Budgets
from errorbudget.program.objectives import Objectives
from errorbudget.source import Source
from errorbudget.store.home import Home
from errorbudget.store.trail import Recorded

SERVED_WELL: Final = 100
"""Requests that a version must have served before going back to it counts as a rollback."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A decision on one change, and where it is recorded."""

    service: str
    change: str
    decision: Decision
    standings: tuple[Standing, ...]
    recorded: Recorded

    @property
    def exit_code(self) -> int:
        """What a shell is told: 0, 3, 4 or 5."""
        return self.decision.exit_code

    def as_dict(self) -> dict[str, Any]:
        """The answer as JSON has it."""
        return {
            "service": self.service,
            "change": self.change,
            **self.decision.as_dict(),
            "budgets": [standing.as_dict() for standing in self.standings],
            "entry": self.recorded.seq,
            "checkpoint": self.recorded.checkpoint,
        }


class Gate:
    """Between the deploy command and the deploy."""

    def __init__(
        self, home: Home, source: Source, objectives: Objectives, budgets: Budgets
    ) -> None:
        self._home = home
        self._source = source
        self._objectives = objectives
        self._budgets = budgets

    def check(
        self,
        service: str,
        change: str,
        *,
        at: datetime,
        now: datetime,
        diff: Diff | None = None,
        declared: RiskClass | None = None,
        known: Callable[[ObjectiveDocument], Sequence[Standing] | None] | None = None,
    ) -> Answer:
        """Decide on a change with the budgets as of `at`. Raises Failure for an unknown service.

        `known` gives a document's budgets where they were evaluated already.
        """
        document = self._budgets.document(service)
        ready = known(document) if known else None
        standings = tuple(ready or self._budgets.of([document], at=at))
        decision = decide(
            document,
            {standing.objective: standing.budget for standing in standings},
            classify(
                diff, document.risk, declared, proven=self._proven(service, change, declared, at)
            ),
            bound=self._objectives.in_force(document.name) is not None,
            now=at,
        )
        asked = {
            "service": service,
            "change": change,
            "as_of": clock.text(at),
            "policy": self._objectives.digest(document.name),
            "decision": decision.as_dict(),
        }
        recorded = self._home.trail.append("decision", asked, now)
        return Answer(
            service=service,
            change=change,
            decision=decision,
            standings=standings,
            recorded=recorded,
        )

    def _proven(
        self, service: str, change: str, declared: RiskClass | None, at: datetime
    ) -> frozenset[RiskClass]:
        """A rollback shows itself: its target served real traffic before what runs now did."""
        if declared is not RiskClass.ROLLBACK:
            return frozenset()
        seen = self._source.versions(service, at)
        before = {one.version for one in seen[:-1] if one.requests >= SERVED_WELL}
        return frozenset((RiskClass.ROLLBACK,)) if change in before else frozenset()

    def record_outcome(
        self, entry: int, exit_code: int, *, started_at: datetime, now: datetime
    ) -> dict[str, Any]:
        """What came of the command that a decision permitted; success altered production.

        Raises Failure when the entry of that number is no decision.
        """
        service, change = self.asked_for(entry)
        outcome = "succeeded" if exit_code == 0 else "failed"
        body = {
            "service": service,
            "change": change,
            "decided_by": entry,
            "outcome": outcome,
            "exit_code": exit_code,
        }
        self._home.trail.append("outcome", body, now)
        if exit_code == 0:
            self._home.changes.record(
                Change(
                    id=change,
                    service=service,
                    version=change,
                    started_at=started_at,
                    finished_at=now,
                )
            )
        return body

    def asked_for(self, entry: int) -> tuple[str, str]:
        """The service and the change that a decision was about. Raises Failure."""
        decision = next(self._home.trail.entries(after=entry - 1), None)
        fields = decision.fields() if decision and decision.seq == entry else {}
        if fields.get("kind") != "decision":
            raise Failure(f"entry {entry} of the audit trail is no decision")
        return fields["body"]["service"], fields["body"]["change"]


def declared_risk(text: str | None) -> RiskClass | None:
    """The risk class that `--risk` names. Raises Failure."""
    if text is None:
        return None
    try:
        return RiskClass(text)
    except ValueError as cause:
        classes = ", ".join(RiskClass)
        raise Failure(f"--risk: {text!r} is not a risk class; write one of {classes}") from cause


def diff_of(revisions: str | None) -> Diff | None:
    """What `--diff BASE..HEAD` alters in the repository of the current folder. Raises Failure."""
    from errorbudget.ingest import git

    return git.diff(revisions, repository=Path.cwd()) if revisions else None
