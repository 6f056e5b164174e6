"""What services could promise, and what documents would have done."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errorbudget.cli.options import Told
from errorbudget.errors import unreadable

if TYPE_CHECKING:
    from errorbudget.cli.door.wire import Wire
    from errorbudget.program.program import Program

Progress = Callable[[int, int], None]


class AtHome:
    """From the home itself."""

    def __init__(self, program: "Program") -> None:
        self._program = program

    def unpromised(self) -> list[Told]:
        """The services that have traffic and no objective."""
        return self._program.proposals.unpromised()

    def propose(self, services: list[str], sla: str | None, dependencies: list[str]) -> Told:
        """A proposal for a service or a pool of them, its document and its evidence."""
        from errorbudget.program.proposing.proposals import caps

        return self._program.proposals.read(services, caps(sla, dependencies)).as_dict()

    def backtest(
        self, file: Path, incidents: list[Any] | None, progress: Progress | None = None
    ) -> Told:
        """What a document would have done."""
        return self.replay(_body(file), str(file), incidents, progress)

    def replay(
        self, body: bytes, name: str, incidents: list[Any] | None, progress: Progress | None = None
    ) -> Told:
        """The same for the text of a document, which messages call by its name."""
        return self._program.backtests.retell(body, name, incidents=incidents, progress=progress)


class OnServer:
    """On a server."""

    def __init__(self, wire: "Wire") -> None:
        self._wire = wire

    def unpromised(self) -> list[Told]:
        """The services that have traffic and no objective."""
        return self._wire.get("/api/v1/proposals")

    def propose(self, services: list[str], sla: str | None, dependencies: list[str]) -> Told:
        """A proposal for a service or a pool of them, its document and its evidence."""
        asked: dict[str, Any] = {"service": services, "dependency": dependencies}
        query = asked | ({} if sla is None else {"sla": sla})
        return self._wire.post("/api/v1/proposals", params=query, patient=True)

    def backtest(
        self, file: Path, incidents: list[Any] | None, progress: Progress | None = None
    ) -> Told:
        """What a document would have done; a server tells when it is done."""
        del progress
        return self.replay(_body(file), str(file), incidents)

    def replay(self, body: bytes, name: str, incidents: list[Any] | None) -> Told:
        """The same for the text of a document, which messages call by its name."""
        sent = {"document": body.decode(errors="replace"), "incidents": incidents}
        query = {"name": name}
        return self._wire.post("/api/v1/backtests", params=query, json=sent, patient=True)


def _body(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as cause:
        raise unreadable(file, cause) from cause
