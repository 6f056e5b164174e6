"""What does a failure look like from outside? One shape of JSON, with the status its kind has."""

import logging
from typing import Any, ClassVar, Final

import duckdb
import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from errorbudget.errors import Failure, Kind
from errorbudget.ingest.journal import FULL, Busy, DiskRefused
from errorbudget.ingest.otlp.refusal import Refused
from errorbudget.ingest.posted import TooLong
from errorbudget.store.postgresql import is_away

LOG = logging.getLogger(__name__)

STATUS: Final = {Kind.USAGE: 400, Kind.DOCUMENT: 422, Kind.BUSY: 503, Kind.UNTRUSTED: 409}
JSON: Final = "application/json"
_FULL_WORDS: Final = ("No space left on device", "database or disk is full", "Out of disk space")
_AFTER_FULL: Final = 5
"""Seconds until a sender is told to come again."""


class TurnedAway(Failure):
    """A call that HTTP has a status of its own for."""

    status: ClassVar[int] = 400
    word: ClassVar[str] = "usage"


class Unauthorized(TurnedAway):
    """No token, or none that is known."""

    status = 401
    word = "unauthorized"


class Forbidden(TurnedAway):
    """A token that may not do this."""

    status = 403
    word = "forbidden"


class NotFound(TurnedAway):
    """Nothing is there."""

    status = 404
    word = "not_found"


class StoreAway(TurnedAway):
    """The database with the records does not answer, so nothing can be decided or recorded."""

    kind = Kind.BUSY
    status = 503
    word = "away"


class TooLarge(TurnedAway):
    """A body larger than this server takes."""

    status = 413
    word = "too_large"


class TooMany(Busy):
    """More is being read than this server has room for."""


def told(failure: Failure) -> Response:
    """The answer that tells of a failure."""
    word = failure.word if isinstance(failure, TurnedAway) else failure.kind.value
    response = as_json(_error(word, list(failure.lines)), status=_status(failure))
    if isinstance(failure, Busy):
        response.headers["Retry-After"] = str(failure.retry_after)
    elif failure.kind is Kind.BUSY:
        response.headers["Retry-After"] = "5"
    if isinstance(failure, Unauthorized):
        response.headers["WWW-Authenticate"] = 'Bearer realm="errorbudget"'
    return response


def as_json(value: Any, *, status: int = 200) -> Response:
    """The same bytes that the command prints."""
    return Response(orjson.dumps(value) + b"\n", status_code=status, media_type=JSON)


def install(app: FastAPI) -> None:
    """Let every failure be told in this shape."""

    @app.exception_handler(Failure)
    def of_ours(_request: Request, failure: Failure) -> Response:  # pyright: ignore[reportUnusedFunction]
        return told(failure)

    @app.exception_handler(RequestValidationError)
    def of_parameters(_request: Request, invalid: RequestValidationError) -> Response:  # pyright: ignore[reportUnusedFunction]
        lines = [
            f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"
            for error in invalid.errors()
        ]
        return as_json(_error("usage", lines), status=400)

    @app.exception_handler(HTTPException)
    def of_http(_request: Request, cause: HTTPException) -> Response:  # pyright: ignore[reportUnusedFunction]
        return refused(cause)

    # Handled by their kinds, not as Exception, after whose answer the server drops the connection.
    for kind in (OSError, DBAPIError, duckdb.Error, Exception):
        app.add_exception_handler(kind, _of_nobody)


def refused(cause: HTTPException) -> Response:
    """The answer to a call that nothing here is there for."""
    word = "not_found" if cause.status_code == 404 else "usage"
    response = as_json(_error(word, [str(cause.detail)]), status=cause.status_code)
    response.headers.update(cause.headers or {})
    return response


def _of_nobody(request: Request, cause: Exception) -> Response:
    if is_full(cause):
        LOG.error("%s %s: the disk is full", request.method, request.url.path)
        return told(_no_room())
    if is_away(cause):
        LOG.error("%s %s: the store does not answer", request.method, request.url.path)
        return told(StoreAway("the database with the records does not answer"))
    LOG.error("%s %s failed", request.method, request.url.path, exc_info=cause)
    return as_json(_error("crash", ["a defect of this program; its log says more"]), status=500)


def is_full(cause: BaseException | None) -> bool:
    """Whether it came of a disk without room; every library says that in its own way."""
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in FULL:
            return True
        if any(words in str(cause) for words in _FULL_WORDS):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _no_room() -> DiskRefused:
    return DiskRefused(
        "the disk of the home is full",
        "make room there; nothing that was acknowledged is lost",
        retry_after=_AFTER_FULL,
    )


def _error(word: str, lines: list[str]) -> dict[str, Any]:
    return {"error": {"kind": word, "message": "\n".join(lines), "lines": lines}}


def _status(failure: Failure) -> int:
    match failure:
        case TurnedAway() | Refused():
            return failure.status
        case TooLong():
            return 413
        case DiskRefused() | TooMany():
            return 503
        case Busy():
            return 429
        case _:
            return STATUS[failure.kind]
