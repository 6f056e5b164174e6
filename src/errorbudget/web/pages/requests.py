"""The failed requests of a time, one by one: what every part of a burn leads down to."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.ledger.window import Span, minute_ceil, minute_floor
from errorbudget.source import NotTold
from errorbudget.web.calling import Here, Reads
from errorbudget.web.explaining import Since, Until
from errorbudget.web.pages.rendering import Page, count, iso, page
from errorbudget.web.pages.service import shown

router = APIRouter(tags=["pages"], route_class=Page, include_in_schema=False)

LAST: Final = 100
DAY: Final = timedelta(days=1)

Only = Annotated[list[str] | None, Query(max_length=12)]


@router.get("/services/{name}/{objective}/requests")
def requests(  # noqa: PLR0913, PLR0917 -- the path and the query of one page
    request: Request,
    server: Here,
    caller: Reads,
    name: str,
    objective: str,
    since: Since,
    until: Until,
    only: Only = None,
) -> Response:
    """Which requests failed an objective, those with `only=COLUMN=VALUE`, the newest first."""
    document = shown(server, caller, name)
    if objective not in document.objectives:
        named = ", ".join(document.objectives)
        raise Failure(f"{name} has no objective {objective!r}; write one of: {named}")
    until = until or clock.now()
    since = since or until - DAY
    span = Span(minute_floor(since), max(minute_ceil(until), minute_floor(since)))
    match = _match(only or [])
    found, untold = None, ""
    try:
        found = server.finder.failed_within(document, objective, span, match=match, last=LAST)
    except NotTold as cause:
        untold = str(cause)
    many = found.count if found else 0
    times = {"from": iso(since), "to": iso(until)}

    def narrowing(column: str, value: str) -> str:
        return "?" + _address(times, match | {column: value})

    return page(
        request,
        "requests.html",
        title=f"{document.name}: requests",
        document=document,
        objective=objective,
        headline=_headline(many, match) if found else "Nobody can tell which requests failed.",
        found=found,
        untold=untold,
        since=since,
        until=until,
        match=match,
        without={column: "?" + _address(times, match, column) for column in match},
        narrowing=narrowing,
    )


def _match(only: list[str]) -> dict[str, str]:
    pairs = [one.partition("=") for one in only]
    if wrong := [column for column, equals, _ in pairs if not equals]:
        raise Failure(f"only: {wrong[0]!r} is no COLUMN=VALUE; write `only=route=/pay`")
    return {column: value for column, _, value in pairs}


def _headline(many: int, match: Mapping[str, str]) -> str:
    """`534 requests with route=/pay and region=eu failed.`"""
    words = " and ".join(f"{column}={value or '(empty)'}" for column, value in match.items())
    whose = f"{'s' if many > 1 else ''}{' with ' if words else ''}{words}"
    return f"{count(many) if many else 'No'} request{whose} failed."


def _address(times: Mapping[str, str], match: Mapping[str, str], without: str = "") -> str:
    return urlencode([*times.items(), *_only(match, without)])


def _only(match: Mapping[str, str], without: str) -> Iterator[tuple[str, str]]:
    for column, value in match.items():
        if column != without:
            yield "only", f"{column}={value}"
