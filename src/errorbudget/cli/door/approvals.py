"""What people answer about changes, and what they declare."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from errorbudget import clock
from errorbudget.cli.options import Told

if TYPE_CHECKING:
    from errorbudget.cli.door.wire import Wire
    from errorbudget.program.program import Program
    from errorbudget.program.statements import Wanted


class AtHome:
    """Answered in the home itself."""

    def __init__(self, program: "Program") -> None:
        self._program = program

    def draw_up(self, wanted: "Wanted") -> Told:
        """The statement to be signed, and what it would lead to."""
        return self._program.approvals.draw_up(wanted, now=clock.now())

    def give(self, statement: str, signature: str) -> Told:
        """Record a signed answer."""
        sent, now = signature.encode(), clock.now()
        return self._program.approvals.give(statement, signature=sent, now=now)

    def status(self, service: str | None) -> list[Told]:
        """Every change that waits, was answered about or is to be reviewed."""
        return self._program.approvals.status(service, now=clock.now())

    def declare(self, service: str, title: str, by: str) -> Told:
        """Open an incident."""
        opened = self._program.incidents.declare(service, title, by=by, now=clock.now())
        return opened.as_dict()

    def end(self, number: int, by: str) -> Told:
        """Let an incident be over."""
        return self._program.incidents.end(number, by=by, now=clock.now()).as_dict()

    def incidents(self, service: str | None) -> list[Told]:
        """Every incident, the newest first."""
        return [one.as_dict() for one in self._program.incidents.list(service)]


class OnServer:
    """Answered to a server."""

    def __init__(self, wire: "Wire") -> None:
        self._wire = wire

    def draw_up(self, wanted: "Wanted") -> Told:
        """The statement to be signed, and what it would lead to."""
        return self._wire.post("/api/v1/approvals/draft", json=asdict(wanted))

    def give(self, statement: str, signature: str) -> Told:
        """Record a signed answer."""
        sent = {"statement": statement, "signature": signature}
        return self._wire.post("/api/v1/approvals", json=sent)

    def status(self, service: str | None) -> list[Told]:
        """Every change that waits, was answered about or is to be reviewed."""
        return self._wire.get("/api/v1/approvals", service=service)

    def declare(self, service: str, title: str, by: str) -> Told:
        """Open an incident."""
        sent = {"service": service, "title": title, "by": by}
        return self._wire.post("/api/v1/incidents", json=sent)

    def end(self, number: int, by: str) -> Told:
        """Let an incident be over."""
        return self._wire.post(f"/api/v1/incidents/{number}/end", json={"by": by})

    def incidents(self, service: str | None) -> list[Told]:
        """Every incident, the newest first."""
        return self._wire.get("/api/v1/incidents", service=service)
