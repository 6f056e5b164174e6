"""The endpoints of people who answer for budget."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from errorbudget import clock
from errorbudget.policy.approval import Says, Statement
from errorbudget.program.gate.statements import Wanted
from errorbudget.web.answers.gate import Answered, Drafted, Waiting
from errorbudget.web.calling import Approves, Here, Reads, documented
from errorbudget.web.failing import as_json
from errorbudget.web.gating import STRICT

router = APIRouter(prefix="/api/v1", tags=["approving"])


class Draft(BaseModel):
    """What a person is about to say of a change."""

    model_config = STRICT
    says: Says
    service: str
    change: str
    role: str
    reason: str
    spend: Annotated[str | None, Field(examples=["6%"])] = None
    floor: Annotated[str | None, Field(examples=["10%"])] = None
    until: Annotated[str | None, Field(examples=["4h"])] = None


@router.post(
    "/approvals/draft",
    summary="Draw up an answer",
    responses=documented(Drafted, "What to sign, and what it would lead to.", 503),
)
def draft(server: Here, caller: Approves, wanted: Draft) -> Response:
    """The exact statement for `ssh-keygen -Y sign`; nothing is recorded."""
    caller.about(wanted.service)
    caller.within(server.document(wanted.service).environment)
    return as_json(server.deciding.draw_up(Wanted(**wanted.model_dump())))


class Given(BaseModel):
    """An answer: with a signature, or by who the token is named for."""

    model_config = STRICT
    statement: Annotated[str, Field(max_length=20_000)]
    signature: Annotated[str | None, Field(max_length=20_000)] = None


@router.post(
    "/approvals",
    summary="Approve or decline a change",
    responses=documented(Answered, "The answer; recorded before told.", 409, 503),
)
def give(server: Here, caller: Approves, given: Given) -> Response:
    """Without a signature the answer is that of the person whom the token is named for."""
    service = Statement.read(given.statement).service
    caller.about(service)
    caller.within(server.document(service).environment)
    signature = given.signature.encode() if given.signature is not None else None
    told = server.program.approvals.give(
        given.statement, signature=signature, person=caller.name, now=clock.now()
    )
    return as_json(told)


@router.get(
    "/approvals",
    summary="What waits for an answer",
    responses=documented(list[Waiting], "The newest first."),  # pyright: ignore[reportArgumentType]
)
def status(server: Here, caller: Reads, service: str | None = None) -> Response:
    """Changes that wait, were answered about, or are to be reviewed."""
    caller.about(service)
    rows = server.deciding.waiting(service)
    return as_json([row for row in rows if caller.sees((row["service"],), row["environment"])])
