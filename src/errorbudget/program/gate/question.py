"""What the gate is asked, what it weighs, and what it answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from errorbudget import clock
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.policy.decision import Decision
from errorbudget.program.budgets.book import Standing
from errorbudget.program.gate.asking import Question
from errorbudget.store.decided import Decided, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A decision on one change, and where it is recorded."""

    service: str
    change: str
    decision: Decision
    standings: tuple[Standing, ...]
    recorded: Decided | None
    """None for a dry run, which leaves nothing behind."""

    @property
    def exit_code(self) -> int:
        """What a shell is told: 0, 3, 4 or 5."""
        return self.decision.exit_code

    def as_dict(self) -> dict[str, Any]:
        """The answer as JSON has it."""
        recorded = self.recorded
        return {
            "service": self.service,
            "change": self.change,
            **self.decision.as_dict(),
            "budgets": [standing.as_dict() for standing in self.standings],
            "entry": recorded.entry if recorded else None,
            "checkpoint": recorded.checkpoint if recorded else None,
            "askings": recorded.askings if recorded else 0,
            "decided": clock.text(recorded.decided_at) if recorded else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A decision, and what it was made from."""

    document: ObjectiveDocument
    question: Question
    policy: str
    digest: str
    decision: Decision
    standings: tuple[Standing, ...]
    as_of: datetime
    recalled: Mapping[str, Any] | None = None
    """The facts of a diff that an earlier asking told."""

    @property
    def subject(self) -> Subject:
        """What it is about."""
        return Subject(
            service=self.question.service,
            environment=self.document.environment,
            change=self.question.change,
        )

    @property
    def same(self) -> str:
        """Digest of all that may not differ for an earlier decision to stand."""
        decision, risk = self.decision, self.decision.risk
        facts = (
            self.digest,
            self.policy,
            decision.decision,
            decision.reason_code,
            decision.band,
            (risk.risk_class, risk.rules, risk.files, risk.because),
            [(one.objective, one.beside.alert) for one in decision.budgets],
            [one.statement.id for one in decision.approvals],
        )
        return sha256(json.dumps(facts).encode()).hexdigest()

    def answer(self, recorded: Decided | None) -> Answer:
        """What is told; asking again does not make an allow last longer."""
        decision = self.decision
        if recorded:
            decision = replace(decision, expires_at=recorded.expires_at)
        return Answer(
            service=self.question.service,
            change=self.question.change,
            decision=decision,
            standings=self.standings,
            recorded=recorded,
        )

    def body(self) -> dict[str, Any]:
        """What the trail keeps of it."""
        diff = self.question.diff
        return {
            "service": self.question.service,
            "environment": self.document.environment,
            "change": self.question.change,
            "asked_by": list(self.question.by),
            "as_of": clock.text(self.as_of),
            "policy": self.policy,
            "digest": self.digest,
            "diff": diff.summary() if diff else self.recalled,
            "decision": self.decision.as_dict(),
        }

    def decided(
        self, body: Mapping[str, Any], same: str, entry: int, checkpoint: str, now: datetime
    ) -> Decided:
        """What is remembered of it, once it is in the trail."""
        return Decided(
            subject=self.subject,
            same=same,
            digest=self.digest,
            entry=entry,
            checkpoint=checkpoint,
            body=json.dumps(body, separators=(",", ":")).encode(),
            askings=1,
            decided_at=now,
            expires_at=self.decision.expires_at,
        )
