"""The endpoints that machines look at: alive, ready, and the server's own numbers."""

from typing import Any

from fastapi import APIRouter, Response

from errorbudget import clock
from errorbudget.web.answers.answer import Health
from errorbudget.web.calling import Here, Reads, documented
from errorbudget.web.failing import as_json

router = APIRouter(tags=["health"])


@router.get(
    "/healthz",
    summary="Is the process alive?",
    responses={200: {"model": Health, "description": "It answers."}},
)
def healthz() -> Response:
    """Says yes as long as it can; no token needed."""
    return as_json({"status": "ok"})


@router.get(
    "/readyz",
    summary="Are budgets current, and is there room for requests?",
    responses={
        200: {"model": Health, "description": "Ready."},
        503: {"model": Health, "description": "Not ready; `problems` says why."},
    },
)
def readyz(server: Here) -> Response:
    """Ready once every budget has been evaluated, and again and again; no token needed."""
    problems = server.problems()
    status = "unready" if problems else "ready"
    return as_json({"status": status, "problems": problems}, status=503 if problems else 200)


@router.get(
    "/api/v1/status",
    summary="How the server is doing",
    responses=documented(Health, "Its watch, its journal and its mail."),
)
def status(server: Here, _caller: Reads) -> Response:
    """Numbers for people; /metrics has them for machines."""
    pulse, stream = server.current.pulse, server.stream.state
    told: dict[str, Any] = {
        "status": "unready" if server.problems() else "ready",
        "problems": server.problems(),
        "watches": server.program.home.is_leading,
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
