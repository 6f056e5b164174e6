"""What may ship, and who answered for it?"""

from typing import Any, Literal

from pydantic import Field

from errorbudget.web.answers.answer import Answer
from errorbudget.web.answers.budgets import Budget


class Change(Answer):
    """What altered production."""

    id: str
    service: str
    version: str
    kind: str
    environment: str
    started: str
    finished: str | None
    origin: Literal["told", "traffic"]


class Decided(Answer):
    """The answer for one change; it is entry number `entry` of the audit trail."""

    service: str
    change: str
    decision: Literal["allow", "block", "needs_approval"]
    reason: str
    reason_code: str
    band: str
    risk: dict[str, Any]
    budgets: list[Budget]
    permits_now: list[str]
    slip: str
    later: dict[str, Any]
    approvals: list[dict[str, Any]]
    expires: str | None
    entry: int | None
    checkpoint: str | None
    askings: int
    decided: str | None


class Deployed(Answer):
    """The version that a service runs."""

    version: str
    revision: str
    since: str


class Drafted(Answer):
    """A statement to be signed in `namespace`, byte for byte."""

    statement: str
    namespace: str
    consequences: str


class Answered(Answer):
    """What a person answered about one change."""

    id: str
    by: str
    says: Literal["approve", "decline"]
    role: str
    reason: str
    until: str


class Waiting(Answer):
    """A change that waits, was answered about, or is to be reviewed."""

    service: str
    environment: str
    change: str
    state: Literal["waiting", "approved", "declined", "deferred", "void", "shipped"]
    answers: list[dict[str, Any]] = Field(description="The last of each person in each role.")
    review: bool
    needs: str = Field(description="What is missing, in words; empty where nothing is.")
    next: str = Field(description="The command that goes on; empty where there is none.")


class Outcome(Answer):
    """What came of a permitted change."""

    service: str
    change: str
    decided_by: int
    outcome: Literal["succeeded", "failed"]
    exit_code: int


class Heard(Answer):
    """Whether a webhook was new."""

    new: bool


class OfflineTaken(Answer):
    """What became of records of decisions made without the server."""

    taken: int
    known: int
