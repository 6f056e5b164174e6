"""The endpoints of the gate: decide on a change, and hear what came of it."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field

from errorbudget import clock
from errorbudget.change import Diff, FileChange
from errorbudget.errors import Failure
from errorbudget.ingest.git import SQL_BYTES
from errorbudget.program.gate.asking import Question, advisory, declared_risk
from errorbudget.program.tokens import Scope
from errorbudget.web.access import Caller
from errorbudget.web.answers.gate import Decided, Deployed, Outcome
from errorbudget.web.calling import Asks, At, Gates, Here, documented, moment_of
from errorbudget.web.failing import as_json
from errorbudget.web.server import Server

router = APIRouter(prefix="/api/v1/gate", tags=["deciding"])

STRICT = ConfigDict(extra="forbid")


class FileTold(BaseModel):
    """One file of a change; a binary file has no line counts."""

    model_config = STRICT
    path: str
    added: int | None = None
    deleted: int | None = None
    mode_before: str = ""
    mode_after: str = ""
    before: Annotated[str | None, Field(max_length=SQL_BYTES)] = None
    after: Annotated[str | None, Field(max_length=SQL_BYTES)] = None


class DiffTold(BaseModel):
    """What a change alters."""

    model_config = STRICT
    base: str = ""
    head: str = ""
    files: Annotated[list[FileTold], Field(max_length=100_000)]
    repository: str = ""
    base_tree: str = ""
    head_tree: str = ""
    authors: Annotated[list[str], Field(max_length=10_000)] = []
    deployed: Annotated[str, Field(description="The deployed version that `base` is.")] = ""
    unsure: Annotated[str, Field(description="Why the files could not be told.")] = ""


class Asked(BaseModel):
    """May this change ship?"""

    model_config = STRICT
    service: str
    change: Annotated[str, Field(description="What the change is known by: a commit, say.")]
    diff: DiffTold | None = None
    risk: Annotated[str | None, Field(examples=["normal"])] = None
    at: Annotated[str | None, Field(description="RFC 3339; now if not given.")] = None
    by: Annotated[list[str], Field(max_length=20, description="Who is asking.")] = []
    advisory: Annotated[str, Field(examples=["CVE-2026-12345"])] = ""
    dry_run: Annotated[bool, Field(description="Decide, and leave nothing behind.")] = False
    by_name: Annotated[
        bool, Field(description="Only the name is known here: what was told of it before counts.")
    ] = False


@router.post(
    "",
    summary="Decide on a change",
    responses=documented(
        Decided, "What `errorbudget gate check --json` prints; recorded before told.", 503
    ),
)
def gate(server: Here, caller: Asks, asked: Asked) -> Response:
    """The decision, with its reasons; it is in the audit trail before it is answered.

    Whoever may read may ask with `dry_run`, which leaves nothing behind.
    """
    question = question_of(server, caller, asked)
    answer = server.check(question, at=moment_of(asked.at, "at"), dry_run=asked.dry_run)
    return as_json(answer)


DECIDE: Final = next(
    route for route in router.routes if isinstance(route, APIRoute) and route.endpoint is gate
)
"""The route of the question itself."""


def question_of(server: Server, caller: Caller, asked: Asked) -> Question:
    """The question to the gate, if the caller may ask it. Raises Failure."""
    if not asked.dry_run:
        caller.needs(Scope.GATE)
    caller.about(asked.service)
    caller.within(server.document(asked.service).environment)
    if not asked.change.strip() or not asked.change.isprintable():
        raise Failure(f"change: {asked.change!r} is empty or holds control characters")
    return Question(
        service=asked.service,
        change=asked.change,
        diff=_diff(asked.diff),
        declared=declared_risk(asked.risk),
        by=tuple(dict.fromkeys((caller.name, *caller.people, *asked.by))),
        advisory=advisory(asked.advisory) if asked.advisory else "",
        named=asked.by_name and asked.diff is None,
    )


@router.get(
    "/deployed",
    summary="Which version is deployed",
    responses=documented(Deployed, "The version, or null where no deploy is known of."),
)
def deployed(server: Here, caller: Asks, service: str, at: At) -> Response:
    """What a candidate is to be compared with, whatever its pipeline says."""
    caller.about(service)
    caller.within(server.document(service).environment)
    found = server.program.gate.deployed(service, at or clock.now())
    return as_json(found.as_dict() if found else None)


def _diff(told: DiffTold | None) -> Diff | None:
    if told is None:
        return None
    files = tuple(FileChange(**file.model_dump()) for file in told.files)
    facts = told.model_dump(exclude={"files", "authors"})
    return Diff(**facts, files=files, authors=tuple(told.authors))


class Came(BaseModel):
    """What came of a permitted change."""

    model_config = STRICT
    exit_code: int
    started: str | None = None


@router.post(
    "/{entry}/outcome",
    summary="Tell what came of a change",
    responses=documented(Outcome, "The recorded outcome."),
)
def outcome(
    server: Here,
    caller: Gates,
    entry: Annotated[int, Path(ge=1, description="The decision's `entry`.")],
    came: Came,
) -> Response:
    """A command that succeeded (exit code 0) altered production: the change is recorded."""
    caller.about(server.program.gate.asked_for(entry)[0])
    now = clock.now()
    started = moment_of(came.started, "started") or now
    told = server.program.gate.record_outcome(entry, came.exit_code, started_at=started, now=now)
    return as_json(told)
