"""Asks a server what a command would ask the home; its failures are the ones raised here.

By the standard library's own client: a command in a pipeline asks once, and would spend most of its
time importing a larger one.
"""

import json
import sys
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import SplitResult, unquote, urlencode, urlsplit

from errorbudget.errors import Failure, Kind, Unreachable

if TYPE_CHECKING:
    import ssl

T = TypeVar("T")

_CONNECTS: Final = 5.0
_TIMEOUT: Final = 60.0
_LONG: Final = 3600.0
"""For a file of millions of rows, which the server answers when it is in."""
_PART: Final = 2**16


class Refused(Failure):
    """What a server answered instead of doing what it was asked."""

    def __init__(self, kind: Kind, *lines: str) -> None:
        super().__init__(*lines)
        self.kind = kind


class Wire:
    """A server at an address, and what opens it. Raises Failure for what is no address."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._parts = _parts(self._url)
        self._headers = _opening(self._parts, token)
        self._connection: HTTPConnection | None = None

    def get(self, path: str, **query: object) -> Any:
        """What the server says to a question; what is None is not asked. Raises Failure."""
        return self._read(self._answer("GET", path, query))

    def get_patiently(self, path: str, **query: object) -> Any:
        """The same, however long the server works on it. Raises Failure."""
        return self._read(self._answer("GET", path, query, timeout=_LONG))

    def post(
        self,
        path: str,
        *,
        patient: bool = False,
        params: Mapping[str, object] | None = None,
        json: Any = None,
        content: bytes | Iterable[bytes] = b"",
    ) -> Any:
        """What the server says to something sent; `patient` waits for long work. Raises Failure."""
        headers, body = dict[str, str](), content
        if json is not None:
            headers, body = {"Content-Type": "application/json"}, _dumped(json)
        timeout = _LONG if patient else _TIMEOUT
        return self._read(self._answer("POST", path, params, body, headers, timeout))

    def stream(self, path: str, **query: str) -> Iterator[bytes]:
        """What the server sends as it comes, of any size. Raises Failure."""
        answer = self._answer("GET", path, query)
        if not _is_success(answer):
            self._read(answer)
        while part := self._reached(lambda: answer.read(_PART)):
            yield part

    def delete(self, path: str) -> Any:
        """What the server says to a removal. Raises Failure."""
        return self._read(self._answer("DELETE", path))

    def close(self) -> None:
        """Hang up."""
        if self._connection:
            self._connection.close()
        self._connection = None

    def _answer(
        self,
        method: str,
        path: str,
        query: Mapping[str, object] | None = None,
        body: bytes | Iterable[bytes] = b"",
        headers: Mapping[str, str] | None = None,
        timeout: float = _TIMEOUT,
    ) -> HTTPResponse:
        given = {name: _text(value) for name, value in (query or {}).items() if value is not None}
        asked = f"?{urlencode(given, doseq=True)}" if given else ""
        target = f"{self._parts.path}{path}{asked}"
        sent = {**self._headers, **(headers or {})}

        def exchanged() -> HTTPResponse:
            connection = self._connected(timeout)
            # A server that will not take it all says so before it has all; that is to be heard.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, target, body or None, sent)
            return connection.getresponse()

        return self._reached(exchanged)

    def _connected(self, timeout: float) -> HTTPConnection:
        # One for each call: a server may have hung up on one that was kept.
        self.close()
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            made = HTTPSConnection(host, port, timeout=_CONNECTS, context=_trusting())
        else:
            made = HTTPConnection(host, port, timeout=_CONNECTS)
        self._connection = made
        made.connect()
        made.sock.settimeout(timeout)
        return made

    def _read(self, answer: HTTPResponse) -> Any:
        """What a server says. Raises the failure it tells of."""
        text = self._reached(answer.read)
        try:
            told = json.loads(text)
        except ValueError as cause:
            raise Unreachable(
                f"{self._url}: answered {answer.status}, and not as this program does"
            ) from cause
        if _is_success(answer):
            return told
        try:
            error = told["error"]
            kind, lines = str(error["kind"]), [str(line) for line in error["lines"]]
        except (KeyError, TypeError) as cause:
            raise Unreachable(f"{self._url}: answered {answer.status}") from cause
        if kind == "away":
            raise Unreachable(f"{self._url}: {lines[0]}", *lines[1:])
        raise Refused(Kind(kind) if kind in set(Kind) else Kind.USAGE, *lines)

    def _reached(self, does: Callable[[], T]) -> T:
        try:
            return does()
        except (OSError, HTTPException) as cause:
            why = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
            raise Unreachable(
                f"{self._url}: {why}",
                "Start it with `errorbudget serve`, or point ERRORBUDGET_URL at one that runs.",
            ) from cause


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as cause:
        raise Failure(f"ERRORBUDGET_URL: {url}: {cause}") from cause
    is_web = parts.scheme in ("http", "https") and bool(parts.hostname) and port != 0
    if not is_web or not url.isprintable() or " " in url or parts.query or parts.fragment:
        raise Failure(f"ERRORBUDGET_URL: {url!r} is no address; write https://HOST or http://HOST")
    return parts


def _opening(parts: SplitResult, token: str) -> dict[str, str]:
    """The token, or what stands in the address before its host."""
    if token:
        return {"Authorization": f"Bearer {token}"}
    if parts.username is None:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def _trusting() -> "ssl.SSLContext":
    """Certificates by the authorities that this machine trusts."""
    import ssl

    if sys.platform in ("darwin", "win32"):
        from truststore import SSLContext

        return SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return ssl.create_default_context()


def _is_success(answer: HTTPResponse) -> bool:
    return 200 <= answer.status < 300


def _dumped(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


def _text(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value).lower() if isinstance(value, bool) else value
