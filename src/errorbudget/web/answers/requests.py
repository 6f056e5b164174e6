"""What came of requests that were sent, and who sent them?"""

from pydantic import Field

from errorbudget.web.answers.answer import Answer


class Taken(Answer):
    """What came of requests that were sent; `read` is the sum of the next three."""

    read: int
    stored: int
    duplicates: int
    rejected: int
    first: str | None = Field(alias="from")
    last: str | None = Field(alias="to")


class Seen(Answer):
    """A service that has sent requests."""

    service: str
    first: str
    last: str
    requests: int


class Corrected(Answer):
    """How many requests were corrected, and which ids nobody knows."""

    corrected: int
    unknown: int
    unknown_ids: list[str]


class FailedRequest(Answer):
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


class Failures(Answer):
    """How many requests failed an objective in its window, and the newest of them."""

    service: str
    objective: str
    first: str = Field(alias="from")
    last: str = Field(alias="to")
    failed: int
    requests: list[FailedRequest]


class Pruned(Answer):
    """What was dropped."""

    requests_before: str | None
    logs_before: str | None
    requests: int
    logs: int
