"""Requests and corrections in."""

from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from errorbudget import clock
from errorbudget.cli.options import Told

if TYPE_CHECKING:
    from errorbudget.cli.door.wire import Wire
    from errorbudget.cli.progress import Progress
    from errorbudget.ingest.report import Report
    from errorbudget.program.program import Program

_CHUNK: Final = 1 << 20


class AtHome:
    """Into the home itself."""

    def __init__(self, program: "Program") -> None:
        self._program = program

    def ingest(
        self,
        file: Path,
        *,
        form: str,
        service: str,
        maps: Mapping[str, str],
        logs: bool,
        progress: "Progress | None",
    ) -> "Report":
        """Take a file in."""
        return self._program.requests.ingest(
            file, form=form, service=service, maps=maps, logs=logs, progress=progress
        )

    def correct(self, service: str, request_ids: Sequence[str], verdict: str, reason: str) -> Told:
        """Judge requests by hand."""
        now = clock.now()
        done = self._program.requests.correct(service, request_ids, verdict, reason, now=now)
        return done.as_dict()


class OnServer:
    """Sent to a server."""

    def __init__(self, wire: "Wire") -> None:
        self._wire = wire

    def ingest(
        self,
        file: Path,
        *,
        form: str,
        service: str,
        maps: Mapping[str, str],
        logs: bool,
        progress: "Progress | None",
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
        told = self._wire.post(
            "/api/v1/files", params=query, content=_chunks(file, progress), patient=True
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
        return self._wire.post("/api/v1/corrections", json=asked)


def _chunks(file: Path, progress: "Progress | None") -> Generator[bytes]:
    total, sent = file.stat().st_size, 0
    with file.open("rb") as source:
        while chunk := source.read(_CHUNK):
            yield chunk
            sent += len(chunk)
            if progress:
                progress(sent, total)
