"""Objective documents in force."""

from pathlib import Path
from typing import TYPE_CHECKING

from errorbudget import clock
from errorbudget.cli.options import Told
from errorbudget.errors import Failure

if TYPE_CHECKING:
    from errorbudget.cli.door.wire import Wire
    from errorbudget.program.program import Program


class AtHome:
    """In the home itself."""

    def __init__(self, program: "Program") -> None:
        self._objectives = program.objectives

    def apply(self, file: Path) -> Told:
        """Put a document in force."""
        return self._objectives.apply(file, now=clock.now()).as_dict()


class OnServer:
    """On a server."""

    def __init__(self, wire: "Wire") -> None:
        self._wire = wire

    def apply(self, file: Path) -> Told:
        """Put a document in force."""
        try:
            body = file.read_bytes()
        except OSError as cause:
            raise Failure(f"{file}: {cause.strerror}") from cause
        return self._wire.post("/api/v1/documents", params={"name": str(file)}, content=body)
