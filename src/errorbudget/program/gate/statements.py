"""What is about to be said of a change: the statement that a person signs, and what follows."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, Final

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.objective import notation
from errorbudget.objective.document import ObjectiveDocument, RiskClass
from errorbudget.policy.approval import (
    NAMESPACE,
    Says,
    Statement,
    as_percent,
    decimal,
    holders,
    utc,
)
from errorbudget.policy.slip import slip
from errorbudget.program.budgets.book import Standing
from errorbudget.program.budgets.budgets import Budgets
from errorbudget.program.gate.gate import least
from errorbudget.program.objectives.objectives import Objectives
from errorbudget.store.decided import Decided, Subject
from errorbudget.store.home import Home

FRESH: Final = timedelta(minutes=15)
"""A statement drawn up longer ago is not taken: a copy of an old one must not be given again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person is about to say of a change. Shares as `6%`, spans of time as `4h`."""

    says: Says
    service: str
    change: str
    role: str
    reason: str
    spend: str | None = None
    floor: str | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """A change that was asked about, as things stand."""

    document: ObjectiveDocument
    policy: str
    decided: Decided
    body: Mapping[str, Any]

    @property
    def is_critical(self) -> bool:
        """Whether it is to be confirmed by a second person."""
        return self.body["decision"]["risk"]["counts_as"] == RiskClass.CRITICAL


class Statements:
    """Draws up what people answer about changes that were held up."""

    def __init__(self, home: Home, objectives: Objectives, budgets: Budgets) -> None:
        self._home = home
        self._objectives = objectives
        self._budgets = budgets

    def draw_up(self, wanted: Wanted, *, now: datetime) -> dict[str, Any]:
        """The statement to be signed, and what it would lead to. Raises Failure."""
        about = self.about(wanted.service, wanted.change)
        entitled(about, wanted.says, wanted.role)
        if not wanted.reason.strip() or not wanted.reason.isprintable():
            raise Failure("--reason: say in one line why, for those who read the trail")
        standings = self._budgets.of([about.document], at=moment_of(about.body, about.decided, now))
        left = least(standings)
        spend = _share(wanted.spend, "--spend") or about.document.postmortem.when_spent
        floor = _share(wanted.floor, "--floor")
        if floor is None and left is not None:
            floor = left - spend
        approves = wanted.says is Says.APPROVE
        statement = Statement(
            says=wanted.says,
            service=wanted.service,
            environment=about.document.environment,
            change=wanted.change,
            digest=about.decided.digest,
            policy=about.policy,
            role=wanted.role,
            reason=wanted.reason,
            remaining=decimal(left),
            expected_spend=decimal(spend) if approves else None,
            floor=decimal(floor) if approves else None,
            entry=about.decided.entry,
            given_at=utc(now),
            until=utc(_until(about, wanted, now)),
        )
        told = _consequences(about.document, standings, spend) if approves else ""
        return {"statement": statement.text, "namespace": NAMESPACE, "consequences": told}

    def about(self, service: str, change: str) -> About:
        """The change, when somebody asked about it and it was held up. Raises Failure."""
        document = self._budgets.document(service)
        subject = Subject(service=service, environment=document.environment, change=change)
        decided = self._home.decisions.of(subject)
        if decided is None:
            raise Failure(
                f"--change: nobody has asked about {change} of {service} yet",
                f"Ask first: `errorbudget gate check {service} --change {change}`.",
            )
        body, policy = json.loads(decided.body), self._objectives.digest(document.name)
        if body["policy"] != policy:
            raise Failure(
                f"the document {document.name} has changed since {change} was asked about",
                f"Ask again: `errorbudget gate check {service} --change {change}`.",
            )
        if body["decision"]["decision"] == "allow":
            raise Failure(f"{change} is permitted as it is; there is nothing to answer")
        return About(document=document, policy=policy, decided=decided, body=body)


def entitled(about: About, says: Says, role: str) -> None:
    """Who may answer: the roles of the approval rule; of a critical fix, every owner."""
    rule = about.document.policy.approval if about.document.policy else None
    roles = rule.roles if rule else ()
    if about.body["decision"]["reason_code"] == "unconfirmed":
        roles = tuple(about.document.owners)
    if not roles:
        raise Failure(f"{about.document.name} knows no approvals, so none can be given")
    if role not in roles:
        raise Failure(f"--role: {role!r} may not {says}; write one of {', '.join(roles)}")
    holders(about.document.owners, role)


def longest(about: About) -> timedelta:
    """How long an approval may count."""
    rule = about.document.policy.approval if about.document.policy else None
    return timedelta(minutes=rule.expires_within if rule else 1440)


def _until(about: About, wanted: Wanted, now: datetime) -> datetime:
    most = longest(about)
    if wanted.until is None:
        if wanted.says is Says.DECLINE:
            raise Failure("--until: say until when, as 3d or 2026-07-24T09:00:00Z")
        return now + most
    end = _end(wanted.until, now)
    if end <= now:
        raise Failure(f"--until: {wanted.until} is not in the future")
    if wanted.says is Says.APPROVE and end > now + most:
        hours = most.total_seconds() / 3600
        raise Failure(
            f"--until: {wanted.until} is longer than the document allows: {hours:g} hours"
        )
    return end


def _end(text: str, now: datetime) -> datetime:
    try:
        return clock.parse(text)
    except ValueError:
        pass
    try:
        return now + timedelta(minutes=notation.minutes(text))
    except ValueError as cause:
        raise Failure(
            f"--until: {text!r} is neither a span nor a time; write 4h, or RFC 3339"
        ) from cause


def _share(text: str | None, option: str) -> Fraction | None:
    if text is None:
        return None
    try:
        return notation.percent(text, example="6%")
    except ValueError as cause:
        raise Failure(f"{option}: {cause}") from cause


def moment_of(body: Mapping[str, Any], decided: Decided, now: datetime) -> datetime:
    """What was asked as of another moment is answered as of that one."""
    as_of = clock.parse(body["as_of"])
    return as_of if abs(as_of - decided.decided_at) > FRESH else now


def _consequences(document: ObjectiveDocument, standings: list[Standing], spend: Fraction) -> str:
    """`22 % of availability is left. This would leave about 16 %; one more like it, and …`"""
    left = least(standings)
    if left is None or document.policy is None:
        return "Nobody knows what is left of the budget; the approval says that it is given anyway."
    worst = next(one for one in standings if one.budget.remaining == left)

    def permits(share: Fraction) -> str:
        bands = document.policy.bands if document.policy else ()
        band = next(one for one in bands if one.above is None or share > one.above)
        return slip(band.allow).rstrip(".").replace(" may ship now", " may ship")

    then, after = left - spend, left - 2 * spend
    return (
        f"{as_percent(left)} of {worst.objective} is left. Spending {as_percent(spend)} on this"
        f" change would leave about {as_percent(then)}: {_lower(permits(then))}."
        f" One more like it leaves {as_percent(after)}: {_lower(permits(after))}."
    )


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]
