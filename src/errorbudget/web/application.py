"""The application: every endpoint, its documentation, and the log line of each call."""

import logging
import time
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, Final

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from errorbudget.web import (
    accounting,
    administering,
    approving,
    explaining,
    failing,
    gating,
    github,
    health,
    metrics,
    moving,
    offline,
    postmortems,
    promising,
    proposing,
    reading,
    responding,
    retaining,
    reviews,
    sending,
)
from errorbudget.web.families import Note
from errorbudget.web.pages import (
    burn,
    drafting,
    gate,
    incidents,
    live,
    objectives,
    overview,
    requests,
    review,
    service,
    signing_in,
    trail,
)
from errorbudget.web.pages import postmortems as learned
from errorbudget.web.pages.rendering import nowhere
from errorbudget.web.plain import PlainQuestions
from errorbudget.web.server import Server
from errorbudget.web.surfaces import argo, flagger, kubernetes

LOG = logging.getLogger(__name__)

_QUIET: Final = frozenset(("/healthz", "/readyz", "/metrics", "/v1/traces", "/v1/logs"))
"""Called again and again: a line each would bury the others, unless something went wrong."""


def application(server: Server) -> FastAPI:
    """The application on a server that is being started."""
    app = FastAPI(
        title="errorbudget",
        summary="An error budget program that runs itself.",
        version=version("errorbudget"),
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.server = server
    failing.install(app)
    app.exception_handler(404)(nowhere)
    asking = (reading, promising, proposing, explaining, gating, offline, accounting, reviews)
    people = (approving, responding, postmortems)
    for routes in (sending, *asking, *people, administering, retaining, moving, health, metrics):
        app.include_router(routes.router)
    for surface in (argo, flagger, github, kubernetes):
        app.include_router(surface.router)
    reading_on = (objectives, drafting, burn, requests, incidents, gate, review, learned, trail)
    for shown in (overview, service, *reading_on, signing_in, live):
        app.include_router(shown.router)
    app.add_middleware(PlainQuestions, server=server)
    app.add_middleware(Logged, notes=server.notes)
    app.add_middleware(kubernetes.TokenInPath)
    return app


class Logged:
    """Writes one line for each call: what was asked, what came of it, how long it took."""

    def __init__(self, app: ASGIApp, notes: Sequence[Note]) -> None:
        self._app = app
        self._notes = notes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a call on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, told)
        finally:
            seconds = time.perf_counter() - started
            # Paths that nobody serves are anything: they must not become so many numbers.
            route = getattr(scope.get("route"), "path", "other")
            for note in self._notes:
                note(scope["method"], route, status, seconds)
            _log(scope, status, seconds)


def _log(scope: Scope, status: int, seconds: float) -> None:
    quiet = scope["path"] in _QUIET and status < 400
    # Never the query or the headers: people put secrets there.
    about: dict[str, Any] = {
        "method": scope["method"],
        "path": scope["path"],
        "status": status,
        "ms": round(seconds * 1000, 2),
        "client": (scope.get("client") or ("",))[0],
    }
    level = logging.DEBUG if quiet else logging.INFO
    LOG.log(level, "%s %s %d", scope["method"], scope["path"], status, extra={"about": about})
