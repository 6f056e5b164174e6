"""What waits for an answer, what was put off, and what is to be reviewed?"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from shlex import quote
from typing import Any

from errorbudget import clock
from errorbudget.objective.document import ObjectiveDocument, RiskClass
from errorbudget.policy.approval import Backing, Given, Says, backing
from errorbudget.policy.permission import joined
from errorbudget.program.budgets.budgets import Budgets
from errorbudget.program.gate.gate import least
from errorbudget.program.gate.statements import moment_of
from errorbudget.program.objectives.objectives import Objectives
from errorbudget.store.decided import Decided, Subject
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
        policy = self._objectives.digest(document.name)
        backed = backing(
            answers,
            digest=decided.digest,
            policy=policy,
            remaining=least(standings),
            now=now,
        )
        asks = _Asks.of(document, decision, backed)
        approved = "approved" if asks.short <= 0 else ""
        answered = "declined" if backed.declined else approved
        # What was declined is listed until it ships, also when it may be asked about again.
        deferred = [one for one in answers if one.statement.says is Says.DECLINE]
        state = "void" if backed.void else "deferred" if deferred else "waiting"
        state = "shipped" if done else answered or state
        is_over = state in ("shipped", "approved", "declined")
        anew = state in ("void", "deferred") or body["policy"] != policy
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
            "answers": [one.as_dict() for one in _last(answers)],
            "void": [{"id": one.statement.id, "why": why} for one, why in backed.void],
            "review": is_critical,
            "needs": "" if is_over else asks.told(anew=anew),
            "next": "" if is_over else asks.command(subject, anew=anew),
            "shipped": clock.text(shipped.at) if shipped and done else None,
        }


@dataclass(frozen=True, slots=True)
class _Asks:
    """Whose answer a change waits for."""

    missing: tuple[str, ...]
    short: int
    """How many of those are needed."""

    @classmethod
    def of(
        cls, document: ObjectiveDocument, decision: Mapping[str, Any], backed: Backing
    ) -> "_Asks":
        rule = document.policy.approval if document.policy else None
        roles, needed = (rule.roles, rule.needed) if rule else ((), 1)
        if decision["risk"]["counts_as"] == RiskClass.CRITICAL:
            roles, needed = tuple(document.owners), 1
        missing = tuple(role for role in roles if role not in backed.roles)
        return cls(missing=missing, short=needed - len(backed.roles))

    def told(self, *, anew: bool) -> str:
        """What is missing, for a person who reads it in a list."""
        if not self.missing:
            return "no approval can permit it"
        if anew:
            return "it is to be asked about again, and then answered"
        who = joined([*self.missing], "and")
        return f"needs {who}" if self.short == len(self.missing) else f"needs {self.short} of {who}"

    def command(self, subject: Subject, *, anew: bool) -> str:
        """The next step, to be copied; empty where there is none."""
        which = f"{quote(subject.service)} --change {quote(subject.change)}"
        if not self.missing:
            return ""
        if anew:
            return f"errorbudget gate check {which}"
        role = quote(self.missing[0])
        return f"errorbudget gate approve {which} --role {role} --reason WHY --key KEY"


def _last(answers: Sequence[Given]) -> list[Given]:
    """What each person said last in each role: what they said before is in the trail."""
    found = dict[tuple[str, str], Given]()
    for one in sorted(answers, key=lambda one: one.statement.given_at):
        found[one.by.lower(), one.statement.role] = one
    return [*found.values()]
