"""Messages that did not arrive."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from errorbudget import clock
from errorbudget.cli.options import Told

if TYPE_CHECKING:
    from errorbudget.cli.door.wire import Wire
    from errorbudget.program.program import Program


class AtHome:
    """In the home itself; they are delivered when a server runs."""

    def __init__(self, program: "Program") -> None:
        from errorbudget.program.watching.letters import Letters

        self._letters = Letters(program.home)

    def dead(self) -> list[Told]:
        """Given up or refused, oldest first."""
        return self._letters.dead()

    def resend(self, numbers: Sequence[int]) -> Told:
        """Let these wait for delivery again, or all where none is named."""
        return dict(self._letters.resend(numbers, now=clock.now()))


class OnServer:
    """On a server, which delivers them at once."""

    def __init__(self, wire: "Wire") -> None:
        self._wire = wire

    def dead(self) -> list[Told]:
        """Given up or refused, oldest first."""
        return self._wire.get("/api/v1/letters")

    def resend(self, numbers: Sequence[int]) -> Told:
        """Let these wait for delivery again, or all where none is named."""
        return self._wire.post("/api/v1/letters/resend", json={"numbers": list(numbers)})
