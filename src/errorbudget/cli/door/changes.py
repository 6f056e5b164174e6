"""What altered production."""

from typing import TYPE_CHECKING

from errorbudget import clock
from errorbudget.cli.options import Told

if TYPE_CHECKING:
    from errorbudget.cli.door.wire import Wire
    from errorbudget.program.changes import Telling
    from errorbudget.program.program import Program


class AtHome:
    """In the home itself."""

    def __init__(self, program: "Program") -> None:
        self._changes = program.changes

    def tell(self, telling: "Telling") -> Told:
        """Store a change, once."""
        return self._changes.tell(telling, now=clock.now()).as_dict()


class OnServer:
    """On a server."""

    def __init__(self, wire: "Wire") -> None:
        self._wire = wire

    def tell(self, telling: "Telling") -> Told:
        """Store a change, once."""
        told = {
            "id": telling.id,
            "service": telling.service,
            "version": telling.version,
            "kind": telling.kind.value,
            "environment": telling.environment,
            "started": clock.text(telling.started) if telling.started else None,
            "finished": clock.text(telling.finished) if telling.finished else None,
        }
        return self._wire.post("/api/v1/changes", json=told)
