"""Spending budget on one change on purpose: what people answered, and whether it is theirs."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from errorbudget.errors import Untrusted
from errorbudget.policy.approval import (
    NAMESPACE,
    Given,
    Says,
    Statement,
    backing,
    holders,
    refused,
)
from errorbudget.program.budgets.budgets import Budgets
from errorbudget.program.gate import evidence
from errorbudget.program.gate.gate import least
from errorbudget.program.gate.pending import Pending
from errorbudget.program.gate.statements import (
    FRESH,
    About,
    Statements,
    Wanted,
    entitled,
    longest,
    moment_of,
)
from errorbudget.program.objectives.objectives import Objectives
from errorbudget.store.home import Home


class Approvals:
    """Answers of people to the question whether budget is spent on a change."""

    def __init__(self, home: Home, objectives: Objectives, budgets: Budgets) -> None:
        self._home = home
        self._budgets = budgets
        self._statements = Statements(home, objectives, budgets)
        self._pending = Pending(home, objectives, budgets)

    def draw_up(self, wanted: Wanted, *, now: datetime) -> dict[str, Any]:
        """The statement to be signed, and what it would lead to. Raises Failure."""
        return self._statements.draw_up(wanted, now=now)

    def status(self, service: str | None, *, now: datetime) -> list[dict[str, Any]]:
        """Every change that waits, was answered about or is to be reviewed, the newest first."""
        return self._pending.read(service, now=now)

    def give(
        self, text: str, *, signature: bytes | None, person: str = "", now: datetime
    ) -> dict[str, Any]:
        """Record an answer: signed, or given by a person who is known to be `person`.

        In the trail before it is told; the same one again is the same one. Raises Untrusted for an
        answer that is nobody's, or not this person's to give.
        """
        statement = Statement.read(text)
        about = self._statements.about(statement.service, statement.change)
        self._refuse_other(statement, about, now)
        given = self._who(statement, about, signature, person, now)
        told = given.as_dict() | {"key": given.key or "authenticated"}
        if any(one.statement.id == statement.id for one in self._answers(about)):
            return told
        if stands := self._standing(given, about, now):
            return stands.as_dict() | {"key": stands.key or "authenticated"}
        signed = signature.decode("ascii", "replace") if signature else None
        body = {
            "service": statement.service,
            "environment": statement.environment,
            "change": statement.change,
            "state": str(statement.says),
            "reason": f"{statement.change} by {given.by} ({statement.role}): {statement.reason}",
            "by": given.by,
            "key": told["key"],
            "statement": statement.text,
            "signed": signed,
        }
        self._home.trail.append(
            "approval",
            body,
            now,
            beside=lambda connection, _: self._home.decisions.answered(connection, given),
        )
        return told

    def _standing(self, given: Given, about: About, now: datetime) -> Given | None:
        """What the same person said in the same words, where it counts: twice is said once."""
        left = least(
            self._budgets.of([about.document], at=moment_of(about.body, about.decided, now))
        )
        backed = backing(
            self._answers(about),
            digest=about.decided.digest,
            policy=about.policy,
            remaining=left,
            now=now,
            shipped_at=self._home.decisions.shipped_at(about.decided.digest),
        )
        counting = (*backed.approvals, *([backed.declined] if backed.declined else []))
        return next((one for one in counting if _says_the_same(one, given)), None)

    def _answers(self, about: About) -> list[Given]:
        return self._home.decisions.answers(about.decided.digest)

    def _refuse_other(self, statement: Statement, about: About, now: datetime) -> None:
        """A statement is of now, about this change and document, and within what is allowed."""
        entitled(about, statement.says, statement.role)
        same = (statement.environment, statement.digest, statement.policy)
        if same != (about.document.environment, about.decided.digest, about.policy):
            raise Untrusted("the statement is about another change, or another document")
        given = datetime.fromisoformat(statement.given_at)
        if not now - FRESH <= given <= now + timedelta(minutes=1):
            raise Untrusted(
                f"the statement was drawn up at {statement.given_at}; draw up a new one"
            )
        if statement.says is Says.APPROVE and statement.ends > given + longest(about):
            raise Untrusted("the approval lasts longer than the document allows")
        if statement.ends <= now:
            raise Untrusted(f"the statement expired at {statement.until}")

    def _who(
        self,
        statement: Statement,
        about: About,
        signature: bytes | None,
        person: str,
        now: datetime,
    ) -> Given:
        """Whose answer it is, and the key that shows it. Raises Untrusted."""
        people = holders(about.document.owners, statement.role)
        if signature is not None:
            given, names = self._signed(statement, signature, people, now)
            self._refuse_twice(given, about)
        elif person in people:
            given, names = Given(statement=statement, by=person), (person,)
        else:
            raise Untrusted(
                f"{person or 'nobody'} is none of the {statement.role}: sign it instead"
            )
        self._refuse_own(names, about, now)
        return given

    def _signed(
        self, statement: Statement, signature: bytes, people: Sequence[str], now: datetime
    ) -> tuple[Given, Sequence[str]]:
        """The answer, and every name that goes by its key."""
        signers = self._home.signers
        try:
            signer = signers.who(
                statement.text.encode(), signature, namespace=NAMESPACE, at=now, among=people
            )
        except Untrusted as cause:
            raise Untrusted(f"the signature {cause}") from cause
        given = Given(statement=statement, by=signer.principal, key=signer.key)
        return given, (signer.principal, *signers.holders(signature, now))

    def _refuse_twice(self, given: Given, about: About) -> None:
        """One key is one person, also where it may sign under two names."""
        for one in self._answers(about):
            if one.key == given.key and one.by.lower() != given.by.lower():
                raise Untrusted(
                    f"the signature is by the key that answered as {one.by} already; one key is"
                    " one person, so somebody else signs with a key of their own"
                )

    def _refuse_own(self, names: Sequence[str], about: About, now: datetime) -> None:
        """Who ever asked, who wrote it or who declared the incident leaves the answer to others."""
        found = None
        if about.is_critical:
            subject = about.decided.subject
            found = evidence.incident(self._home, subject.service, subject.environment, now)
        askers = self._home.decisions.askers(about.decided.digest)
        asked_by = [*askers, *([found.declared_by] if found else [])]
        authors = (about.body["diff"] or {}).get("authors", ())
        for name in dict.fromkeys(names):
            if why := refused(name, asked_by=asked_by, authors=authors):
                raise Untrusted(why)


def _says_the_same(before: Given, new: Given) -> bool:
    """Whether nothing but the moment is new; another reason, spend or end is another answer."""
    of, told = before.statement, new.statement
    same = ("says", "role", "reason", "expected_spend", "policy", "digest")
    lasts = of.ends - datetime.fromisoformat(of.given_at)
    return (
        before.by.lower() == new.by.lower()
        and all(getattr(of, name) == getattr(told, name) for name in same)
        and lasts == told.ends - datetime.fromisoformat(told.given_at)
    )
