"""Spending budget on one change on purpose: what is asked of a person, and what they answered."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, Final

from errorbudget import clock
from errorbudget.errors import Failure, Untrusted
from errorbudget.objective import notation
from errorbudget.objective.document import ObjectiveDocument, RiskClass
from errorbudget.policy.approval import (
    NAMESPACE,
    Given,
    Says,
    Statement,
    as_percent,
    backing,
    decimal,
    holders,
    refused,
    utc,
)
from errorbudget.policy.slip import slip
from errorbudget.program import evidence
from errorbudget.program.book import Standing
from errorbudget.program.budgets import Budgets
from errorbudget.program.gate import least
from errorbudget.program.objectives import Objectives
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
class _About:
    """A change that was asked about, as things stand."""

    document: ObjectiveDocument
    policy: str
    decided: Decided
    body: Mapping[str, Any]

    @property
    def is_critical(self) -> bool:
        return self.body["decision"]["risk"]["counts_as"] == RiskClass.CRITICAL


class Approvals:
    """Answers of people to the question whether budget is spent on a change."""

    def __init__(self, home: Home, objectives: Objectives, budgets: Budgets) -> None:
        self._home = home
        self._objectives = objectives
        self._budgets = budgets

    def draw_up(self, wanted: Wanted, *, now: datetime) -> dict[str, Any]:
        """The statement to be signed, and what it would lead to. Raises Failure."""
        about = self._about(wanted.service, wanted.change)
        _entitled(about, wanted.says, wanted.role)
        if not wanted.reason.strip() or not wanted.reason.isprintable():
            raise Failure("--reason: say in one line why, for those who read the trail")
        standings = self._budgets.of(
            [about.document], at=_moment_of(about.body, about.decided, now)
        )
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

    def give(
        self, text: str, *, signature: bytes | None, person: str = "", now: datetime
    ) -> dict[str, Any]:
        """Record an answer: signed, or given by a person who is known to be `person`.

        In the trail before it is told; the same one again is the same one. Raises Untrusted for an
        answer that is nobody's, or not this person's to give.
        """
        statement = Statement.read(text)
        about = self._about(statement.service, statement.change)
        self._refuse_other(statement, about, now)
        by, key = self._who(statement, about, signature, person, now)
        given = Given(statement=statement, by=by)
        told = given.as_dict() | {"key": key}
        if any(one.statement.id == statement.id for one in self._answers(about)):
            return told
        signed = signature.decode("ascii", "replace") if signature else None
        body = {
            "service": statement.service,
            "environment": statement.environment,
            "change": statement.change,
            "state": str(statement.says),
            "reason": f"{statement.change} by {by} ({statement.role}): {statement.reason}",
            "by": by,
            "key": key,
            "statement": statement.text,
            "signed": signed,
        }
        self._home.trail.append("approval", body, now)
        self._home.decisions.answered(given)
        return told

    def status(self, service: str | None, *, now: datetime) -> list[dict[str, Any]]:
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
        at = _moment_of(body, decided, now)
        standings = self._budgets.of([document], at=at)
        backed = backing(
            answers,
            digest=decided.digest,
            policy=self._objectives.digest(document.name),
            remaining=least(standings),
            now=now,
        )
        answered = "declined" if backed.declined else "approved" if backed.approvals else ""
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
            "asked_by": body["asked_by"],
            "answers": [one.as_dict() for one in answers],
            "void": [{"id": one.statement.id, "why": why} for one, why in backed.void],
            "review": is_critical,
            "shipped": clock.text(shipped.at) if shipped and done else None,
        }

    def _about(self, service: str, change: str) -> _About:
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
        return _About(document=document, policy=policy, decided=decided, body=body)

    def _answers(self, about: _About) -> list[Given]:
        return self._home.decisions.answers(about.decided.digest)

    def _refuse_other(self, statement: Statement, about: _About, now: datetime) -> None:
        """A statement is of now, about this change and document, and within what is allowed."""
        _entitled(about, statement.says, statement.role)
        same = (statement.environment, statement.digest, statement.policy)
        if same != (about.document.environment, about.decided.digest, about.policy):
            raise Untrusted("the statement is about another change, or another document")
        given = datetime.fromisoformat(statement.given_at)
        if not now - FRESH <= given <= now + timedelta(minutes=1):
            raise Untrusted(
                f"the statement was drawn up at {statement.given_at}; draw up a new one"
            )
        if statement.says is Says.APPROVE and statement.ends > given + _longest(about):
            raise Untrusted("the approval lasts longer than the document allows")
        if statement.ends <= now:
            raise Untrusted(f"the statement expired at {statement.until}")

    def _who(
        self,
        statement: Statement,
        about: _About,
        signature: bytes | None,
        person: str,
        now: datetime,
    ) -> tuple[str, str]:
        """Whose answer it is, and the key or what else shows it."""
        people = holders(about.document.owners, statement.role)
        if signature is not None:
            signer = self._signed(statement, signature, people, now)
            by, key = signer
        elif person in people:
            by, key = person, "authenticated"
        else:
            raise Untrusted(
                f"{person or 'nobody'} is none of the {statement.role}: sign it instead"
            )
        critical = about.is_critical
        where = statement.service, about.document.environment
        found = evidence.incident(self._home, *where, now) if critical else None
        asked_by = [*about.body["asked_by"], *([found.declared_by] if found else [])]
        authors = (about.body["diff"] or {}).get("authors", ())
        if why := refused(by, asked_by=asked_by, authors=authors):
            raise Untrusted(why)
        return by, key

    def _signed(
        self, statement: Statement, signature: bytes, people: Any, now: datetime
    ) -> tuple[str, str]:
        try:
            signer = self._home.signers.who(
                statement.text.encode(), signature, namespace=NAMESPACE, at=now, among=people
            )
        except Untrusted as cause:
            raise Untrusted(f"the signature {cause}") from cause
        return signer.principal, signer.key


def _entitled(about: _About, says: Says, role: str) -> None:
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


def _longest(about: _About) -> timedelta:
    rule = about.document.policy.approval if about.document.policy else None
    return timedelta(minutes=rule.expires_within if rule else 1440)


def _until(about: _About, wanted: Wanted, now: datetime) -> datetime:
    longest = _longest(about)
    if wanted.until is None:
        if wanted.says is Says.DECLINE:
            raise Failure("--until: say until when, as 3d or 2026-07-24T09:00:00Z")
        return now + longest
    end = _end(wanted.until, now)
    if end <= now:
        raise Failure(f"--until: {wanted.until} is not in the future")
    if wanted.says is Says.APPROVE and end > now + longest:
        hours = longest.total_seconds() / 3600
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


def _moment_of(body: Mapping[str, Any], decided: Decided, now: datetime) -> datetime:
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
