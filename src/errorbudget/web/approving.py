"""The endpoints of people: answer for budget, declare incidents."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.policy.approval import Says, Statement
from errorbudget.program.statements import Wanted
from errorbudget.web import answers
from errorbudget.web.access import OWNER, Caller
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
    responses=documented(answers.Drafted, "What to sign, and what it would lead to.", 503),
)
def draft(server: Here, caller: Approves, wanted: Draft) -> Response:
    """The exact statement for `ssh-keygen -Y sign`; nothing is recorded."""
    caller.about(wanted.service)
    caller.within(server.document(wanted.service).environment)
    return as_json(server.draw_up(Wanted(**wanted.model_dump())))


class Given(BaseModel):
    """An answer: with a signature, or by who the token is named for."""

    model_config = STRICT
    statement: Annotated[str, Field(max_length=20_000)]
    signature: Annotated[str | None, Field(max_length=20_000)] = None


@router.post(
    "/approvals",
    summary="Approve or decline a change",
    responses=documented(answers.Answered, "The answer; recorded before told.", 409, 503),
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
    responses=documented(list[answers.Waiting], "The newest first."),  # pyright: ignore[reportArgumentType]
)
def status(server: Here, caller: Reads, service: str | None = None) -> Response:
    """Changes that wait, were answered about, or are to be reviewed."""
    caller.about(service)
    rows = server.waiting(service)
    return as_json([row for row in rows if caller.sees((row["service"],), row["environment"])])


SPEAKS: Final = "Who says so; a token speaks for the person whom it is named for, and no other."


def _speaks(caller: Caller, by: str) -> str:
    """Who says it: only who can read the home may say so of others."""
    return (by or caller.name) if caller is OWNER else caller.name


class Declared(BaseModel):
    """Something hurts users of a service."""

    model_config = STRICT
    service: str
    title: Annotated[str, Field(max_length=200)]
    by: Annotated[str, Field(description=SPEAKS)] = ""


@router.post(
    "/incidents",
    summary="Declare an incident",
    responses=documented(answers.Incident, "The incident."),
)
def declare(server: Here, caller: Approves, told: Declared) -> Response:
    """On a person's word: critical fixes of the service may then ask the gate as such."""
    caller.about(told.service)
    caller.within(server.document(told.service).environment)
    if not told.title.strip() or not told.title.isprintable():
        raise Failure("title: is empty or holds control characters")
    opened = server.program.incidents.declare(
        told.service, told.title, by=_speaks(caller, told.by), now=clock.now()
    )
    return as_json(opened.as_dict())


class Ended(BaseModel):
    """Who says that it is over."""

    model_config = STRICT
    by: Annotated[str, Field(description=SPEAKS)] = ""


@router.post(
    "/incidents/{number}/end",
    summary="End an incident",
    responses=documented(answers.Incident, "The incident."),
)
def end(
    server: Here, caller: Approves, number: Annotated[int, Path(ge=1)], told: Ended
) -> Response:
    """It is over."""
    for one in server.program.incidents.list():
        if one.id == number:
            caller.about(one.service)
            caller.within(one.environment)
    ended = server.program.incidents.end(number, by=_speaks(caller, told.by), now=clock.now())
    return as_json(ended.as_dict())


@router.get(
    "/incidents",
    summary="Incidents",
    responses=documented(list[answers.Incident], "The newest first."),  # pyright: ignore[reportArgumentType]
)
def incidents(server: Here, caller: Reads, service: str | None = None) -> Response:
    """Every incident, open or over."""
    caller.about(service)
    found = server.program.incidents.list(service)
    return as_json([one.as_dict() for one in found if caller.sees((one.service,), one.environment)])
