"""May this change ship now, and if not, what would have to be so that it may?"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from errorbudget.objective.document import ApprovalRule, ObjectiveDocument, Policy, RiskClass
from errorbudget.policy.permission import (
    Considered,
    Gauge,
    Ground,
    Limit,
    considered,
    joined,
    limits,
    needs,
    permitted,
    slip,
)
from errorbudget.policy.risk import RiskFinding


class Outcome(StrEnum):
    """The answer itself."""

    ALLOW = "allow"
    BLOCK = "block"
    NEEDS_APPROVAL = "needs_approval"


class Reason(StrEnum):
    """Which rule gave the answer."""

    PERMITTED = "permitted"
    BAND_FORBIDS = "band_forbids"
    UNKNOWN_FORBIDS = "unknown_forbids"
    ADVISED = "advised"
    UNSIGNED = "unsigned"
    NO_POLICY = "no_policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The answer for one change, with everything it rests on."""

    decision: Outcome
    reason_code: Reason
    reason: str
    """One line that a person can act on."""
    band: str
    risk: RiskFinding
    budgets: tuple[Considered, ...]
    permits_now: tuple[RiskClass, ...]
    would_have: Outcome | None = None
    """What a document that enforces would have answered, where this one does not."""

    @property
    def exit_code(self) -> int:
        """0 permitted; 3 needs an approval; 4 blocked; 5 needs one as the budget is unknown."""
        if self.decision is Outcome.NEEDS_APPROVAL:
            return 5 if self.reason_code is Reason.UNKNOWN_FORBIDS else 3
        return 4 if self.decision is Outcome.BLOCK else 0

    def as_dict(self) -> dict[str, Any]:
        """The decision as JSON has it, everywhere the same."""
        return {
            "decision": self.decision.value,
            "reason": self.reason,
            "reason_code": self.reason_code.value,
            "band": self.band,
            "risk": self.risk.as_dict(),
            "budgets": [budget.as_dict() for budget in self.budgets],
            "permits_now": [one.value for one in self.permits_now],
            "would_have": self.would_have.value if self.would_have else None,
        }


def decide(
    document: ObjectiveDocument,
    budgets: Mapping[str, Gauge],
    risk: RiskFinding,
    *,
    bound: bool,
    now: datetime,
) -> Decision:
    """The answer for a change of this risk with these budgets, by objective.

    `bound` says whether any version of the document ever was in force; one that never was observes.
    """
    found = considered(budgets)
    if document.policy is None:
        return Decision(
            decision=Outcome.ALLOW,
            reason_code=Reason.NO_POLICY,
            reason=f"allowed: {document.name} has no policy section, so nothing gates its changes.",
            band="none",
            risk=risk,
            budgets=found,
            permits_now=_ALL,
        )
    judged = _judged(document.policy, found, risk, now)
    if not bound:
        why = f"no version of {document.name} has been signed yet"
        return _softened(judged, Reason.UNSIGNED, why)
    if document.mode == "advise":
        return _softened(judged, Reason.ADVISED, f"{document.name} is in mode advise")
    return judged


_ALL: Final = tuple(RiskClass)


def _judged(
    policy: Policy, budgets: tuple[Considered, ...], risk: RiskFinding, now: datetime
) -> Decision:
    """What the policy says, were it enforced."""
    standing = limits(policy, budgets, now)
    now_permitted = permitted(standing)
    against = next((limit for limit in standing if risk.risk_class not in limit.allow), None)
    allowed = Decision(
        decision=Outcome.ALLOW,
        reason_code=Reason.PERMITTED,
        reason=f"allowed: {_named(risk)} {standing[0].words}.",
        band=standing[0].band,
        risk=risk,
        budgets=budgets,
        permits_now=now_permitted,
    )
    if against is None:
        return allowed
    return replace(
        allowed,
        decision=Outcome.NEEDS_APPROVAL if policy.approval else Outcome.BLOCK,
        reason_code=_CODES[against.ground],
        reason=_refusal(policy, against, risk, now_permitted),
        band=against.band,
    )


_CODES: Final = {Ground.BAND: Reason.BAND_FORBIDS, Ground.UNKNOWN: Reason.UNKNOWN_FORBIDS}


def _refusal(
    policy: Policy, against: Limit, risk: RiskFinding, now_permitted: tuple[RiskClass, ...]
) -> str:
    head = "needs approval" if policy.approval else "blocked"
    need = needs(policy, risk.risk_class)
    if against.ground is Ground.UNKNOWN:
        need = f"{risk.risk_class} needs a budget that is known"
    sentences = [f"{head}: {_named(risk)} {against.words}; {need}.", slip(now_permitted)]
    if policy.approval:
        sentences.append(f"An approval by {_approvers(policy.approval)} would permit it.")
    return " ".join(sentences)


def _approvers(rule: ApprovalRule) -> str:
    roles = joined(list(rule.roles), "and")
    return roles if rule.needed == len(rule.roles) else f"{rule.needed} of {roles}"


def _named(risk: RiskFinding) -> str:
    return f"{_NAMES[risk.risk_class]} ({risk.because})"


_NAMES: Final = {
    RiskClass.ROLLBACK: "a rollback",
    RiskClass.LOW: "low risk",
    RiskClass.NORMAL: "normal risk",
    RiskClass.HIGH: "high risk",
    RiskClass.CRITICAL: "a critical fix",
}


def _softened(judged: Decision, code: Reason, why: str) -> Decision:
    """The same, but only told: nothing is held up."""
    # What may ship now is everything: of what would have been said the permission slip is left out.
    told = judged.reason.partition(": ")[2].partition(f" {slip(judged.permits_now)}")[0]
    return replace(
        judged,
        decision=Outcome.ALLOW,
        reason_code=code,
        reason=f"allowed: {why}. {_WOULD[judged.decision]}{told}",
        permits_now=_ALL,
        would_have=judged.decision,
    )


_WOULD: Final = {
    Outcome.ALLOW: "It would have been allowed: ",
    Outcome.BLOCK: "It would have been blocked: ",
    Outcome.NEEDS_APPROVAL: "It would have needed an approval: ",
}
