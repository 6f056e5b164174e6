"""What is on record, and who may write there?"""

from typing import Any

from errorbudget.web.answers.answer import Answer


class Entry(Answer):
    """One entry of the audit trail."""

    seq: int
    at: str
    kind: str
    words: str
    body: dict[str, Any]
    leaf: str
    checkpoint: str


class Verified(Answer):
    """How many entries verify, their root, and the key that signs it."""

    entries: int
    root: str
    key: str


class Account(Answer):
    """Where an objective's bad requests of a quarter went; the lines add up to `bad`."""

    service: str
    objective: str
    target: str
    quarter: dict[str, str]
    as_of: str
    valid: int
    bad: int
    allowed: float
    usual: float
    lines: list[dict[str, Any]]
    hindsight: dict[str, int]


class Reconciled(Answer):
    """What shipped past the gate and was not known before."""

    ungated: list[dict[str, Any]]
    known: int
    changes: int


class Token(Answer):
    """What a token may do."""

    id: str
    name: str
    scopes: list[str]
    services: list[str]
    environments: list[str]
    created: str
    expires: str | None
    revoked: str | None
    valid: bool


class TokenMade(Token):
    """A token that was just made."""

    token: str
