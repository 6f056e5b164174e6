"""The endpoints that answer questions: budgets, burns, changes, decisions, the audit trail."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from errorbudget.program.budgets.rollups import OVER
from errorbudget.program.burning.burns import BurnStanding
from errorbudget.web.access import Caller
from errorbudget.web.answers.budgets import Budget, Rollup
from errorbudget.web.answers.burns import Burn
from errorbudget.web.answers.gate import Change
from errorbudget.web.answers.requests import Failures, Seen
from errorbudget.web.answers.trail import Entry, Verified
from errorbudget.web.calling import At, Here, Reads, documented, moment_of
from errorbudget.web.failing import as_json
from errorbudget.web.server import Server

router = APIRouter(prefix="/api/v1", tags=["asking"])

Service = Annotated[str | None, Query(description="One service, or all.")]
Last = Annotated[int, Query(ge=0, le=10_000)]
Fresh = Annotated[
    bool,
    Query(description="Wait until what was acknowledged is counted; false answers at once."),
]


@router.get(
    "/services",
    summary="Services that have sent requests",
    responses=documented(list[Seen], "Each with its first and last minute."),
)
def services(server: Here, caller: Reads) -> Response:
    """Every service that has ever sent a request."""
    hidden = _promised_elsewhere(server, caller)
    return as_json(
        [
            one
            for one in server.reader.services()
            if caller.sees((one["service"],)) and one["service"] not in hidden
        ]
    )


def _promised_elsewhere(server: Server, caller: Caller) -> set[str]:
    """Services whose documents are all of environments that the caller's token is not for."""
    if not caller.allowed.environments:
        return set()
    seen, hidden = set[str](), set[str]()
    for document in server.program.objectives.all():
        names = seen if caller.sees(document.services, document.environment) else hidden
        names.update(document.services)
    return hidden - seen


@router.get(
    "/budgets",
    summary="What is left",
    responses=documented(list[Budget], "What `errorbudget budget --json` prints."),
)
def budgets(
    server: Here,
    caller: Reads,
    at: At,
    service: Service = None,
    fresh: Fresh = True,
) -> Response:
    """The budget of every objective, or of one service's."""
    caller.about(service)
    if fresh and at is None:
        server.refresh()
    found = server.reader.budgets(service, at)
    return as_json(
        [
            one.as_dict()
            for one in found
            if caller.sees(one.document.services, one.document.environment)
        ]
    )


@router.get(
    "/rollups",
    summary="What is left, by service or label",
    responses=documented(list[Rollup], "What `errorbudget budget --by … --json` prints."),
)
def rollups(
    server: Here,
    caller: Reads,
    at: At,
    by: Annotated[str, Query(description="`service`, or `label:NAME`.")] = "service",
    over: Annotated[str, Query(description="`28d`, or month, quarter or year so far.")] = OVER,
) -> Response:
    """Failing requests, each once, and the worst budget of each group that the caller sees."""
    found = server.reader.rollups(
        by, over, at, lambda document: caller.sees(document.services, document.environment)
    )
    return as_json([one.as_dict() for one in found])


@router.get(
    "/failed",
    summary="The bad requests behind a budget",
    responses=documented(list[Failures], "What `errorbudget failed --json` prints."),
)
def failed(
    server: Here,
    caller: Reads,
    at: At,
    service: str,
    objective: str | None = None,
    last: Annotated[int, Query(ge=1, le=1000)] = 20,
) -> Response:
    """The requests that failed a service's objectives in their windows, the newest first."""
    document = server.document(service)
    caller.within(document.environment)
    for one in document.services:
        caller.about(one)
    return as_json([one.as_dict() for one in server.reader.failed(service, objective, at, last)])


@router.get(
    "/burn",
    summary="How fast it goes",
    responses=documented(list[Burn], "What `errorbudget burn --json` prints."),
)
def burn(
    server: Here,
    caller: Reads,
    at: At,
    service: Service = None,
    fresh: Fresh = True,
) -> Response:
    """The burn of every objective over its horizons, what its alert says, and why."""
    caller.about(service)
    if fresh and at is None:
        server.refresh()
    found = server.reader.burns(service, at)
    return as_json([one.as_dict() for one in found if _is_shown(caller, one)])


def _is_shown(caller: Caller, one: BurnStanding) -> bool:
    document = one.standing.document
    return caller.sees(document.services, document.environment)


@router.get(
    "/changes",
    summary="What altered production",
    responses=documented(list[Change], "Oldest first."),
)
def changes(
    server: Here,
    caller: Reads,
    service: Service = None,
    since: str | None = None,
    until: str | None = None,
) -> Response:
    """The changes that started in [since, until)."""
    caller.about(service)
    found = server.program.home.changes.list(
        service, since=moment_of(since, "since"), until=moment_of(until, "until")
    )
    return as_json([one.as_dict() for one in found if caller.sees((one.service,), one.environment)])


@router.get(
    "/decisions",
    summary="What was decided",
    responses=documented(list[Entry], "Entries of the audit trail, oldest first."),
)
def decisions(server: Here, caller: Reads, service: Service = None, last: Last = 50) -> Response:
    """The last decisions, of a service or of all."""
    caller.about(service)
    found = server.program.audit.decisions(service, last)
    bodies = ((one, one["body"]) for one in found)
    return as_json(
        [
            one
            for one, body in bodies
            if caller.sees((body["service"],), body.get("environment", ""))
        ]
    )


@router.get(
    "/audit",
    summary="The audit trail",
    responses=documented(list[Entry], "What `errorbudget audit log --json` prints."),
)
def audit(server: Here, caller: Reads, last: Last = 50) -> Response:
    """The last entries, or all with `last=0`, oldest first."""
    caller.everything()
    return as_json(server.program.audit.log(last))


@router.get(
    "/audit/entries/{number}",
    summary="One entry of the audit trail",
    responses=documented(Entry, "As `errorbudget audit log --json` prints it."),
)
def entry(server: Here, caller: Reads, number: Annotated[int, Path(ge=1)]) -> Response:
    """The entry that a decision names as its `entry`."""
    caller.everything()
    return as_json(server.program.audit.entry(number))


class Kept(BaseModel):
    """Checkpoints that were kept elsewhere."""

    model_config = ConfigDict(extra="forbid")
    checkpoints: Annotated[list[str], Field(max_length=10_000)] = []
    hashes: Annotated[
        bool, Field(description="Only the hashes and the newest checkpoint: a million in seconds.")
    ] = False


@router.post(
    "/audit/verify",
    summary="Check the audit trail",
    responses=documented(Verified, "Every entry verifies.", 409),
)
def verify(server: Here, caller: Reads, kept: Kept) -> Response:
    """Recompute every hash, also against checkpoints that decisions once came with."""
    caller.everything()
    return as_json(server.program.audit.verify(*kept.checkpoints, hashes=kept.hashes))


@router.get(
    "/audit/export",
    summary="Take the audit trail along",
    response_class=StreamingResponse,
    responses=documented(str, "What `errorbudget audit export` writes to its file."),
)
def export(
    server: Here, caller: Reads, form: Annotated[str, Query(alias="as")] = "copy"
) -> StreamingResponse:
    """A copy that anybody can check without this server, or attestations of its decisions."""
    caller.everything()
    return StreamingResponse(server.program.audit.export(form), media_type="text/plain")
