"""What hurts users: declared, seen to, written about, over."""

from typing import TYPE_CHECKING

from errorbudget import clock
from errorbudget.cli.options import Told

if TYPE_CHECKING:
    from errorbudget.cli.door.wire import Wire
    from errorbudget.program.program import Program


class AtHome:
    """Kept in the home itself."""

    def __init__(self, program: "Program") -> None:
        self._program = program

    def declare(self, service: str, title: str, by: str) -> Told:
        """Open an incident."""
        return self._program.incidents.declare(service, title, by=by, now=clock.now()).as_dict()

    def acknowledge(self, number: int, by: str) -> Told:
        """See to an incident."""
        return self._program.incidents.acknowledge(number, by=by, now=clock.now()).as_dict()

    def note(self, number: int, text: str, by: str) -> Told:
        """Write into its timeline."""
        return self._program.incidents.note(number, text, by=by, now=clock.now()).as_dict()

    def close(self, number: int, by: str) -> Told:
        """Let an incident be over."""
        return self._program.incidents.close(number, by=by, now=clock.now()).as_dict()

    def show(self, number: int) -> Told:
        """An incident with its timeline and its context."""
        return self._program.incidents.show(number, now=clock.now())

    def list(self, service: str | None) -> list[Told]:
        """Every incident, the newest first."""
        return [one.as_dict() for one in self._program.incidents.list(service)]


class OnServer:
    """Kept by a server."""

    def __init__(self, wire: "Wire") -> None:
        self._wire = wire

    def declare(self, service: str, title: str, by: str) -> Told:
        """Open an incident."""
        sent = {"service": service, "title": title, "by": by}
        return self._wire.post("/api/v1/incidents", json=sent)

    def acknowledge(self, number: int, by: str) -> Told:
        """See to an incident."""
        return self._wire.post(f"/api/v1/incidents/{number}/acknowledge", json={"by": by})

    def note(self, number: int, text: str, by: str) -> Told:
        """Write into its timeline."""
        return self._wire.post(f"/api/v1/incidents/{number}/notes", json={"text": text, "by": by})

    def close(self, number: int, by: str) -> Told:
        """Let an incident be over."""
        return self._wire.post(f"/api/v1/incidents/{number}/close", json={"by": by})

    def show(self, number: int) -> Told:
        """An incident with its timeline and its context."""
        return self._wire.get(f"/api/v1/incidents/{number}")

    def list(self, service: str | None) -> list[Told]:
        """Every incident, the newest first."""
        return self._wire.get("/api/v1/incidents", service=service)
