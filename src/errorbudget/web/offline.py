"""The endpoints for machines that must decide without the server: before, and afterwards."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, field_validator

from errorbudget import clock
from errorbudget.objective.document import RiskClass
from errorbudget.web.answers.gate import OfflineTaken
from errorbudget.web.answers.promises import DocumentCopy
from errorbudget.web.calling import Gates, Here, documented
from errorbudget.web.failing import as_json
from errorbudget.web.gating import STRICT

router = APIRouter(prefix="/api/v1/gate", tags=["deciding"])

Line = Annotated[str, Field(max_length=4_000)]


def _moment(text: str) -> str:
    clock.parse(text)
    return text


@router.get(
    "/copy",
    summary="The signed document, to go by while the server does not answer",
    responses=documented(DocumentCopy, "The version in force and who signed it."),
)
def copy(server: Here, caller: Gates, service: str) -> Response:
    """`signatures` are by role, as `ssh-keygen -Y verify` reads them; empty for an unsigned one."""
    caller.about(service)
    caller.within(server.document(service).environment)
    return as_json(server.program.offline.copy(service))


class Ended(BaseModel):
    """What came of the command that was permitted."""

    model_config = STRICT
    exit_code: int
    started: Line
    finished: Line

    _moments = field_validator("started", "finished")(_moment)


class Deciding(BaseModel):
    """The decision, as `gate check --json` printed it."""

    decision: Literal["allow", "block", "needs_approval"]
    reason: Line
    reason_code: Literal["unreachable"]
    risk: dict[str, Any]
    permits_now: Annotated[list[RiskClass], Field(max_length=10)]


class Record(BaseModel):
    """One record, as a machine wrote it."""

    model_config = STRICT
    id: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    service: Line
    environment: Line
    change: Annotated[str, Field(min_length=1, max_length=4_000)]
    asked_by: Annotated[list[Line], Field(max_length=20)]
    at: Line
    policy: Annotated[str, Field(pattern="^([0-9a-f]{64})?$")]
    cause: Line
    diff: dict[str, Any] | None
    decision: Deciding
    outcome: Ended | None

    _moments = field_validator("at")(_moment)

    @field_validator("change")
    @classmethod
    def _is_printable(cls, change: str) -> str:
        if not change.strip() or not change.isprintable():
            raise ValueError("holds control characters, or nothing")
        return change


class Records(BaseModel):
    """What was decided while the server did not answer."""

    model_config = STRICT
    records: Annotated[list[Record], Field(max_length=1_000)]


@router.post(
    "/offline",
    summary="Tell what was decided without the server",
    responses=documented(OfflineTaken, "How many were new, and how many known.", 503),
)
def take(server: Here, caller: Gates, told: Records) -> Response:
    """Each becomes an `offline` entry of the trail, once."""
    for record in told.records:
        caller.about(record.service)
        caller.within(server.document(record.service).environment)
    records = [record.model_dump(mode="json") for record in told.records]
    return as_json(server.program.offline.take(records, by=caller.name, now=clock.now()))
