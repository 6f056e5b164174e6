"""What is left of a budget, how long it lasts and what may ship, in sentences."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from errorbudget.ledger.budget import Budget, State
from errorbudget.ledger.window import Calendar
from errorbudget.objective.document import ObjectiveDocument, RiskClass
from errorbudget.policy.permission import joined
from errorbudget.program.budgets.book import Standing
from errorbudget.review.sentences import window as in_words
from errorbudget.web.pages.rendering import count, share


def left(standing: Standing) -> str:
    """`checkout has 22 % of its quarterly budget for availability left.`"""
    budget, name = standing.budget, standing.document.name
    of = f"its {window(budget)} budget"
    if len(standing.document.objectives) > 1:
        of += f" for {standing.objective}"
    if budget.remaining is None or budget.state is State.UNKNOWN:
        return f"Nobody knows what {name} has left of {of}."
    if budget.few is not None:
        allowed = count(float(budget.allowed or 0))
        return f"{name} has had {count(budget.bad)} of the {allowed} failures that {of} allows."
    if budget.remaining <= 0:
        return f"{name} has spent {of}: {share(float(1 - budget.remaining))} of it is used."
    return f"{name} has {share(float(budget.remaining))} of {of} left."


def lasts(standing: Standing) -> str:
    """How long it goes on like this; empty where there is nothing left to last."""
    budget = standing.budget
    if budget.remaining is None or budget.remaining <= 0 or budget.state is State.UNKNOWN:
        return ""
    if budget.exhausts_at is not None:
        return f"At today's pace it is spent by {day(budget.exhausts_at)}."
    ends = " until the end" if isinstance(budget.window, Calendar) else ""
    return f"At today's pace it lasts{ends}."


def window(budget: Budget) -> str:
    """`quarterly`, `28-day`: before the word budget."""
    return in_words(budget.window)


def ships(document: ObjectiveDocument, answer: Mapping[str, Any]) -> str:
    """What may ship, from the gate's own answer about a change of high risk."""
    if answer["reason_code"] in _FREE:
        return f"Nothing is held up: {_FREE[answer['reason_code']]}."
    if len(answer["permits_now"]) == len(RiskClass):
        return "Anything may ship."
    rule = document.policy.approval if document.policy else None
    who = "Until then they need" if answer["later"] else "Anything else needs"
    asks = f" {who} an approval by {joined(list(rule.roles), 'and')}." if rule else ""
    return f"{answer['slip']}{asks}"


_FREE: Final = {
    "no_policy": "the document has no policy section",
    "unsigned": "no version of the document has been signed yet",
    "advised": "the document is in mode advise",
}

CLASSES: Final = {
    RiskClass.ROLLBACK: "rollbacks",
    RiskClass.CRITICAL: "critical fixes",
    RiskClass.LOW: "low risk",
    RiskClass.NORMAL: "normal risk",
    RiskClass.HIGH: "high risk, and what nobody classified",
}


def permissions(answer: Mapping[str, Any]) -> Sequence[tuple[str, bool, str]]:
    """Each class in words, whether it may ship now, and else from when on and why."""
    return [
        (words, one.value in answer["permits_now"], _later(answer["later"].get(one.value)))
        for one, words in CLASSES.items()
    ]


def _later(when: Mapping[str, Any] | None) -> str:
    if when is None:
        return ""
    at = datetime.fromisoformat(when["at"])
    returns = when["returns"]
    why = "the window begins anew" if returns is None else f"{share(returns)} returns"
    return f"from {day(at)}, when {why}"


def day(at: datetime) -> str:
    """`31 December`."""
    return f"{at.astimezone(UTC):%-d %B}"
