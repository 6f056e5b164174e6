"""A change of which only the name is told: what a pipeline told of it before counts.

A cluster knows an image, a pipeline the files. Both ask about one change, so it must be one risk,
one digest and one approval.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from errorbudget.objective.document import RISING, ObjectiveDocument, RiskClass
from errorbudget.policy.risk import RiskFinding, raised
from errorbudget.program.gate import evidence
from errorbudget.program.gate.asking import Question
from errorbudget.program.gate.deployed import deployed
from errorbudget.source import Source
from errorbudget.store.decided import Subject
from errorbudget.store.home import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """What an earlier asking told of a change."""

    digest: str
    risk: RiskFinding
    diff: Mapping[str, Any]
    """The facts as the trail has them: without the files, whose number is told."""
    by: tuple[str, ...]
    """Who asked then: they may not approve now either."""


def recalled(
    home: Home, question: Question, document: ObjectiveDocument, at: datetime
) -> Recalled | None:
    """What is known of a change that is asked about by name; None where nothing counts.

    Files that were compared with a version that no longer runs say nothing about this deploy, and
    what needs evidence (a rollback, a critical fix) has to be shown anew.
    """
    subject = Subject(
        service=question.service, environment=document.environment, change=question.change
    )
    is_ordinary = question.declared is None or question.declared in RISING
    before = home.decisions.of(subject) if question.named and is_ordinary else None
    body = json.loads(before.body) if before else {}
    if before is None or not (told := body.get("diff")):
        return None
    found = _finding(body["decision"]["risk"])
    runs = deployed(home, question.service, document.environment, at)
    against = told.get("deployed", "")
    is_other = against and runs and runs.version not in (against, question.change)
    if is_other or found.risk_class not in RISING:
        return None
    return Recalled(
        digest=before.digest,
        risk=raised(found, question.declared),
        diff=told,
        by=tuple(body["asked_by"]),
    )


def going_back(source: Source, question: Question, environment: str, at: datetime) -> Question:
    """The same; a cluster need not say that it goes back to what served well before."""
    if not question.named or question.declared is RiskClass.CRITICAL:
        return question
    if not evidence.of_rollback(source, question.service, environment, question.change, at):
        return question
    return replace(question, declared=RiskClass.ROLLBACK)


def _finding(told: Mapping[str, Any]) -> RiskFinding:
    return RiskFinding(
        risk_class=RiskClass(told["counts_as"]),
        declared=told["declared"],
        rules=tuple(told["rules"]),
        files=tuple(told["files"]),
        because=told["because"],
        classified=told["class"] != "unclassified",
    )
