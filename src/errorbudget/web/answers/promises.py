"""What was promised, and what could be?"""

from typing import Any, Literal

from errorbudget.web.answers.answer import Answer


class Waited(Answer):
    """A signature that is not there yet."""

    role: str
    owners: list[str]


class SignatureGiven(Answer):
    """A signature that counts; `key` is a fingerprint."""

    role: str
    principal: str
    key: str


class Applied(Answer):
    """What became of a document; `in_force` is the digest of the version that binds now."""

    service: str
    digest: str
    state: Literal["binding", "unsigned"]
    missing: list[str]
    waits: list[Waited]
    signatures: list[SignatureGiven]
    refused: list[str]
    in_force: str | None
    notes: list[str]


class DocumentVersion(Answer):
    """One version of a document."""

    digest: str
    state: Literal["binding", "replaced", "unsigned"]
    states: list[dict[str, str]]
    signatures: list[SignatureGiven]
    decisions: list[dict[str, Any]]


class DocumentCopy(Answer):
    """A document in force, for a machine to go by while the server does not answer."""

    service: str
    digest: str | None
    document: str | None
    signatures: dict[str, str]
    checkpoint: str


class History(Answer):
    """The versions of a document, oldest first."""

    service: str
    versions: list[DocumentVersion]


class Proposal(Answer):
    """An objective that a service's history bears out."""

    service: str
    indicator: dict[str, Any]
    commit: dict[str, Any] | None
    stretch: dict[str, Any] | None
    evidence: dict[str, Any]
    document: str | None


class Backtest(Answer):
    """What a document would have done."""

    service: str
    alerts: list[dict[str, Any]]
    windows: list[dict[str, Any]]


class Needed(Answer):
    """What would let it fit; null without data, or where nothing is left."""

    availability: float | None
    target: float | None


class Forecast(Answer):
    """What something planned would cost one budget; shares of it are 1 for all of it."""

    service: str
    objective: str
    target: str
    requests: int
    added: float
    cost: float
    cost_range: list[float]
    used: float | None
    used_after: float | None
    fits: bool | None
    needs: Needed
    sentence: str
