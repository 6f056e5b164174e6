"""The endpoints that machines look at: alive, ready, and the server's own numbers."""

from typing import Any

from fastapi import APIRouter, Response

from errorbudget import clock
from errorbudget.web.answers.answer import Health
from errorbudget.web.calling import Here, Reads, documented
from errorbudget.web.failing import as_json
from errorbudget.web.server import Server

router = APIRouter(tags=["health"])


@router.get(
    "/healthz",
    summary="Is the process alive?",
    responses={200: {"model": Health, "description": "It answers."}},
)
def healthz(server: Here) -> Response:
    """Says yes as long as it can, and whether sources do not answer; no token needed."""
    return as_json({"status": "ok", "problems": _of_sources(server)})


@router.get(
    "/readyz",
    summary="Are budgets current, and is there room for requests?",
    responses={
        200: {"model": Health, "description": "Ready."},
        503: {"model": Health, "description": "Not ready; `problems` says why."},
    },
)
def readyz(server: Here) -> Response:
    """Ready once every budget has been evaluated, and again and again; no token needed.

    A source that does not answer makes its budgets stale and the server no less ready.
    """
    problems = server.problems()
    told = {
        "status": "unready" if problems else "ready",
        "problems": [*problems, *_of_sources(server)],
    }
    return as_json(told, status=503 if problems else 200)


@router.get(
    "/api/v1/status",
    summary="How the server is doing",
    responses=documented(Health, "Its watch, its journal and its mail."),
)
def status(server: Here, caller: Reads) -> Response:
    """Numbers for people; /metrics has them for machines."""
    pulse, stream = server.current.pulse, server.stream.state
    told: dict[str, Any] = {
        "status": "unready" if server.problems() else "ready",
        "problems": server.problems(),
        "watches": server.program.home.is_leading,
        "unanswered": {
            document.name: problem
            for document, problem in server.unanswered()
            if caller.sees(document.services, document.environment)
        },
        "evaluated_at": clock.text(pulse.at) if pulse.at else None,
        "evaluations": pulse.ticks,
        "evaluation_seconds": pulse.seconds,
        "unloaded_bytes": stream.unloaded,
        "loaded_rows": stream.loaded,
        "known_rows": stream.duplicates,
        "set_aside_segments": stream.set_aside,
        "letters": {state.value: n for state, n in server.program.home.outbox.counts().items()},
    }
    return as_json(told)


def _of_sources(server: Server) -> list[str]:
    """Whose sources do not answer is for those who may read; that some do not is for all."""
    number = len(server.unanswered())
    said = "documents of which nothing new is known, because their source does not answer"
    return [f"{said}: {number}; /api/v1/status says whose and why"] if number else []
