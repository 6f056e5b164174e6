"""Asks a server what a command would ask the home; its failures are the ones raised here."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import httpx2

from errorbudget.errors import Failure, Kind, Unreachable

_TIMEOUT: Final = httpx2.Timeout(60.0, connect=5.0)
_LONG: Final = httpx2.Timeout(3600.0, connect=5.0)
"""For a file of millions of rows, which the server answers when it is in."""


class Refused(Failure):
    """What a server answered instead of doing what it was asked."""

    def __init__(self, kind: Kind, *lines: str) -> None:
        super().__init__(*lines)
        self.kind = kind


class Wire:
    """A server at an address, and what opens it."""

    def __init__(self, url: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._url = url.rstrip("/")
        # A proxy for the web has no business between a command and its server.
        self._client = httpx2.Client(headers=headers, timeout=_TIMEOUT, trust_env=False)

    def get(self, path: str, **query: object) -> Any:
        """What the server says to a question; what is None is not asked. Raises Failure."""
        given = {name: _text(value) for name, value in query.items() if value is not None}
        with self._reaching():
            return _read(self._client.get(f"{self._url}{path}", params=given))  # pyright: ignore[reportArgumentType]

    def post(self, path: str, *, patient: bool = False, **sent: Any) -> Any:
        """What the server says to something sent; `patient` waits for long work. Raises Failure."""
        timeout = _LONG if patient else _TIMEOUT
        with self._reaching():
            return _read(self._client.post(f"{self._url}{path}", timeout=timeout, **sent))

    def stream(self, path: str, **query: str) -> Iterator[bytes]:
        """What the server sends as it comes, of any size. Raises Failure."""
        with self._reaching(), self._client.stream("GET", self._url + path, params=query) as sent:
            if not sent.is_success:
                sent.read()
                _read(sent)
            yield from sent.iter_bytes()

    def delete(self, path: str) -> Any:
        """What the server says to a removal. Raises Failure."""
        with self._reaching():
            return _read(self._client.delete(f"{self._url}{path}"))

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    @contextmanager
    def _reaching(self) -> Generator[None]:
        try:
            yield
        except httpx2.HTTPError as cause:
            raise Unreachable(
                f"{self._url}: {cause or type(cause).__name__}",
                "Start it with `errorbudget serve`, or point ERRORBUDGET_URL at one that runs.",
            ) from cause
        except httpx2.InvalidURL as cause:
            raise Failure(f"ERRORBUDGET_URL: {self._url}: {cause}") from cause


def _read(response: httpx2.Response) -> Any:
    """What a server says. Raises the failure it tells of."""
    try:
        told = response.json()
    except ValueError as cause:
        raise Unreachable(
            f"{response.url}: answered {response.status_code}, and not as this program does"
        ) from cause
    if response.is_success:
        return told
    try:
        error = told["error"]
        kind, lines = str(error["kind"]), [str(line) for line in error["lines"]]
    except (KeyError, TypeError) as cause:
        raise Unreachable(f"{response.url}: answered {response.status_code}") from cause
    raise Refused(Kind(kind) if kind in set(Kind) else Kind.USAGE, *lines)


def _text(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
