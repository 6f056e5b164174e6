"""The endpoint that says what broke."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from errorbudget.web.answers.burns import Explanation, Handoff
from errorbudget.web.calling import At, Here, Reads, documented, moment_of
from errorbudget.web.failing import Forbidden, as_json

router = APIRouter(prefix="/api/v1", tags=["asking"])


def since_of(
    since: Annotated[str | None, Query(alias="from", description="RFC 3339.")] = None,
) -> datetime | None:
    """The start that a call names. Raises Failure."""
    return moment_of(since, "from")


def until_of(
    until: Annotated[str | None, Query(alias="to", description="RFC 3339.")] = None,
) -> datetime | None:
    """The end that a call names. Raises Failure."""
    return moment_of(until, "to")


Since = Annotated[datetime | None, Depends(since_of)]
Until = Annotated[datetime | None, Depends(until_of)]


@router.get(
    "/explain",
    summary="What broke",
    responses=documented(Explanation, "What `errorbudget explain --json` prints."),
)
def explain(
    server: Here,
    caller: Reads,
    at: At,
    service: str,
    since: Since,
    until: Until,
    objective: str | None = None,
) -> Response:
    """A burn by where, who, what changed and what the logs say; the current one without `from`."""
    caller.about(service)
    found = server.finder.explain(service, objective, since=since, until=until, at=at)
    document = found.burn.standing.document
    if not caller.sees(document.services, document.environment):
        raise Forbidden(f"the token {caller.name!r} is not for {document.name!r}")
    return as_json(found.as_dict())


@router.get(
    "/handoff",
    summary="What a log tool needs to go on from a burn",
    responses=documented(Handoff, "What `errorbudget handoff` prints."),
)
def handoff(
    server: Here,
    caller: Reads,
    at: At,
    service: str,
    objective: str,
    since: Since,
    until: Until,
) -> Response:
    """Service, time, request ids and log templates of a burn, with queries for log tools."""
    caller.about(service)
    found = server.finder.hand_off(service, objective, since=since, until=until, at=at)
    if not caller.sees(found.services, found.environment):
        raise Forbidden(f"the token {caller.name!r} is not for {service!r}")
    return as_json(found.as_dict())
