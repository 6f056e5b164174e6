"""The endpoints of reviews: a quarter looked back at, and what it would have signed next."""

from base64 import b64encode
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from errorbudget.web.access import Caller
from errorbudget.web.calling import At, Here, Reads, documented
from errorbudget.web.failing import as_json

router = APIRouter(prefix="/api/v1", tags=["looking back"])

_MORE = ConfigDict(extra="allow")


class Review(BaseModel):
    """A quarter looked back at; each service has its objectives, decisions, freezes and queries."""

    model_config = _MORE
    quarter: str
    as_of: str
    over: bool
    alone: bool
    whole: dict[str, Any]
    services: list[dict[str, Any]]
    sentence: str


class NextVersion(BaseModel):
    """The next version of a document, not signed yet."""

    name: str
    body: Annotated[str, Field(description="Its exact bytes, base64.")]


class CadencesTold(BaseModel):
    """Ways to keep accounts side by side, each with its freezes."""

    model_config = _MORE
    service: str
    sentence: str
    cadences: list[dict[str, Any]]


@router.get(
    "/reviews",
    summary="The review of a quarter",
    responses=documented(Review, "What `errorbudget review --json` prints."),
)
def reviews(
    server: Here,
    caller: Reads,
    at: At,
    service: str | None = None,
    quarter: str | None = None,
    *,
    as_told: bool = False,
) -> Response:
    """Of a document, or of all: kept or not, where the budget went, what to change.

    By all that is known now; `as_told` is what was told when the quarter had closed.
    """
    about(caller, service)
    if as_told:
        return as_json(server.patient.review_as_told(service, quarter))
    return as_json(server.patient.review(service, quarter, at))


@router.get(
    "/reviews/next",
    summary="The documents that a review would have signed next",
    responses=documented(list[NextVersion], "Those whose targets change, to be signed."),
)
def following(
    server: Here,
    caller: Reads,
    at: At,
    service: str | None = None,
    quarter: str | None = None,
) -> Response:
    """The bytes in force with other targets, each with its evidence as a comment."""
    about(caller, service)
    found = server.patient.next_versions(service, quarter, at)
    return as_json(
        [{"name": name, "body": b64encode(body).decode()} for name, body in found.items()]
    )


@router.get(
    "/cadences",
    summary="What another cadence would have meant",
    responses=documented(CadencesTold, "What `errorbudget cadences --json` prints."),
)
def cadences(server: Here, caller: Reads, service: str, at: At) -> Response:
    """A service's last year by month, quarter, year, sliding, and both: freezes and returns."""
    caller.about(service)
    return as_json(server.patient.cadences(service, at))


def about(caller: Caller, service: str | None) -> None:
    """Whether the caller may see a document, or all of them. Raises Forbidden."""
    if service is None:
        caller.everything()
    else:
        caller.about(service)
