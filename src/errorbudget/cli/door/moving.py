"""The whole state, to take along."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from errorbudget.cli.door.wire import Wire
    from errorbudget.program.program import Program


class AtHome:
    """The home's own."""

    def __init__(self, program: "Program") -> None:
        self._program = program

    def export(self) -> Iterator[bytes]:
        """An archive of everything."""
        return self._program.moving().export()


class OnServer:
    """A server's."""

    def __init__(self, wire: "Wire") -> None:
        self._wire = wire

    def export(self) -> Iterator[bytes]:
        """An archive of everything."""
        return self._wire.stream("/api/v1/home/export")
