"""What is kept, and for how long."""

from datetime import timedelta
from typing import TYPE_CHECKING

from errorbudget import clock
from errorbudget.cli.options import Told

if TYPE_CHECKING:
    from errorbudget.cli.door.wire import Wire
    from errorbudget.program.program import Program


class AtHome:
    """Of the home itself, as the configuration that ERRORBUDGET_CONFIG names says."""

    def __init__(self, program: "Program") -> None:
        self._program = program

    def prune(self, *, requests: timedelta | None, logs: timedelta | None) -> Told:
        """Drop what is older."""
        from errorbudget.program import configuration

        retain = configuration.from_environment().retain
        return self._program.retention.prune(
            requests=requests or retain.requests, logs=logs or retain.logs, now=clock.now()
        )


class OnServer:
    """Of a server, as its configuration says."""

    def __init__(self, wire: "Wire") -> None:
        self._wire = wire

    def prune(self, *, requests: timedelta | None, logs: timedelta | None) -> Told:
        """Drop what is older."""
        asked = {
            name: span // timedelta(minutes=1)
            for name, span in (("requests_minutes", requests), ("logs_minutes", logs))
            if span
        }
        return self._wire.post("/api/v1/prune", json=asked, patient=True)
