"""The endpoints that take in: OpenTelemetry, NDJSON, files, corrections, changes, documents."""

from pathlib import Path
from typing import Annotated, Any, Literal

from anyio import open_file
from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.ingest.otlp import Export, refused
from errorbudget.ingest.otlp.answer import Signal
from errorbudget.ingest.otlp.body import refuse_coding
from errorbudget.program.changes import Telling, kind_of
from errorbudget.web.access import Caller
from errorbudget.web.answers import gate as answers
from errorbudget.web.answers.requests import Corrected, Taken
from errorbudget.web.calling import Here, Receiving, Sends, documented, moment_of
from errorbudget.web.failing import TooLarge, TurnedAway, as_json
from errorbudget.web.server import Server

router = APIRouter(tags=["taking in"])

Key = Annotated[str, Header(alias="Idempotency-Key", max_length=256)]
_OTLP: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-protobuf": {"schema": {"type": "string", "format": "binary"}},
            "application/json": {"schema": {"type": "object"}},
        },
    }
}
_LINES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
    }
}
_BYTES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post(
    "/v1/traces",
    summary="Take in spans (OTLP)",
    responses=documented(Taken, "Acknowledged: on disk.", 413, 429, 503)
    | {200: {"description": "Acknowledged: ExportTraceServiceResponse, in the sender's encoding."}},
    openapi_extra=_OTLP,
)
async def traces(request: Request, server: Receiving, caller: Sends, key: Key = "") -> Response:
    """Server and consumer spans become requests; answered when they are on disk."""
    return await _otlp("traces", request, server, caller, key)


@router.post(
    "/v1/logs",
    summary="Take in log records (OTLP)",
    responses=documented(Taken, "Acknowledged: on disk.", 413, 429, 503)
    | {200: {"description": "Acknowledged: ExportLogsServiceResponse, in the sender's encoding."}},
    openapi_extra=_OTLP,
)
async def logs(request: Request, server: Receiving, caller: Sends, key: Key = "") -> Response:
    """Error-level records count at the request that has their trace id, also minutes later."""
    return await _otlp("logs", request, server, caller, key)


async def _otlp(
    signal: Signal, request: Request, server: Server, caller: Caller, key: str
) -> Response:
    content_type = request.headers.get("content-type", "")
    try:
        async with server.room.body(request) as body:
            export = Export(
                signal=signal,
                body=body,
                content_type=content_type,
                content_encoding=request.headers.get("content-encoding", ""),
                feed=f"otlp:{caller.name}",
                key=key,
                allowed=caller.allowed,
            )
            answer = await server.room.work(server.otlp.receive, export, clock.now())
    except TurnedAway:
        raise
    except Failure as failure:
        answer = refused(failure, content_type)
    headers = {"Retry-After": str(answer.retry_after)} if answer.retry_after else None
    return Response(answer.body, answer.status, headers, answer.content_type)


@router.post(
    "/api/v1/requests",
    summary="Take in requests (NDJSON)",
    responses=documented(Taken, "Acknowledged: on disk.", 413, 415, 429, 503),
    openapi_extra=_LINES,
)
async def requests(
    request: Request,
    server: Receiving,
    caller: Sends,
    key: Key = "",
    service: Annotated[str, Query(description="Of lines that name none.")] = "",
) -> Response:
    """One JSON object a line, gzip or not; answered when they are on disk.

    The same body again, or the same Idempotency-Key, counts once. `duplicates` are those of a
    repeated batch; requests known by their span id are recognised later, and count once as well.
    """
    refuse_coding(request.headers.get("content-encoding", ""))
    async with server.room.body(request) as body:
        told = await server.room.work(
            lambda: server.posted.receive(
                body,
                feed=f"ndjson:{caller.name}",
                key=key,
                service=service,
                allowed=caller.allowed,
            )
        )
    return as_json(told)


@router.post(
    "/api/v1/files",
    summary="Take in a whole file",
    responses=documented(Taken, "The file is in the warehouse.", 413, 422, 503),
    openapi_extra=_BYTES,
)
async def files(  # noqa: PLR0913 -- one parameter for each option of the command
    *,
    request: Request,
    server: Receiving,
    caller: Sends,
    name: Annotated[str, Query(description="What the file is called.", max_length=200)],
    form: Annotated[str, Query(alias="format")] = "auto",
    service: str = "",
    logs: bool = False,
    maps: Annotated[list[str] | None, Query(alias="map", description="COLUMN=SQL")] = None,
) -> Response:
    """What `errorbudget ingest` does with a file: each record once, however often it is sent.

    For tokens that are bound to no service: a file's records may name any.
    """
    caller.everything()
    file = server.writer.spool(name)
    try:
        await _spooled(request, file, server.configuration.receive.file)
        pairs = (text.partition("=") for text in maps or [])
        expressions = {column: sql for column, _, sql in pairs}
        report = await server.room.work(
            lambda: server.writer.ingest(
                file, form=form, maps=expressions, service=service, logs=logs
            )
        )
    finally:
        server.writer.unspool(file)
    kept = str(report.rejected_file) if report.rejected_file else None
    return as_json(report.as_dict() | {"rejected_file": kept})


async def _spooled(request: Request, file: Path, most: int) -> None:
    length = 0
    async with await open_file(file, "wb") as out:
        async for part in request.stream():
            length += len(part)
            if length > most:
                raise TooLarge(f"the file has more than {most:,} bytes; send it in parts")
            await out.write(part)


class Correction(BaseModel):
    """What became known of requests later."""

    model_config = ConfigDict(extra="forbid")
    service: str
    request_ids: Annotated[list[str], Field(min_length=1, max_length=10_000)]
    verdict: Annotated[Literal["bad", "good", "excluded"], Field(alias="as")] = "bad"
    reason: str


@router.post(
    "/api/v1/corrections",
    summary="Correct what requests count as",
    responses=documented(Corrected, "In the trail, and counted."),
)
def corrections(server: Receiving, caller: Sends, sent: Correction) -> Response:
    """A 200 that corrupted an order is bad; the correction is an entry of the audit trail."""
    caller.about(sent.service)
    if caller.allowed.environments:
        caller.within(server.document(sent.service).environment)
    return as_json(server.writer.correct(sent.service, sent.request_ids, sent.verdict, sent.reason))


class ChangeTold(BaseModel):
    """A change to production."""

    model_config = ConfigDict(extra="forbid")
    service: str
    version: str
    id: str = ""
    kind: str = "deploy"
    environment: str = ""
    started: str | None = None
    finished: str | None = None


@router.post(
    "/api/v1/changes",
    summary="Record a change",
    responses=documented(answers.Change, "The stored change."),
)
def changes(server: Here, caller: Sends, sent: ChangeTold, key: Key = "") -> Response:
    """What altered production, so that burns can be compared with it.

    A change is known by its id, and takes the place of what was known of it. One told without an
    id, but with an Idempotency-Key, is recorded once, and answered as it was recorded. Without
    either and without `started`, what is said again within ten minutes is known too: the same
    service, environment, kind and version, and no other version in between.
    """
    caller.about(sent.service)
    caller.within(sent.environment)
    now = clock.now()
    return as_json(server.program.changes.tell(_telling(sent, key), now=now).as_dict())


def _telling(sent: ChangeTold, key: str) -> Telling:
    for name, text in (("service", sent.service), ("version", sent.version)):
        if not text.strip() or not text.isprintable():
            raise Failure(f"{name}: {text!r} is empty or holds control characters")
    return Telling(
        service=sent.service,
        version=sent.version,
        id=sent.id,
        key=key,
        kind=kind_of(sent.kind),
        environment=sent.environment,
        started=moment_of(sent.started, "started"),
        finished=moment_of(sent.finished, "finished"),
    )
