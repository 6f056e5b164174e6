"""May this change ship now, and if not, what would have to be so that it may?"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from errorbudget.objective.document import ApprovalRule, ObjectiveDocument, Policy, RiskClass
from errorbudget.policy.approval import Backing, Given, utc
from errorbudget.policy.permission import (
    Beside,
    Considered,
    Gauge,
    Ground,
    Limit,
    considered,
    joined,
    limits,
    needs,
    permitted,
)
from errorbudget.policy.risk import RiskFinding
from errorbudget.policy.slip import Regained, regained, slip


class Outcome(StrEnum):
    """The answer itself."""

    ALLOW = "allow"
    BLOCK = "block"
    NEEDS_APPROVAL = "needs_approval"


class Reason(StrEnum):
    """Which rule gave the answer."""

    PERMITTED = "permitted"
    APPROVED = "approved"
    BAND_FORBIDS = "band_forbids"
    UNKNOWN_FORBIDS = "unknown_forbids"
    UNCONFIRMED = "unconfirmed"
    """A critical fix that only who asks for it has looked at."""
    DECLINED = "declined"
    VOID = "void"
    ADVISED = "advised"
    UNSIGNED = "unsigned"
    NO_POLICY = "no_policy"
    UNREACHABLE = "unreachable"
    """No server answered, and the document was gone by."""


ALLOWED_FOR: Final = timedelta(hours=1)
"""How long an allow stands; a deploy that begins later must ask again."""


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
    later: Mapping[RiskClass, Regained] = field(default_factory=dict[RiskClass, Regained])
    """From when on what is not permitted now would be, if nothing more goes wrong."""
    approvals: tuple[Given, ...] = ()
    """Those that hold, whether or not they are enough."""
    expires_at: datetime | None = None
    """When an allow is none any more; None where the answer is another one."""
    would_have: Outcome | None = None
    """What a document that enforces would have answered, where this one does not."""

    @property
    def exit_code(self) -> int:
        """0 permitted; 3 needs an approval; 4 blocked; 5 needs one as the budget is unknown."""
        if self.decision is Outcome.NEEDS_APPROVAL:
            unknown = (Reason.UNKNOWN_FORBIDS, Reason.UNREACHABLE)
            return 5 if self.reason_code in unknown else 3
        return 4 if self.decision is Outcome.BLOCK else 0

    @property
    def slip(self) -> str:
        """What may ship now, and what from when on."""
        return slip(self.permits_now, self.later)

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
            "slip": self.slip,
            "later": {one.value: when.as_dict() for one, when in self.later.items()},
            "approvals": [one.as_dict() for one in self.approvals],
            "expires": utc(self.expires_at) if self.expires_at else None,
            "would_have": self.would_have.value if self.would_have else None,
        }


def decide(  # noqa: PLR0913 -- all that a decision rests on, and nothing else
    document: ObjectiveDocument,
    budgets: Mapping[str, Gauge],
    risk: RiskFinding,
    *,
    bound: bool,
    now: datetime,
    beside: Mapping[str, Beside] | None = None,
    backed: Backing | None = None,
    told_at: datetime | None = None,
) -> Decision:
    """The answer for a change of this risk with these budgets, by objective.

    `bound` says whether any version of the document ever was in force; one that never was observes.
    `beside` tells of each objective what is known beside its budget, `backed` what people answered.
    `told_at` is when it is told, where that is not the moment `now` that is decided about.
    """
    until = (told_at or now) + ALLOWED_FOR
    found = considered(budgets, beside)
    if document.policy is None:
        return Decision(
            decision=Outcome.ALLOW,
            reason_code=Reason.NO_POLICY,
            reason=f"allowed: {document.name} has no policy section, so nothing gates its changes.",
            band="none",
            risk=risk,
            budgets=found,
            permits_now=_ALL,
            expires_at=until,
        )
    judged = _judged(document.policy, found, risk, now, backed or Backing())
    if document.risk and risk.risk_class is RiskClass.CRITICAL:
        judged = _looked_at_twice(judged)
    if not bound:
        why = f"no version of {document.name} has been signed yet"
        return _softened(judged, Reason.UNSIGNED, why, until)
    if document.mode == "advise":
        return _softened(judged, Reason.ADVISED, f"{document.name} is in mode advise", until)
    return _finished(judged, until)


_ALL: Final = tuple(RiskClass)


@dataclass(frozen=True, slots=True)
class _Judged:
    """A decision, and the parts of its reason: only the first is said where nothing is held up."""

    decision: Decision
    told: str
    backed: Backing
    rest: str = ""


def _judged(
    policy: Policy,
    budgets: tuple[Considered, ...],
    risk: RiskFinding,
    now: datetime,
    backed: Backing,
) -> _Judged:
    """What the policy says, were it enforced."""
    standing = limits(policy, budgets, now)
    now_permitted = permitted(standing)
    against = next((limit for limit in standing if risk.risk_class not in limit.allow), None)
    allowed = Decision(
        decision=Outcome.ALLOW,
        reason_code=Reason.PERMITTED,
        reason="",
        band=(against or standing[0]).band,
        risk=risk,
        budgets=budgets,
        permits_now=now_permitted,
        later=regained(policy, budgets, [one for one in RiskClass if one not in now_permitted]),
        approvals=backed.approvals,
    )
    if against is None:
        return _Judged(allowed, f"{_named(risk)} {standing[0].words}.", backed)
    return _against(policy, against, allowed, backed)


def _against(policy: Policy, against: Limit, allowed: Decision, backed: Backing) -> _Judged:
    """The answer to what a limit forbids: it may still be approved."""
    need = needs(policy, allowed.risk.risk_class)
    if against.ground is Ground.UNKNOWN:
        need = f"{allowed.risk.risk_class} needs a budget that is known"
    judged = _Judged(allowed, f"{_named(allowed.risk)} {against.words}; {need}.", backed)
    if policy.approval is None:
        return _held(judged, Outcome.BLOCK, _CODES[against.ground], allowed.slip)
    if backed.declined:
        return _declined(judged, backed.declined)
    if len(backed.roles) >= policy.approval.needed:
        approved = replace(allowed, reason_code=Reason.APPROVED)
        return replace(judged, decision=approved, rest=_approved(backed))
    if backed.void:
        (given, why), *_ = backed.void
        void = f"The approval by {given.by} is void: {why}."
        return _held(judged, Outcome.BLOCK, Reason.VOID, f"{void} {allowed.slip}")
    asks = f"An approval by {_approvers(policy.approval, backed)} would permit it."
    code = _CODES[against.ground]
    return _held(judged, Outcome.NEEDS_APPROVAL, code, f"{allowed.slip} {asks}")


def _looked_at_twice(judged: _Judged) -> _Judged:
    """A critical fix that its band permits still wants a second pair of eyes."""
    backed = judged.backed
    if judged.decision.reason_code is not Reason.PERMITTED:
        return judged
    if backed.declined:
        return _declined(judged, backed.declined)
    if backed.approvals:
        return replace(judged, rest=f"{_approved(backed)} It is to be reviewed afterwards.")
    asks = "The signature of a second person would permit it."
    return _held(judged, Outcome.NEEDS_APPROVAL, Reason.UNCONFIRMED, asks)


def _held(judged: _Judged, outcome: Outcome, code: Reason, rest: str) -> _Judged:
    held = replace(judged.decision, decision=outcome, reason_code=code)
    return replace(judged, decision=held, rest=rest)


def _declined(judged: _Judged, given: Given) -> _Judged:
    said = given.statement
    until = f"{said.ends.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    what = f"{given.by} ({said.role}) declined it until {until}: {_stop(said.reason)}"
    return _held(judged, Outcome.BLOCK, Reason.DECLINED, f"{what} {judged.decision.slip}")


def _approved(backed: Backing) -> str:
    who = [f"{one.by} ({one.statement.role})" for one in backed.approvals]
    return f"Approved by {joined(who, 'and')}: {_stop(backed.approvals[0].statement.reason)}"


def _stop(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


_CODES: Final = {Ground.BAND: Reason.BAND_FORBIDS, Ground.UNKNOWN: Reason.UNKNOWN_FORBIDS}


def _approvers(rule: ApprovalRule, backed: Backing) -> str:
    missing = [role for role in rule.roles if role not in backed.roles]
    short = rule.needed - len(backed.roles)
    who = joined(missing, "and")
    others = f" beside {joined(list(backed.roles), 'and')}" if backed.roles else ""
    return (who if short == len(missing) else f"{short} of {who}") + others


def _named(risk: RiskFinding) -> str:
    return f"{_NAMES[risk.risk_class]} ({risk.because})"


_NAMES: Final = {
    RiskClass.ROLLBACK: "a rollback",
    RiskClass.LOW: "low risk",
    RiskClass.NORMAL: "normal risk",
    RiskClass.HIGH: "high risk",
    RiskClass.CRITICAL: "a critical fix",
}


def _finished(judged: _Judged, until: datetime) -> Decision:
    """The decision as it is told. An allow ends, at the latest when an approval does."""
    decision = judged.decision
    rest = f" {judged.rest}" if judged.rest else ""
    told = replace(decision, reason=f"{_HEADS[decision.decision]}: {judged.told}{rest}")
    if decision.decision is not Outcome.ALLOW:
        return told
    return replace(told, expires_at=min([until, *(one.statement.ends for one in told.approvals)]))


def _softened(judged: _Judged, code: Reason, why: str, until: datetime) -> Decision:
    """The same, but only told: nothing is held up."""
    would = judged.decision.decision
    return replace(
        judged.decision,
        decision=Outcome.ALLOW,
        reason_code=code,
        reason=f"allowed: {why}. It would have {_WOULD[would]}: {judged.told}",
        permits_now=_ALL,
        later={},
        expires_at=until,
        would_have=would,
    )


_HEADS: Final = {
    Outcome.ALLOW: "allowed",
    Outcome.BLOCK: "blocked",
    Outcome.NEEDS_APPROVAL: "needs approval",
}
_WOULD: Final = {
    Outcome.ALLOW: "been allowed",
    Outcome.BLOCK: "been blocked",
    Outcome.NEEDS_APPROVAL: "needed an approval",
}
