"""What altered production."""

from typing import TYPE_CHECKING

from errorbudget import clock
from errorbudget.cli.options import Told

if TYPE_CHECKING:
    from errorbudget.change import Change
    from errorbudget.cli.door.wire import Wire
    from errorbudget.program.program import Program


class AtHome:
    """In the home itself."""

    def __init__(self, program: "Program") -> None:
        self._changes = program.changes

    def record(self, change: "Change") -> Told:
        """Store a change."""
        return self._changes.record(change, now=clock.now()).as_dict()


class OnServer:
    """On a server."""

    def __init__(self, wire: "Wire") -> None:
        self._wire = wire

    def record(self, change: "Change") -> Told:
        """Store a change."""
        told = change.as_dict()
        del told["origin"]  # what is told to a server is told
        return self._wire.post("/api/v1/changes", json=told)
