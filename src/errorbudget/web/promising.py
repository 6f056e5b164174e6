"""The endpoints for objective documents: put in force, verified, and their past."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from errorbudget.errors import Failure
from errorbudget.web.answers.promises import Applied, DocumentCopy, History
from errorbudget.web.calling import Administers, Here, Reads, documented
from errorbudget.web.failing import as_json

router = APIRouter(prefix="/api/v1/documents", tags=["promising"])


class Signed(BaseModel):
    """A document's text with the signatures over it, by role."""

    model_config = ConfigDict(extra="forbid", strict=True)
    document: str
    signatures: Annotated[dict[str, str], Field(max_length=32)]


class Compared(BaseModel):
    """A document, and what it is compared with: another text, a version's digest, or what binds."""

    model_config = ConfigDict(extra="forbid", strict=True)
    document: str
    old: str | None = None
    digest: str = ""


@router.post(
    "",
    summary="Put an objective document in force",
    responses=documented(Applied, "What became of the document.", 413, 422),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/yaml": {"schema": {"type": "string"}},
                "application/json": {"schema": Signed.model_json_schema()},
            },
        }
    },
)
async def documents(
    request: Request,
    server: Here,
    _caller: Administers,
    *,
    name: Annotated[str, Query(description="What messages call the file.")] = "document.yaml",
    dry_run: Annotated[bool, Query(description="Only say what would become of it.")] = False,
) -> Response:
    """The exact bytes of the YAML, or as JSON its text with signatures made by `ssh-keygen -Y`.

    Problems come back as `file:line: field: what, what instead`.
    """
    is_json = request.headers.get("content-type", "").startswith("application/json")
    async with server.room.body(request) as sent:
        body, signatures = _parts(sent) if is_json else (sent, {})
        todo = server.writer.verify if dry_run else server.writer.apply
        return as_json(await server.room.work(todo, body, name, signatures))


def _parts(sent: bytes) -> tuple[bytes, dict[str, bytes]]:
    try:
        signed = Signed.model_validate_json(sent)
    except ValidationError as invalid:
        first = invalid.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "the body"
        raise Failure(f"{field}: {first['msg']}") from None
    return signed.document.encode(), {
        role: text.encode() for role, text in signed.signatures.items()
    }


@router.get(
    "/history",
    summary="The past of a service's document",
    responses=documented(History, "What `errorbudget objective history --json` prints."),
)
def history(server: Here, caller: Reads, service: Annotated[str, Query()]) -> Response:
    """Versions, who signed them when, and which decisions each judged."""
    caller.about(service)
    if caller.allowed.environments:
        caller.within(server.document(service).environment)
    return as_json(server.program.history.of(service))


@router.get(
    "/text",
    summary="The document in force",
    responses=documented(DocumentCopy, "Its exact text, and who signed it."),
)
def text(server: Here, caller: Reads, service: Annotated[str, Query()]) -> Response:
    """`document` is null where no version binds; signatures are as `ssh-keygen -Y` makes them."""
    caller.about(service)
    caller.within(server.document(service).environment)
    return as_json(server.program.offline.copy(service))


@router.post(
    "/differences",
    summary="What a change to a document means",
    responses=documented(list[str], "What `errorbudget objective diff --json` prints.", 422),
)
def differences(
    server: Here,
    caller: Reads,
    sent: Compared,
    *,
    name: Annotated[str, Query(description="What messages call the file.")] = "document.yaml",
) -> Response:
    """In words, and on the last quarter's traffic; nothing is stored."""
    caller.everything()
    old = None if sent.old is None else sent.old.encode()
    return as_json(server.patient.differences(sent.document.encode(), name, old, sent.digest))
