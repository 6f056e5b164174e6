"""Tells open pages that there is news, as server-sent events, and serves the files they load."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from functools import cache
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from errorbudget.program import drawing
from errorbudget.web.calling import Here, Reads
from errorbudget.web.failing import NotFound
from errorbudget.web.pages import rendering
from errorbudget.web.server import Server

router = APIRouter(tags=["pages"], include_in_schema=False)

PACE: Final = 2.0
"""Seconds between two looks at whether there is news."""
QUIET: Final = 15
"""Looks without news after which a comment keeps the connection open."""

_KINDS: Final = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}


@router.get("/live")
async def live(request: Request, server: Here, caller: Reads) -> StreamingResponse:
    """An event each time the budgets were evaluated and came out otherwise."""
    del caller
    return StreamingResponse(
        _news(request, server),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _news(request: Request, server: Server) -> AsyncIterator[str]:
    seen, quiet = _state(server), 0
    yield "retry: 5000\n\n"
    while not await request.is_disconnected():
        await asyncio.sleep(PACE)
        now, quiet = _state(server), quiet + 1
        if now != seen:
            seen, quiet = now, 0
            yield "event: looked\ndata: \n\n"
        elif quiet >= QUIET:
            quiet = 0
            yield ": still here\n\n"


def _state(server: Server) -> object:
    """What a page would show otherwise when it differs; a busy service differs each minute."""
    seen = server.current.snapshot
    if seen is None:
        return None
    alerts = tuple(group.fleet.codes.tobytes() for group in seen.watched)
    return seen.at.replace(second=0, microsecond=0), alerts


@router.get("/pictures/vega.js")
def library(request: Request) -> Response:
    """What draws a picture that is explored. Nothing in it is anybody's: it may be compressed."""
    headers = {"Cache-Control": "max-age=86400", "X-Content-Type-Options": "nosniff"}
    if "gzip" not in request.headers.get("Accept-Encoding", ""):
        return Response(drawing.library(), media_type="text/javascript", headers=headers)
    headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return Response(_compressed(), media_type="text/javascript", headers=headers)


@cache
def _compressed() -> bytes:
    return gzip.compress(drawing.library())


@router.get("/pictures/{name}.json")
def specification(caller: Reads, name: str) -> Response:
    """The specification of a picture on a page that was shown lately."""
    del caller
    found = drawing.explorable(name)
    if found is None:
        raise NotFound("this picture was drawn a while ago: open its page again")
    return Response(found, media_type="application/json", headers=rendering.GUARDS)


@router.get("/static/{name}")
def static(name: str) -> Response:
    """A file that pages load."""
    body = rendering.static(name)
    kind = _KINDS.get(name[name.rfind(".") :])
    if body is None or kind is None:
        raise NotFound(f"/static/{name}: no such file")
    headers = {"Cache-Control": "max-age=300", "X-Content-Type-Options": "nosniff"}
    return Response(body, media_type=kind, headers=headers)
