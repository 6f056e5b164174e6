"""What broke; the burn that is current at a moment, now where it is None, unless told from when."""

from datetime import datetime
from typing import TYPE_CHECKING

from errorbudget import clock
from errorbudget.cli.options import Told

if TYPE_CHECKING:
    from errorbudget.cli.door.wire import Wire
    from errorbudget.program.program import Program


class AtHome:
    """Found out from the home itself."""

    def __init__(self, program: "Program") -> None:
        self._program = program

    def explain(
        self,
        service: str,
        objective: str | None,
        *,
        since: datetime | None,
        until: datetime | None,
        at: datetime | None,
    ) -> Told:
        """A burn by where, who, what changed and what the logs say."""
        found = self._program.explaining.explain(
            service, objective, since=since, until=until, at=at or clock.now()
        )
        return found.as_dict()

    def hand_off(
        self,
        service: str,
        objective: str,
        *,
        since: datetime | None,
        until: datetime | None,
        at: datetime | None,
    ) -> Told:
        """What a log tool needs to go on from a burn."""
        found = self._program.handoffs.hand_off(
            service, objective, since=since, until=until, at=at or clock.now()
        )
        return found.as_dict()


class OnServer:
    """Found out by a server."""

    def __init__(self, wire: "Wire") -> None:
        self._wire = wire

    def explain(
        self,
        service: str,
        objective: str | None,
        *,
        since: datetime | None,
        until: datetime | None,
        at: datetime | None,
    ) -> Told:
        """A burn by where, who, what changed and what the logs say."""
        asked = {"service": service, "objective": objective, "from": since, "to": until, "at": at}
        return self._wire.get("/api/v1/explain", **asked)

    def hand_off(
        self,
        service: str,
        objective: str,
        *,
        since: datetime | None,
        until: datetime | None,
        at: datetime | None,
    ) -> Told:
        """What a log tool needs to go on from a burn."""
        asked = {"service": service, "objective": objective, "from": since, "to": until, "at": at}
        return self._wire.get("/api/v1/handoff", **asked)
