"""Argo Rollouts asks by a web metric that never fails; Argo CD tells what was deployed."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from errorbudget import clock
from errorbudget.change import Change
from errorbudget.errors import Failure
from errorbudget.web.calling import Gates, Here, Sends, moment_of
from errorbudget.web.failing import as_json
from errorbudget.web.surfaces.asking import Asking, Translated, decided


class Measured(Translated):
    """A route that always answers 200: five other answers would abort a rollout as bad."""

    def refused(self, status: int, reason: str) -> Response:  # noqa: ARG002 -- always 200
        """Nothing is known: neither condition holds, and the rollout pauses for a person."""
        return _measured("unknown", reason)


metric = APIRouter(route_class=Measured)
router = APIRouter(prefix="/api/v1/argo")

_MEASURED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "`decision` is allow, block, needs_approval or unknown; always 200."}
}


class Candidate(BaseModel):
    """What an AnalysisTemplate was given of the change."""

    model_config = ConfigDict(extra="forbid")
    service: str
    revision: Annotated[str, Field(description="What a pipeline calls the change.")] = ""
    rollout: Annotated[str, Field(description="Tells unidentified changes apart.")] = ""
    risk: Annotated[str, Field(description="A class that may only raise.")] = ""


@metric.post(
    "/rollouts", summary="Argo Rollouts: may this ship?", responses=_MEASURED, tags=["deciding"]
)
def measure(server: Here, caller: Gates, candidate: Candidate) -> Response:
    """The decision and its reason; what nobody could decide is `unknown`, with the cause."""
    asking = Asking(
        service=candidate.service,
        revision=candidate.revision.strip(),
        otherwise=candidate.rollout or candidate.service,
        risk=candidate.risk,
    )
    answer = decided(server, caller, asking)
    hint = "" if asking.revision else " The change is unidentified: pass the argument revision."
    return _measured(answer["decision"], answer["reason"] + hint)


class Synced(BaseModel):
    """An application that Argo CD has deployed, as the notification's template writes it."""

    model_config = ConfigDict(extra="ignore")
    service: str
    revision: str
    application: str = ""
    environment: str = ""
    started: str | None = None
    finished: str | None = None


@router.post("/deployed", summary="Argo CD: what was deployed", tags=["taking in"])
def deployed(server: Here, caller: Sends, synced: Synced) -> Response:
    """The deploy is recorded, and set beside the trail: was it permitted?"""
    caller.about(synced.service)
    caller.within(synced.environment)
    for name, text in (("service", synced.service), ("revision", synced.revision)):
        if not text.strip() or not text.isprintable():
            raise Failure(f"{name}: {text!r} is empty or holds control characters")
    now = clock.now()
    finished = moment_of(synced.finished, "finished") or now
    change = Change(
        id=synced.revision,
        service=synced.service,
        version=synced.revision,
        environment=synced.environment,
        started_at=min(moment_of(synced.started, "started") or finished, finished),
        finished_at=finished,
    )
    recorded = server.program.changes.record(change, now=now)
    found = server.patient.reconcile(now)["ungated"]
    mine = [one for one in found if (one["service"], one["change"]) == (change.service, change.id)]
    return as_json({"change": recorded.as_dict(), "ungated": mine})


router.include_router(metric)


def _measured(decision: str, reason: str) -> Response:
    return as_json({"decision": decision, "reason": reason})
