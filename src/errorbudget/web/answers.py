"""What do answers look like, for the OpenAPI document? The program's own values are sent."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Answer(BaseModel):
    model_config = ConfigDict(extra="allow")


class Error(_Answer):
    """What went wrong."""

    kind: str = Field(examples=["usage"])
    message: str
    lines: list[str]


class Failed(_Answer):
    """A failure: the place, the cause and the way out."""

    error: Error


class Taken(_Answer):
    """What came of requests that were sent; `read` is the sum of the next three."""

    read: int
    stored: int
    duplicates: int
    rejected: int
    first: str | None = Field(alias="from")
    last: str | None = Field(alias="to")


class Seen(_Answer):
    """A service that has sent requests."""

    service: str
    first: str
    last: str
    requests: int


class Window(_Answer):
    """A half-open span of time."""

    kind: Literal["rolling", "calendar"]
    start: str
    end: str


class Meaning(_Answer):
    """What a budget of fewer than ten allowed failures is worth, and what would make it more."""

    words: str
    advice: str
    needs: int
    has: int
    window: str | None
    target: str | None


class Joined(_Answer):
    """Requests of a service that operations led to."""

    service: str
    objective: str
    valid: int
    bad: int
    without_id: int


class Composite(_Answer):
    """What is known of operations over several services; `bad` are its least and most."""

    of: str
    joins: list[Joined]
    missing: list[str]
    without_id: int
    bad: list[int]
    remaining: list[float] | None
    words: str


class Budget(_Answer):
    """The budget of one objective; `remaining` is 1 when untouched, null without data."""

    service: str
    services: list[str]
    objective: str
    target: str
    window: Window
    valid: int
    bad: int
    allowed: float | None
    remaining: float | None
    pace: float | None
    exhausts_at: str | None
    state: Literal["healthy", "spent", "stale", "unknown"]
    meaningful: Literal["normal", "coarse", "events", "none"]
    meaning: Meaning | None
    coverage: float | None
    as_of: str | None
    overdue: str | None
    pool: str
    composite: Composite | None
    members: list["Budget"]


class Worst(_Answer):
    """The budget with the least left."""

    service: str
    objective: str
    remaining: float
    state: Literal["healthy", "spent", "stale"]
    meaningful: Literal["normal", "coarse", "events", "none"]
    words: str


class RolledUp(_Answer):
    """One service of a group."""

    service: str
    valid: int
    failing: int
    state: Literal["healthy", "spent", "stale", "unknown"]
    states: dict[str, str]
    worst: Worst | None


class Rollup(_Answer):
    """Services seen together; a request counts as failing once, whatever objectives it failed."""

    by: str
    group: str | None
    first: str = Field(alias="from")
    last: str = Field(alias="to")
    valid: int
    failing: int
    budgets: int
    states: dict[str, int]
    state: Literal["healthy", "spent", "stale", "unknown"]
    worst: Worst | None
    as_of: str | None
    members: list[RolledUp]


class FailedRequest(_Answer):
    """One bad request."""

    time: str
    service: str
    route: str
    method: str
    status: int | None
    duration_ms: float | None
    tenant: str
    version: str
    region: str
    request_id: str
    error_logs: int
    corrections: int


class Failures(_Answer):
    """How many requests failed an objective in its window, and the newest of them."""

    service: str
    objective: str
    first: str = Field(alias="from")
    last: str = Field(alias="to")
    failed: int
    requests: list[FailedRequest]


class Horizon(_Answer):
    """How fast the budget burnt over one horizon; 1 is exactly on time."""

    horizon: str
    valid: int
    bad: int
    rate: float | None
    shown_rate: float | None
    interval: list[float] | None


class Burn(_Answer):
    """How fast one objective's budget burns, and what its alert says."""

    service: str
    objective: str
    alert: Literal["none", "drift", "warn", "fire", "recovering", "unknown"]
    reason: str
    horizons: list[Horizon]
    pool: str
    composite: Composite | None
    members: list["Burn"]


class Onset(_Answer):
    """Since when it burns, and how sure that is."""

    at: str
    earliest: str
    latest: str


class Finding(_Answer):
    """Requests in which more fail than usual; `share` is of the excess of all requests."""

    match: dict[str, str]
    excess: float
    share: float
    rate: float
    baseline_rate: float | None
    n: int


class Who(_Answer):
    """One tenant or all of them."""

    tenants: int
    top_tenant: str | None
    top_share: float | None
    effective_tenants: float | None
    sentence: str


class Fits(_Answer):
    """A change, and what speaks for its having to do with a burn."""

    change: str
    fits: bool
    evidence: list[Any]


class Pattern(_Answer):
    """Log records of one form."""

    template: str
    count: int
    baseline_count: int
    reason: str
    trace_ids: list[str]


class Section(_Answer):
    """One question, answered in lines for people; the same as in alerts."""

    heading: str
    lines: list[str]


class Bars(_Answer):
    """Valid and bad requests of stretches of so many minutes each, from a moment on."""

    minutes: int
    valid: list[int]
    bad: list[int]


class Explanation(_Answer):
    """What broke."""

    service: str
    objective: str
    headline: str
    first_move: str | None
    sections: list[Section]
    bars: Bars
    onset: Onset | None
    where: list[Finding]
    who: Who
    changes: list[Fits]
    logs: list[Pattern]
    limits: list[str]


class Handoff(_Answer):
    """What a log tool needs to go on from a burn; `queries` by tool."""

    services: list[str]
    environment: str
    request_ids: list[str]
    templates: list[str]
    queries: dict[str, Any]


class Change(_Answer):
    """What altered production."""

    id: str
    service: str
    version: str
    kind: str
    environment: str
    started: str
    finished: str | None
    origin: Literal["told", "traffic"]


class Decided(_Answer):
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


class Deployed(_Answer):
    """The version that a service runs."""

    version: str
    revision: str
    since: str


class Drafted(_Answer):
    """A statement to be signed in `namespace`, byte for byte."""

    statement: str
    namespace: str
    consequences: str


class Answered(_Answer):
    """What a person answered about one change."""

    id: str
    by: str
    says: Literal["approve", "decline"]
    role: str
    reason: str
    until: str


class Waiting(_Answer):
    """A change that waits, was answered about, or is to be reviewed."""

    service: str
    environment: str
    change: str
    state: Literal["waiting", "approved", "declined", "deferred", "void", "shipped"]
    answers: list[dict[str, Any]] = Field(description="The last of each person in each role.")
    review: bool
    needs: str = Field(description="What is missing, in words; empty where nothing is.")
    next: str = Field(description="The command that goes on; empty where there is none.")


class Incident(_Answer):
    """Something that hurts users of a service, for as long as it lasts."""

    id: int
    service: str
    environment: str
    title: str
    origin: Literal["person", "alert"]
    declared_by: str
    started: str
    acknowledged: str | None
    acknowledged_by: str | None
    ended: str | None
    ended_by: str | None


class Happening(_Answer):
    """One line of an incident's timeline."""

    at: str
    what: str
    by: str
    text: str
    objective: str
    notice: str


class IncidentShown(Incident):
    """An incident with its timeline, and what was found out last of its burn."""

    timeline: list[Happening]
    context: Explanation | None


class Outcome(_Answer):
    """What came of a permitted change."""

    service: str
    change: str
    decided_by: int
    outcome: Literal["succeeded", "failed"]
    exit_code: int


class Entry(_Answer):
    """One entry of the audit trail."""

    seq: int
    at: str
    kind: str
    words: str
    body: dict[str, Any]
    leaf: str
    checkpoint: str


class Verified(_Answer):
    """How many entries verify, their root, and the key that signs it."""

    entries: int
    root: str
    key: str


class Account(_Answer):
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


class Reconciled(_Answer):
    """What shipped past the gate and was not known before."""

    ungated: list[dict[str, Any]]
    known: int
    changes: int


class Corrected(_Answer):
    """How many requests were corrected, and which ids nobody knows."""

    corrected: int
    unknown: int
    unknown_ids: list[str]


class Waited(_Answer):
    """A signature that is not there yet."""

    role: str
    owners: list[str]


class SignatureGiven(_Answer):
    """A signature that counts; `key` is a fingerprint."""

    role: str
    principal: str
    key: str


class Applied(_Answer):
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


class DocumentVersion(_Answer):
    """One version of a document."""

    digest: str
    state: Literal["binding", "replaced", "unsigned"]
    states: list[dict[str, str]]
    signatures: list[SignatureGiven]
    decisions: list[dict[str, Any]]


class DocumentCopy(_Answer):
    """A document in force, for a machine to go by while the server does not answer."""

    service: str
    digest: str | None
    document: str | None
    signatures: dict[str, str]
    checkpoint: str


class Heard(_Answer):
    """Whether a webhook was new."""

    new: bool


class OfflineTaken(_Answer):
    """What became of records of decisions made without the server."""

    taken: int
    known: int


class History(_Answer):
    """The versions of a document, oldest first."""

    service: str
    versions: list[DocumentVersion]


class Health(_Answer):
    """How the server is doing."""

    status: str


class DeadLetter(_Answer):
    """A message that did not arrive at a target."""

    number: int
    target: str
    title: str
    problem: str
    attempts: int
    put: str


class Pruned(_Answer):
    """What was dropped."""

    requests_before: str | None
    logs_before: str | None
    requests: int
    logs: int


class Resent(_Answer):
    """How many letters wait for delivery again."""

    resent: int


class Token(_Answer):
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


class Proposal(_Answer):
    """An objective that a service's history bears out."""

    service: str
    indicator: dict[str, Any]
    commit: dict[str, Any] | None
    stretch: dict[str, Any] | None
    evidence: dict[str, Any]
    document: str | None


class Backtest(_Answer):
    """What a document would have done."""

    service: str
    alerts: list[dict[str, Any]]
    windows: list[dict[str, Any]]


class Needed(_Answer):
    """What would let it fit; null without data, or where nothing is left."""

    availability: float | None
    target: float | None


class Forecast(_Answer):
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
