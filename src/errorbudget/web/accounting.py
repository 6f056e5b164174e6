"""The endpoints that look back: where a budget went, and what shipped past the gate."""

from fastapi import APIRouter, Response

from errorbudget import clock
from errorbudget.web.answers.trail import Account, Reconciled
from errorbudget.web.calling import Administers, At, Here, Reads, documented, moment_of
from errorbudget.web.failing import as_json

router = APIRouter(prefix="/api/v1", tags=["looking back"])


@router.get(
    "/accounts",
    summary="Where a quarter's budget went",
    responses=documented(
        list[Account], "What `errorbudget gate account --json` prints, by objective."
    ),
)
def accounts(
    server: Here, caller: Reads, service: str, at: At, quarter: str | None = None
) -> Response:
    """Every bad request of a quarter once: by change, by incident, by background."""
    caller.about(service)
    if caller.allowed.environments:
        caller.within(server.document(service).environment)
    return as_json(server.patient.accounts(service, quarter, at))


@router.post(
    "/audit/reconcile",
    summary="Find what shipped past the gate",
    responses=documented(Reconciled, "What is newly found, each recorded as `ungated`."),
)
def reconcile(server: Here, caller: Administers, since: str | None = None) -> Response:
    """Set the trail beside recorded changes and the versions in the traffic.

    With `since` only of what started then or later: not of a history before the gate.
    """
    caller.everything()
    return as_json(server.patient.reconcile(clock.now(), moment_of(since, "since")))
