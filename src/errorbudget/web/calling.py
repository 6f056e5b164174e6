"""What every endpoint has at hand: the server, and who is calling."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Query, Request

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.program.tokens import Scope
from errorbudget.web.access import Caller, identified
from errorbudget.web.server import Server


def server_of(request: Request) -> Server:
    """The server behind this application."""
    return request.app.state.server


def holding(scope: Scope) -> Callable[[Request], Caller]:
    """Whoever calls, when they may do this. Raises Unauthorized, Forbidden."""

    def caller(request: Request) -> Caller:
        found = identified(server_of(request), request)
        found.needs(scope)
        return found

    return caller


def asking(request: Request) -> Caller:
    """Whoever calls, when they may ask the gate, if only without a record. Raises Forbidden."""
    found = identified(server_of(request), request)
    if not found.holds(Scope.READ):
        found.needs(Scope.GATE)
    return found


_Text = Annotated[str | None, Query(description="RFC 3339; now if not given.")]


def _moment(at: _Text = None) -> datetime | None:
    return moment_of(at, "at")


def moment_of(text: str | None, name: str) -> datetime | None:
    """The moment that a text names. Raises Failure."""
    try:
        return None if text is None else clock.parse(text)
    except ValueError as cause:
        raise Failure(f"{name}: {cause}") from cause


def receiving(request: Request) -> Server:
    """The same for what is kept in its warehouse. Raises Failure where replicas share budgets."""
    server = server_of(request)
    if server.program.home.is_shared:
        raise Failure(
            "this server is one of several replicas, and what it took in no other would count",
            "Send requests to where all of them read: a ClickHouse or a Prometheus, as configured"
            " under `sources`.",
        )
    return server


Here = Annotated[Server, Depends(server_of)]
Receiving = Annotated[Server, Depends(receiving)]
At = Annotated[datetime | None, Depends(_moment)]
Sends = Annotated[Caller, Depends(holding(Scope.INGEST))]
Reads = Annotated[Caller, Depends(holding(Scope.READ))]
Gates = Annotated[Caller, Depends(holding(Scope.GATE))]
Asks = Annotated[Caller, Depends(asking)]
Approves = Annotated[Caller, Depends(holding(Scope.APPROVE))]
Administers = Annotated[Caller, Depends(holding(Scope.ADMIN))]


def documented(model: type, description: str, *more: int) -> dict[int | str, dict[str, Any]]:
    """What an endpoint answers, for the OpenAPI document; bodies are written as the CLI does."""
    from errorbudget.web.answers.answer import Failed

    told = {
        400: "The call is wrong.",
        401: "No token, or none that is known.",
        403: "The token may not do this.",
        409: "Something signed or chained does not verify.",
        413: "The body is too large.",
        415: "The body is encoded in a way that this server does not read.",
        422: "The document cannot be used as written; each line says where and why.",
        429: "Too much waits to be loaded; come again after Retry-After.",
        503: "The disk is full, or there is no room for more; come again after Retry-After.",
    }
    failures = {
        code: {"model": Failed, "description": told[code]} for code in (400, 401, 403, *more)
    }
    return {200: {"model": model, "description": description}, **failures}
