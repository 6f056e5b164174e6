"""What may ship while nobody can say what is left of the budget? The document decided it before."""

from errorbudget.objective.document import ObjectiveDocument, RiskClass
from errorbudget.policy.decision import Decision, Outcome, Reason
from errorbudget.policy.risk import RiskFinding

_NOTHING = frozenset[RiskClass]()
_ALLOWED = {
    "block": _NOTHING,
    "low_only": frozenset((RiskClass.ROLLBACK, RiskClass.LOW)),
    "allow": frozenset(RiskClass),
}


def decide_unreachable(
    document: ObjectiveDocument | None, risk: RiskFinding, *, basis: str
) -> Decision:
    """The answer for a change while no server answers.

    `document` is a signed one that may be gone by, None where there is none; `basis` says in words
    which it is, or why there is none. What only observes, or gates nothing, holds up nothing.
    """
    if document is None:
        return _decision(risk, _NOTHING, basis)
    if document.policy is None or document.mode == "advise":
        return _decision(risk, frozenset(RiskClass), f"{basis} holds up nothing")
    says = document.policy.on_unreachable
    return _decision(risk, _ALLOWED[says], f"{basis} says on_unreachable: {says}")


def _decision(risk: RiskFinding, allowed: frozenset[RiskClass], basis: str) -> Decision:
    may = risk.risk_class in allowed
    head = "allowed" if may else "held up"
    return Decision(
        decision=Outcome.ALLOW if may else Outcome.NEEDS_APPROVAL,
        reason_code=Reason.UNREACHABLE,
        reason=f"{head}: no server answers, and {basis}; this is {_class(risk)} ({risk.because}).",
        band="unknown",
        risk=risk,
        budgets=(),
        permits_now=tuple(one for one in RiskClass if one in allowed),
    )


def _class(risk: RiskFinding) -> str:
    return f"{risk.risk_class.value} risk" if risk.classified else "counted as high risk"
