"""Who spends budget on one change, on what terms, and do those still hold?"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from fractions import Fraction
from hashlib import sha256
from typing import Any, Final, Self

from errorbudget.change import Diff
from errorbudget.errors import Failure

NAMESPACE: Final = "errorbudget-approval@v1"
"""What signatures over statements are made for, so that no other signature can stand in."""


class Says(StrEnum):
    """What a person answers to the question whether budget is spent on a change."""

    APPROVE = "approve"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One person's answer about one change, as it is signed. Shares are decimal text."""

    says: Says
    service: str
    environment: str
    change: str
    digest: str
    """Of the change itself: repository, and the trees it leads from and to."""
    policy: str
    """SHA-256 of the document's bytes that were in force."""
    role: str
    reason: str
    remaining: str | None
    """What was left; None: nobody knew, and the answer was given knowing that."""
    expected_spend: str | None
    floor: str | None
    """Below so much left an approval is void."""
    entry: int
    """The decision that it answers."""
    given_at: str
    until: str
    """An approval expires, and what was declined may be asked anew."""

    @property
    def text(self) -> str:
        """The exact text that is signed: one line of JSON in ASCII."""
        return json.dumps(asdict(self), separators=(",", ":"), allow_nan=False) + "\n"

    @property
    def id(self) -> str:
        """SHA-256 of the text, hex."""
        return sha256(self.text.encode()).hexdigest()

    @classmethod
    def read(cls, text: str) -> Self:
        """The statement in a text, which must be just as it is written. Raises Failure."""
        try:
            fields = json.loads(text)
            statement = cls(**fields | {"says": Says(fields["says"])})
            for moment in (statement.given_at, statement.until):
                datetime.fromisoformat(moment)
            for share in (statement.remaining, statement.expected_spend, statement.floor):
                Fraction(share or 0)
            exact = statement.text == text
        except (ValueError, TypeError, KeyError, ZeroDivisionError, RecursionError) as cause:
            raise Failure("the statement is none that this program draws up") from cause
        if not exact:
            raise Failure("the statement is not written as this program writes it")
        return statement

    @property
    def ends(self) -> datetime:
        """When it no longer counts."""
        return datetime.fromisoformat(self.until)

    @property
    def least(self) -> Fraction | None:
        """The floor as a number."""
        return None if self.floor is None else Fraction(self.floor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A statement, and whose it is."""

    statement: Statement
    by: str
    key: str = ""
    """The fingerprint of the key that signed it; empty for a person known otherwise."""

    def as_dict(self) -> dict[str, Any]:
        """The answer as JSON has it."""
        told = asdict(self.statement)
        return {"id": self.statement.id, "by": self.by} | told | {"says": str(told["says"])}


@dataclass(frozen=True, slots=True, kw_only=True)
class Backing:
    """What the answers given so far come to."""

    approvals: tuple[Given, ...] = ()
    """Those that hold, one a role and one a person."""
    declined: Given | None = None
    void: tuple[tuple[Given, str], ...] = ()
    """Those that no longer hold, each with why."""

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that have approved."""
        return tuple(one.statement.role for one in self.approvals)

    @property
    def until(self) -> datetime | None:
        """When the first of the approvals expires."""
        return min((one.statement.ends for one in self.approvals), default=None)


def backing(
    given: Iterable[Given],
    *,
    digest: str,
    policy: str,
    remaining: Fraction | None,
    now: datetime,
    shipped_at: datetime | None = None,
) -> Backing:
    """What the answers about a change are worth now; the last answer of a role is the one it gives.

    `remaining` is the least that any objective has left; None where that is unknown. An answer
    about another digest is about another change. What shipped since used up what was given before.
    """
    last = dict[str, Given]()
    for one in sorted(given, key=lambda one: one.statement.given_at):
        used = shipped_at and datetime.fromisoformat(one.statement.given_at) <= shipped_at
        if one.statement.digest == digest and not used and one.statement.ends > now:
            last[one.statement.role] = one
    holding = dict[str, Given]()
    void: list[tuple[Given, str]] = []
    for one in last.values():
        if one.statement.says is Says.DECLINE:
            return Backing(declined=one)
        if why := _why_void(one.statement, policy, remaining):
            void.append((one, why))
        else:
            # One person is one person, however many roles are theirs.
            holding.setdefault(one.by.lower(), one)
    return Backing(approvals=tuple(holding.values()), void=tuple(void))


def _why_void(statement: Statement, policy: str, remaining: Fraction | None) -> str | None:
    if statement.policy != policy:
        return "the document has changed since it was given"
    if statement.least is None:
        return None
    if remaining is None:
        return "it states a floor, and what is left is unknown"
    if remaining < statement.least:
        return f"what is left fell below its floor of {as_percent(statement.least)}"
    return None


def change_digest(service: str, environment: str, change: str, diff: Diff | None) -> str:
    """SHA-256 of what a change is: the repository and the trees it leads from and to.

    Without trees nothing shows what it is but its name.
    """
    what: dict[str, str] = {"service": service, "environment": environment}
    if diff and diff.base_tree and diff.head_tree:
        trees = {"base": diff.base_tree, "head": diff.head_tree}
        what |= {"repository": diff.repository} | trees
    else:
        what |= {"change": change, "head": diff.head if diff else ""}
    return sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def refused(by: str, *, asked_by: Sequence[str], authors: Sequence[str]) -> str | None:
    """Why this person may not answer for budget: they asked for the change, or wrote it."""
    person = by.lower()
    if person in {one.lower() for one in asked_by if one}:
        return f"{by} asked for this change; somebody else must answer for it"
    if person in {one.lower() for one in authors}:
        return f"{by} is an author of this change; somebody else must answer for it"
    return None


def holders(owners: Mapping[str, Sequence[str]], role: str) -> Sequence[str]:
    """The people of a role. Raises Failure for one that the document gives to nobody."""
    if people := owners.get(role):
        return people
    known = ", ".join(owners) or "none"
    raise Failure(f"--role: the document gives {role!r} to nobody; its owners are: {known}")


def utc(moment: datetime) -> str:
    """A moment as statements write it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def decimal(share: Fraction | None) -> str | None:
    """A share as statements write it, cut off after six digits."""
    return None if share is None else f"{float(int(share * 10**6) / 10**6):.6f}"


def as_percent(share: Fraction) -> str:
    """A share for people: `16 %`."""
    return f"{float(share * 100):.3g} %"
