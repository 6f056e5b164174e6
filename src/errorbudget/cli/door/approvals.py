"""What people answer about changes."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from errorbudget import clock
from errorbudget.cli.options import Told

if TYPE_CHECKING:
    from errorbudget.cli.door.wire import Wire
    from errorbudget.program.gate.statements import Wanted
    from errorbudget.program.program import Program


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
