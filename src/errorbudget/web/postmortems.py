"""The endpoints of postmortems: drafted, read, written, published; what a time cost, what fits."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.postmortem.document import read
from errorbudget.program.postmortems.postmortems import Asked
from errorbudget.program.postmortems.shelf import Written
from errorbudget.web.access import Caller
from errorbudget.web.calling import Approves, At, Here, Reads, documented, moment_of
from errorbudget.web.explaining import Since, Until
from errorbudget.web.failing import Forbidden, as_json
from errorbudget.web.gating import STRICT
from errorbudget.web.responding import By, speaks
from errorbudget.web.server import Server

router = APIRouter(prefix="/api/v1", tags=["learning"])

Id = Annotated[str, Path(max_length=200)]
_LARGEST = 2**20


class _Answer(BaseModel):
    model_config = ConfigDict(extra="allow")


class Summary(_Answer):
    """One postmortem in a list."""

    id: str
    service: str
    objective: str
    incident: int | None
    title: str
    state: str
    version: int
    excess: float
    share: float | None
    unwritten: list[str]
    drafted: str
    refreshed: str
    published: str | None


class Whole(Summary):
    """A postmortem with its text, and what its data says by query."""

    markdown: str
    sections: dict[str, str]
    journal: str
    data: dict[str, Any]
    told: list[str]


class Impact(_Answer):
    """What a time cost."""

    service: str
    objective: str
    costs: list[dict[str, Any]]
    lost: dict[str, Any] | None
    times: dict[str, Any]
    preventions: list[dict[str, Any]]
    timeline: list[dict[str, Any]]
    similar: list[dict[str, Any]]


class Room(_Answer):
    """What still fits."""

    service: str
    objective: str
    remaining: float | None
    rooms: list[dict[str, Any]]
    returns: list[dict[str, Any]]
    work: list[dict[str, Any]]


class Action(_Answer):
    """An action item."""

    postmortem: str
    service: str
    number: int
    text: str
    owner: str
    due: str
    done: bool
    overdue: bool


class Wanted(BaseModel):
    """What is to be drafted; all that is due, where nothing is named."""

    model_config = STRICT
    service: str | None = None
    objective: str | None = None
    incident: Annotated[int | None, Field(ge=1, le=2**53)] = None
    since: str | None = None
    until: str | None = None
    quarter: str | None = None
    at: str | None = None


class Text(By):
    """A postmortem as somebody wrote it."""

    text: Annotated[str, Field(max_length=_LARGEST)]
    name: Annotated[str, Field(max_length=1000, description="What messages call it.")] = ""


class Sections(By):
    """What somebody wrote into sections of people's."""

    version: Annotated[int, Field(ge=1, description="The version that they were read in.")]
    sections: Annotated[dict[str, str], Field(max_length=20)]


class Moment(BaseModel):
    """As of when."""

    model_config = STRICT
    at: str | None = None


@router.get(
    "/postmortems",
    summary="Postmortems",
    responses=documented(list[Summary], "What `errorbudget postmortem list --json` prints."),  # pyright: ignore[reportArgumentType]
)
def postmortems(server: Here, caller: Reads, service: str | None = None) -> Response:
    """Every postmortem, the newest first."""
    caller.about(service)
    found = server.program.postmortems.list(service)
    return as_json([one for one in found if sees(server, caller, one["service"])])


@router.post(
    "/postmortems",
    summary="Draft postmortems",
    responses=documented(list[Whole], "What `errorbudget postmortem draft --json` prints."),  # pyright: ignore[reportArgumentType]
)
def draft(server: Here, caller: Approves, wanted: Wanted) -> Response:
    """Of what is due, of an incident, or of a time; those there are are brought up to date."""
    asked = Asked(
        service=wanted.service,
        objective=wanted.objective,
        incident=wanted.incident,
        since=moment_of(wanted.since, "since"),
        until=moment_of(wanted.until, "until"),
        quarter=wanted.quarter,
    )
    may_ask(server, caller, asked)
    at = moment_of(wanted.at, "at") or clock.now()
    with server.patient.postmortems() as program:
        found = program.asked(asked, at=at)
    return as_json([one.as_dict() for one in found])


@router.post(
    "/postmortems/text",
    summary="Bring in what was written",
    responses=documented(Whole, "The postmortem, merged with what others wrote meanwhile."),
)
def save(server: Here, caller: Approves, sent: Text) -> Response:
    """The whole text, of the version that it names; nothing that others wrote is lost."""
    name = sent.name or "the postmortem"
    theirs(server, caller, server.program.postmortems.show(read(sent.text, name=name).id))
    by = speaks(caller, sent.by)
    return _whole(
        server.program.postmortems.authoring.save(sent.text, by=by, at=clock.now(), name=name)
    )


@router.get(
    "/postmortems/{id_}",
    summary="A postmortem",
    responses=documented(Whole, "What `errorbudget postmortem show --json` prints."),
)
def show(server: Here, caller: Reads, id_: Id) -> Response:
    """Its text, and what its data says."""
    found = server.program.postmortems.show(id_)
    theirs(server, caller, found)
    return _whole(found)


@router.get("/postmortems/{id_}/{name}.svg", summary="A picture of a postmortem")
def picture(server: Here, caller: Reads, id_: Id, name: str) -> Response:
    """`burn` with what happened in it, or the `budget` around it."""
    theirs(server, caller, server.program.postmortems.show(id_))
    svg = server.program.postmortems.picture(id_, name)
    guards = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
    return Response(svg, media_type="image/svg+xml", headers=guards)


@router.post(
    "/postmortems/{id_}/refresh",
    summary="Bring a postmortem up to date",
    responses=documented(Whole, "The postmortem."),
)
def refresh(server: Here, caller: Approves, id_: Id, told: Moment) -> Response:
    """Its data says what is known now; people's text stays as it is."""
    theirs(server, caller, server.program.postmortems.show(id_))
    with server.patient.postmortems() as program:
        found = program.refresh(id_, at=moment_of(told.at, "at") or clock.now())
    return _whole(found)


@router.post(
    "/postmortems/{id_}/sections",
    summary="Write sections of a postmortem",
    responses=documented(Whole, "The postmortem, merged with what others wrote meanwhile."),
)
def write(server: Here, caller: Approves, id_: Id, sent: Sections) -> Response:
    """What people judge: root cause, what went well, action items."""
    theirs(server, caller, server.program.postmortems.show(id_))
    by, now = speaks(caller, sent.by), clock.now()
    return _whole(
        server.program.postmortems.authoring.write(id_, sent.version, sent.sections, by=by, at=now)
    )


@router.post(
    "/postmortems/{id_}/publish",
    summary="Publish a postmortem",
    responses=documented(Whole, "The postmortem."),
)
def publish(server: Here, caller: Approves, id_: Id, told: By) -> Response:
    """Refused, in words, while judgment is missing; in the trail."""
    theirs(server, caller, server.program.postmortems.show(id_))
    by = speaks(caller, told.by)
    return _whole(server.program.postmortems.authoring.publish(id_, by=by, at=clock.now()))


@router.post(
    "/postmortems/{id_}/actions/{number}",
    summary="An action is done",
    responses=documented(Whole, "The postmortem."),
)
def done(
    server: Here, caller: Approves, id_: Id, number: Annotated[int, Path(ge=1)], told: By
) -> Response:
    """Tick off one of its action items."""
    theirs(server, caller, server.program.postmortems.show(id_))
    by = speaks(caller, told.by)
    return _whole(server.program.postmortems.authoring.done(id_, number, by=by, at=clock.now()))


@router.get(
    "/actions",
    summary="Action items",
    responses=documented(list[Action], "What `errorbudget postmortem actions --json` prints."),  # pyright: ignore[reportArgumentType]
)
def actions(server: Here, caller: Reads, at: At, service: str | None = None) -> Response:
    """What was to be done after incidents, open ones first."""
    caller.about(service)
    found = server.program.postmortems.authoring.actions(service, at=at or clock.now())
    return as_json([one for one in found if sees(server, caller, one["service"])])


@router.get(
    "/impact",
    summary="What a time cost",
    responses=documented(Impact, "What `errorbudget postmortem impact --json` prints."),
)
def impact(
    server: Here,
    caller: Reads,
    service: str,
    at: At,
    since: Since,
    until: Until,
    objective: Annotated[str | None, Query()] = None,
) -> Response:
    """Beyond what is usual, of each budget; and what would have kept it small."""
    _about(server, caller, service)
    now = at or clock.now()
    with server.patient.postmortems() as program:
        return as_json(program.impact(service, objective, _given(since), until or now, at=now))


@router.get(
    "/room",
    summary="What still fits",
    responses=documented(Room, "What `errorbudget room --json` prints."),
)
def room(
    server: Here,
    caller: Reads,
    service: str,
    at: At,
    objective: Annotated[str | None, Query()] = None,
) -> Response:
    """How many more changes fit into what is left, and what would free more."""
    _about(server, caller, service)
    with server.patient.postmortems() as program:
        return as_json(program.room(service, objective, at=at or clock.now()))


def _given(since: datetime | None) -> datetime:
    if since is None:
        raise Failure("from: say since when, as RFC 3339")
    return since


def may_ask(server: Server, caller: Caller, asked: Asked) -> None:
    """Raise Forbidden where what is to be drafted is not the caller's business."""
    if asked.service is not None:
        _about(server, caller, asked.service)
    elif asked.incident is not None:
        incident = server.program.incidents.get(asked.incident)
        _about(server, caller, incident.service)
    else:
        caller.everything()


def _about(server: Server, caller: Caller, service: str) -> None:
    """Raise Forbidden where a service, or all of its document's, are not the caller's business."""
    _may_see(caller, server.program.budgets.document(service))


def _may_see(caller: Caller, document: ObjectiveDocument) -> None:
    if not caller.sees(document.services, document.environment):
        raise Forbidden(f"the token {caller.name!r} is not for {document.name!r}")


def theirs(server: Server, caller: Caller, found: Written) -> None:
    """Raise Forbidden where a postmortem is not the caller's business."""
    if not sees(server, caller, found.kept.name):
        raise Forbidden(f"the token {caller.name!r} is not for {found.kept.name!r}")


def sees(server: Server, caller: Caller, name: str) -> bool:
    """Whether they may see what is of a document; of one that is gone, only who sees all may."""
    objectives = server.program.objectives
    document = objectives.in_force(name) or objectives.observing(name)
    services: Sequence[str] = document.services if document else (name,)
    return caller.sees(services, document.environment if document else "")


def _whole(found: Written) -> Response:
    return as_json(found.as_dict())
