"""The endpoints that say what services could promise, and what documents would have done."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict

from errorbudget.program.budgets.planning import forecast as planned_cost
from errorbudget.program.budgets.planning import plan
from errorbudget.program.proposing.proposals import caps
from errorbudget.web.answers.promises import Backtest, Forecast, Proposal
from errorbudget.web.answers.requests import Seen
from errorbudget.web.calling import At, Here, Reads, documented
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
    responses=documented(list[Seen], "Those that send requests, the busiest first."),
)
def unpromised(server: Here, caller: Reads) -> Response:
    """What `errorbudget objective propose --json` prints."""
    return as_json([one for one in server.patient.unpromised() if caller.sees((one["service"],))])


@router.post(
    "/proposals",
    summary="Propose an objective",
    responses=documented(Proposal, "What `objective propose SERVICE --json` prints."),
)
def propose(
    server: Here,
    caller: Reads,
    service: Annotated[
        list[str], Query(description="Several are pooled into one budget.", max_length=50)
    ],
    *,
    sla: Annotated[str | None, Query(description="What a contract promises, as 99.9%.")] = None,
    dependency: Annotated[
        list[str] | None, Query(description="The availability of what every request needs.")
    ] = None,
) -> Response:
    """From the service's own history; nothing is stored."""
    for one in service:
        caller.about(one)
    caller.within("")
    return as_json(server.patient.propose(service, caps(sla, dependency or [])))


@router.post(
    "/backtests",
    summary="Replay a document",
    responses=documented(Backtest, "What `objective backtest FILE --json` prints.", 422),
)
def backtest(server: Here, caller: Reads, name: str, sent: Replayed) -> Response:
    """Over all history; nothing is stored, and nobody is told."""
    caller.everything()
    return as_json(server.patient.backtest(sent.document.encode(), name, sent.incidents))


@router.get(
    "/forecast",
    summary="What something planned would cost",
    responses=documented(list[Forecast], "What `errorbudget forecast --json` prints."),
)
def forecast(  # noqa: PLR0913 -- one parameter for each thing that is known of it
    *,
    server: Here,
    caller: Reads,
    at: At,
    service: str,
    availability: Annotated[str, Query(description="Of its calls, as 99.5% or 0.995.")],
    share: Annotated[str, Query(description="Of requests that need it.")],
    calls: Annotated[int, Query(ge=1, le=1000)] = 1,
    retries: Annotated[int, Query(ge=0, le=100)] = 0,
    fallback: Annotated[str, Query(description="Of requests served well without it.")] = "0%",
) -> Response:
    """What it takes from each budget of a service a window, whether that fits, and what would."""
    caller.about(service)
    planned = plan(
        availability=availability, share=share, fallback=fallback, calls=calls, retries=retries
    )
    return as_json(
        [
            planned_cost(one.as_dict(), planned)
            for one in server.reader.budgets(service, at)
            if caller.sees(one.document.services, one.document.environment)
        ]
    )
