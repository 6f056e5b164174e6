"""How did a span end, as one HTTP status? RPC codes by Google's published mapping."""

from collections.abc import Mapping
from typing import Final

from errorbudget.ingest.otlp.wire import ERROR

SERVER_ERROR: Final = 500
_RPC: Final = {
    # https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
    "ok": (0, 200),
    "cancelled": (1, 499),
    "unknown": (2, 500),
    "invalid_argument": (3, 400),
    "deadline_exceeded": (4, 504),
    "not_found": (5, 404),
    "already_exists": (6, 409),
    "permission_denied": (7, 403),
    "resource_exhausted": (8, 429),
    "failed_precondition": (9, 400),
    "aborted": (10, 409),
    "out_of_range": (11, 400),
    "unimplemented": (12, 501),
    "internal": (13, 500),
    "unavailable": (14, 503),
    "data_loss": (15, 500),
    "unauthenticated": (16, 401),
}
_JSON_RPC: Final = {
    # https://www.jsonrpc.org/specification#error_object
    "-32700": 400,
    "-32600": 400,
    "-32601": 501,
    "-32602": 400,
    "-32603": 500,
}
_STATUS_OF_RPC: Final = (
    {name: status for name, (_, status) in _RPC.items()}
    | {str(code): status for code, status in _RPC.values()}
    | _JSON_RPC
)
_RPC_CODES: Final = (
    "rpc.response.status_code",
    "rpc.grpc.status_code",
    "rpc.connect_rpc.error_code",
    "rpc.jsonrpc.error_code",
)
_HTTP_CODES: Final = ("http.response.status_code", "http.status_code")
_THREE_DIGITS: Final = {str(number): number for number in range(100, 1000)}


def status(attributes: Mapping[str, str], code: int, *, is_http: bool) -> int | None:
    """The status of a served unit of work; None where nothing says that it was answered."""
    for name in _RPC_CODES:
        if name in attributes:
            return _STATUS_OF_RPC.get(attributes[name].lower(), SERVER_ERROR)
    for name in _HTTP_CODES:
        answered = _THREE_DIGITS.get(attributes.get(name, ""))
        if answered is not None:
            return answered
    if code == ERROR or attributes.get("error.type"):
        return SERVER_ERROR
    return None if is_http else 200
