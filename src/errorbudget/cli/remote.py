"""Asks a server what a command would ask the home; its failures are the ones raised here."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import quote

import httpx2

from errorbudget import clock
from errorbudget.cli.options import Told
from errorbudget.cli.progress import Progress
from errorbudget.errors import Failure, Kind

if TYPE_CHECKING:
    from errorbudget.change import Change, Diff
    from errorbudget.ingest.report import Report

_TIMEOUT: Final = httpx2.Timeout(60.0, connect=5.0)
_LONG: Final = httpx2.Timeout(3600.0, connect=5.0)
"""For a file of millions of rows, which the server answers when it is in."""
_CHUNK: Final = 1 << 20


class Unreachable(Failure):
    """No server answers where one was named."""

    kind = Kind.BUSY


class Refused(Failure):
    """What a server answered instead of doing what it was asked."""

    def __init__(self, kind: Kind, *lines: str) -> None:
        super().__init__(*lines)
        self.kind = kind


class Remote:
    """A server, spoken to as the home is."""

    def __init__(self, url: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._url = url.rstrip("/")
        # A proxy for the web has no business between a command and its server.
        self._client = httpx2.Client(headers=headers, timeout=_TIMEOUT, trust_env=False)

    def services(self) -> list[Told]:
        """Every service that has ever sent a request."""
        return self._get("/api/v1/services")

    def budgets(self, service: str | None, at: datetime | None) -> list[Told]:
        """Every budget, or those of one service."""
        return self._get("/api/v1/budgets", service=service, at=_text(at))

    def burns(self, service: str | None, at: datetime | None) -> list[Told]:
        """How fast every budget burns, or those of one service."""
        return self._get("/api/v1/burn", service=service, at=_text(at))

    def ingest(
        self,
        file: Path,
        *,
        form: str,
        service: str,
        maps: Mapping[str, str],
        logs: bool,
        progress: Progress | None,
    ) -> "Report":
        """Send a file, and wait until it is taken in."""
        from errorbudget.ingest.report import Report

        query = {
            "name": file.name,
            "format": form,
            "service": service,
            "logs": str(logs).lower(),
            "map": [f"{column}={sql}" for column, sql in maps.items()],
        }
        told = self._post(
            "/api/v1/files", params=query, content=_chunks(file, progress), timeout=_LONG
        )
        kept = told["rejected_file"]
        return Report(
            read=told["read"],
            stored=told["stored"],
            duplicates=told["duplicates"],
            rejected=told["rejected"],
            first=clock.parse(told["from"]) if told["from"] else None,
            last=clock.parse(told["to"]) if told["to"] else None,
            rejected_file=Path(kept) if kept else None,
        )

    def correct(self, service: str, request_ids: Sequence[str], verdict: str, reason: str) -> Told:
        """Judge requests by hand."""
        asked = {
            "service": service,
            "request_ids": list(request_ids),
            "as": verdict,
            "reason": reason,
        }
        return self._post("/api/v1/corrections", json=asked)

    def apply(self, file: Path) -> Told:
        """Put a document in force."""
        try:
            body = file.read_bytes()
        except OSError as cause:
            raise Failure(f"{file}: {cause.strerror}") from cause
        return self._post("/api/v1/documents", params={"name": str(file)}, content=body)

    def record(self, change: "Change") -> Told:
        """Store a change."""
        told = change.as_dict()
        del told["origin"]  # what is told to a server is told
        return self._post("/api/v1/changes", json=told)

    def check(
        self,
        service: str,
        change: str,
        *,
        at: datetime | None,
        diff: "Diff | None",
        declared: str | None,
    ) -> Told:
        """Have a change decided on."""
        asked = {
            "service": service,
            "change": change,
            "at": _text(at),
            "diff": diff.as_dict() if diff else None,
            "risk": declared,
        }
        return self._post("/api/v1/gate", json=asked)

    def record_outcome(self, entry: int, exit_code: int, started_at: datetime) -> Told:
        """What came of the command that a decision permitted."""
        told = {"exit_code": exit_code, "started": clock.text(started_at)}
        return self._post(f"/api/v1/gate/{entry}/outcome", json=told)

    def entries(self, last: int) -> list[Told]:
        """The last entries of the audit trail, or all."""
        return self._get("/api/v1/audit", last=last)

    def verify(self, checkpoint: str | None) -> Told:
        """Have the audit trail checked."""
        return self._post("/api/v1/audit/verify", json={"checkpoint": checkpoint})

    def make_token(self, name: str, wanted: Told) -> Told:
        """A new token; `wanted` has scopes, services, environments and expires_minutes."""
        return self._post("/api/v1/tokens", json={"name": name} | wanted)

    def tokens(self) -> list[Told]:
        """Every token, without secrets."""
        return self._get("/api/v1/tokens")

    def revoke_token(self, which: str) -> Told:
        """Let a token open nothing any more."""
        with self._reaching():
            return _read(self._client.delete(f"{self._url}/api/v1/tokens/{quote(which, safe='')}"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def _get(self, path: str, **query: object) -> Any:
        given = {name: value for name, value in query.items() if value is not None}
        with self._reaching():
            return _read(self._client.get(f"{self._url}{path}", params=given))  # pyright: ignore[reportArgumentType]

    def _post(self, path: str, **sent: Any) -> Any:
        with self._reaching():
            return _read(self._client.post(f"{self._url}{path}", **sent))

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


def _chunks(file: Path, progress: Progress | None) -> Generator[bytes]:
    total, sent = file.stat().st_size, 0
    with file.open("rb") as source:
        while chunk := source.read(_CHUNK):
            yield chunk
            sent += len(chunk)
            if progress:
                progress(sent, total)


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
