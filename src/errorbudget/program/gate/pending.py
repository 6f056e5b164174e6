"""What waits for an answer, what was put off, and what is to be reviewed?"""

import json
from datetime import datetime
from typing import Any

from errorbudget import clock
from errorbudget.objective.document import RiskClass
from errorbudget.policy.approval import Says, backing
from errorbudget.program.budgets.budgets import Budgets
from errorbudget.program.gate.gate import least
from errorbudget.program.gate.statements import moment_of
from errorbudget.program.objectives.objectives import Objectives
from errorbudget.store.decided import Decided
from errorbudget.store.home import Home


class Pending:
    """Changes that the gate held up or that are to be looked at again."""

    def __init__(self, home: Home, objectives: Objectives, budgets: Budgets) -> None:
        self._home = home
        self._objectives = objectives
        self._budgets = budgets

    def read(self, service: str | None, *, now: datetime) -> list[dict[str, Any]]:
        """Every change that waits, was answered about or is to be reviewed, the newest first."""
        if service is not None:
            self._budgets.document(service)
        rows = (self._row(one, now) for one in self._home.decisions.all(service))
        return [row for row in rows if row]

    def _row(self, decided: Decided, now: datetime) -> dict[str, Any] | None:
        body = json.loads(decided.body)
        decision, subject = body["decision"], decided.subject
        shipped = self._home.decisions.shipped(subject)
        done = shipped is not None and shipped.at >= decided.decided_at
        is_critical = decision["risk"]["counts_as"] == RiskClass.CRITICAL
        answers = self._home.decisions.answers(decided.digest)
        if not (is_critical or (not done and (answers or decision["decision"] != "allow"))):
            return None
        document = self._budgets.document(subject.service)
        at = moment_of(body, decided, now)
        standings = self._budgets.of([document], at=at)
        backed = backing(
            answers,
            digest=decided.digest,
            policy=self._objectives.digest(document.name),
            remaining=least(standings),
            now=now,
        )
        rule = document.policy.approval if document.policy else None
        needed = 1 if is_critical or rule is None else rule.needed
        approved = "approved" if len(backed.roles) >= needed else ""
        answered = "declined" if backed.declined else approved
        # What was declined is listed until it ships, also when it may be asked about again.
        deferred = [one for one in answers if one.statement.says is Says.DECLINE]
        state = "void" if backed.void else "deferred" if deferred else "waiting"
        state = "shipped" if done else answered or state
        return {
            "service": subject.service,
            "environment": subject.environment,
            "change": subject.change,
            "state": state,
            "decision": decision["decision"],
            "reason": decision["reason"],
            "entry": decided.entry,
            "askings": decided.askings,
            "asked_by": self._home.decisions.askers(decided.digest),
            "answers": [one.as_dict() for one in answers],
            "void": [{"id": one.statement.id, "why": why} for one, why in backed.void],
            "review": is_critical,
            "shipped": clock.text(shipped.at) if shipped and done else None,
        }
