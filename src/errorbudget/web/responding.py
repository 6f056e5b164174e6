"""The endpoints of incidents: declare, see to, write about, close."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.store.incidents import Incident
from errorbudget.web.access import OWNER, Caller
from errorbudget.web.answers import incidents as answers
from errorbudget.web.calling import Approves, Here, Reads, documented
from errorbudget.web.failing import as_json
from errorbudget.web.gating import STRICT
from errorbudget.web.server import Server

router = APIRouter(prefix="/api/v1", tags=["responding"])

LONGEST: Final = 2000
"""Characters of a note."""
SPEAKS: Final = "Who says so; a token speaks for the person whom it is named for, and no other."

Number = Annotated[int, Path(ge=1, le=2**53)]


class Declared(BaseModel):
    """Something hurts users of a service."""

    model_config = STRICT
    service: str
    title: Annotated[str, Field(max_length=200)]
    by: Annotated[str, Field(description=SPEAKS)] = ""


class By(BaseModel):
    """Who says so."""

    model_config = STRICT
    by: Annotated[str, Field(description=SPEAKS)] = ""


class Noted(By):
    """What was found or done."""

    text: Annotated[str, Field(max_length=LONGEST)]


@router.post(
    "/incidents",
    summary="Declare an incident",
    responses=documented(answers.Incident, "The incident."),
)
def declare(server: Here, caller: Approves, told: Declared) -> Response:
    """On a person's word: critical fixes of the service may then ask the gate as such."""
    caller.about(told.service)
    caller.within(server.document(told.service).environment)
    printable(told.title, "title")
    opened = server.program.incidents.declare(
        told.service, told.title, by=speaks(caller, told.by), now=clock.now()
    )
    return as_json(opened.as_dict())


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


@router.get(
    "/incidents/{number}",
    summary="An incident",
    responses=documented(answers.IncidentShown, "With its timeline and its context."),
)
def show(server: Here, caller: Reads, number: Number) -> Response:
    """An incident, what happened in it, and what is known of its burn."""
    theirs(server, caller, number)
    return as_json(server.program.incidents.show(number, now=clock.now()))


@router.post(
    "/incidents/{number}/acknowledge",
    summary="Acknowledge an incident",
    responses=documented(answers.Incident, "The incident."),
)
def acknowledge(server: Here, caller: Approves, number: Number, told: By) -> Response:
    """Somebody sees to it."""
    theirs(server, caller, number)
    by = speaks(caller, told.by)
    return _told(server.program.incidents.acknowledge(number, by=by, now=clock.now()))


@router.post(
    "/incidents/{number}/notes",
    summary="Write into a timeline",
    responses=documented(answers.Incident, "The incident."),
)
def note(server: Here, caller: Approves, number: Number, told: Noted) -> Response:
    """What was found or done."""
    theirs(server, caller, number)
    printable(told.text, "text")
    by = speaks(caller, told.by)
    return _told(server.program.incidents.note(number, told.text, by=by, now=clock.now()))


@router.post(
    "/incidents/{number}/close",
    summary="Close an incident",
    responses=documented(answers.Incident, "The incident."),
)
def close(server: Here, caller: Approves, number: Number, told: By) -> Response:
    """It is over."""
    theirs(server, caller, number)
    by = speaks(caller, told.by)
    return _told(server.program.incidents.close(number, by=by, now=clock.now()))


def theirs(server: Server, caller: Caller, number: int) -> None:
    """Raise Forbidden where the incident is not the caller's business, Failure where none is."""
    incident = server.program.incidents.get(number)
    caller.about(incident.service)
    caller.within(incident.environment)


def speaks(caller: Caller, by: str) -> str:
    """Who says it: only who can read the home may say so of others."""
    return (by or caller.name) if caller is OWNER else caller.name


def _told(incident: Incident) -> Response:
    return as_json(incident.as_dict())


def printable(text: str, name: str) -> None:
    """Raise Failure for what cannot stand in a timeline as a line."""
    if not text.strip() or not text.isprintable():
        raise Failure(f"{name}: is empty or holds control characters")
