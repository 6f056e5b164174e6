"""The endpoint that drops what is older than it is kept."""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from errorbudget.web.answers.requests import Pruned
from errorbudget.web.calling import Administers, Here, documented
from errorbudget.web.failing import as_json

DAY: Final = 1440
"""Minutes: nothing is kept for less."""

router = APIRouter(prefix="/api/v1", tags=["running it"])


class Asked(BaseModel):
    """How long to keep what was received; what is not given, as configured."""

    model_config = ConfigDict(extra="forbid")
    requests_minutes: Annotated[int | None, Field(ge=DAY)] = None
    logs_minutes: Annotated[int | None, Field(ge=DAY)] = None


@router.post(
    "/prune",
    summary="Drop old requests and log records",
    responses=documented(Pruned, "How many, and before when; what was counted stays."),
)
def prune(server: Here, _caller: Administers, asked: Asked) -> Response:
    """Whole days that are older than is asked, or configured."""
    return as_json(
        server.patient.prune(requests=_span(asked.requests_minutes), logs=_span(asked.logs_minutes))
    )


def _span(minutes: int | None) -> timedelta | None:
    return None if minutes is None else timedelta(minutes=minutes)
