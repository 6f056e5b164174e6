"""The endpoints that say what services could promise, and what documents would have done."""

from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from errorbudget.web import answers
from errorbudget.web.calling import Here, Reads, documented
from errorbudget.web.failing import as_json

router = APIRouter(prefix="/api/v1", tags=["promising"])


class Replayed(BaseModel):
    """A document to replay, and incidents that people know of."""

    model_config = ConfigDict(extra="forbid")
    document: str
    incidents: list[Any] | None = None


@router.get(
    "/proposals",
    summary="Services without an objective",
    responses=documented(list[answers.Seen], "Those that send requests, the busiest first."),
)
def unpromised(server: Here, caller: Reads) -> Response:
    """What `errorbudget objective propose --json` prints."""
    return as_json([one for one in server.unpromised() if caller.sees((one["service"],))])


@router.post(
    "/proposals",
    summary="Propose an objective",
    responses=documented(answers.Proposal, "What `objective propose SERVICE --json` prints."),
)
def propose(server: Here, caller: Reads, service: str) -> Response:
    """From the service's own history; nothing is stored."""
    caller.about(service)
    caller.within("")
    return as_json(server.propose(service))


@router.post(
    "/backtests",
    summary="Replay a document",
    responses=documented(answers.Backtest, "What `objective backtest FILE --json` prints.", 422),
)
def backtest(server: Here, caller: Reads, name: str, sent: Replayed) -> Response:
    """Over all history; nothing is stored, and nobody is told."""
    caller.everything()
    return as_json(server.backtest(sent.document.encode(), name, sent.incidents))
