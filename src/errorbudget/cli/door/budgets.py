"""What is left, and how fast it goes; the moment is now where it is None."""

from datetime import datetime
from typing import TYPE_CHECKING

from errorbudget import clock
from errorbudget.cli.options import Told

if TYPE_CHECKING:
    from errorbudget.cli.door.wire import Wire
    from errorbudget.program.program import Program


class AtHome:
    """Computed from the home itself."""

    def __init__(self, program: "Program") -> None:
        self._program = program

    def services(self) -> list[Told]:
        """Every service that has ever sent a request."""
        return [dict(one.as_dict()) for one in self._program.warehouse.services()]

    def read(self, service: str | None, at: datetime | None) -> list[Told]:
        """Every budget, or those of one service."""
        return [one.as_dict() for one in self._program.budgets.read(service, at=at or clock.now())]

    def burns(self, service: str | None, at: datetime | None) -> list[Told]:
        """How fast every budget burns, or those of one service."""
        return [one.as_dict() for one in self._program.burns.read(service, at=at or clock.now())]

    def failed(
        self, service: str, objective: str | None, at: datetime | None, last: int
    ) -> list[Told]:
        """The last failed requests of a service's budgets."""
        read = self._program.failures.read
        return [one.as_dict() for one in read(service, objective, at=at or clock.now(), last=last)]

    def rollups(self, by: str, over: str, at: datetime | None) -> list[Told]:
        """Budgets in groups."""
        read = self._program.rollups.read
        return [one.as_dict() for one in read(by, over=over, at=at or clock.now())]


class OnServer:
    """From a server's memory."""

    def __init__(self, wire: "Wire") -> None:
        self._wire = wire

    def services(self) -> list[Told]:
        """Every service that has ever sent a request."""
        return self._wire.get("/api/v1/services")

    def read(self, service: str | None, at: datetime | None) -> list[Told]:
        """Every budget, or those of one service."""
        return self._wire.get("/api/v1/budgets", service=service, at=at)

    def burns(self, service: str | None, at: datetime | None) -> list[Told]:
        """How fast every budget burns, or those of one service."""
        return self._wire.get("/api/v1/burn", service=service, at=at)

    def failed(
        self, service: str, objective: str | None, at: datetime | None, last: int
    ) -> list[Told]:
        """The last failed requests of a service's budgets."""
        asked = {"service": service, "objective": objective, "at": at, "last": last}
        return self._wire.get("/api/v1/failed", **asked)

    def rollups(self, by: str, over: str, at: datetime | None) -> list[Told]:
        """Budgets in groups."""
        return self._wire.get("/api/v1/rollups", by=by, over=over, at=at)
