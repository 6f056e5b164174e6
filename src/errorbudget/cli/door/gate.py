"""Whether a change may ship, and what came of it; the moment is now where it is None."""

from datetime import datetime
from typing import TYPE_CHECKING

from errorbudget import clock
from errorbudget.cli.options import Told

if TYPE_CHECKING:
    from errorbudget.change import Diff
    from errorbudget.cli.door.wire import Wire
    from errorbudget.program.program import Program


class AtHome:
    """Decided in the home itself."""

    def __init__(self, program: "Program") -> None:
        self._gate = program.gate

    def check(
        self,
        service: str,
        change: str,
        *,
        at: datetime | None,
        diff: "Diff | None",
        declared: str | None,
    ) -> Told:
        """Decide on a change; the decision is in the trail."""
        from errorbudget.program.gate import declared_risk

        now = clock.now()
        answer = self._gate.check(
            service, change, at=at or now, now=now, diff=diff, declared=declared_risk(declared)
        )
        return answer.as_dict()

    def record_outcome(self, entry: int, exit_code: int, started_at: datetime) -> Told:
        """What came of the command that a decision permitted."""
        return self._gate.record_outcome(entry, exit_code, started_at=started_at, now=clock.now())


class OnServer:
    """Decided by a server."""

    def __init__(self, wire: "Wire") -> None:
        self._wire = wire

    def check(
        self,
        service: str,
        change: str,
        *,
        at: datetime | None,
        diff: "Diff | None",
        declared: str | None,
    ) -> Told:
        """Decide on a change; the decision is in the trail."""
        asked = {
            "service": service,
            "change": change,
            "at": at.isoformat() if at else None,
            "diff": diff.as_dict() if diff else None,
            "risk": declared,
        }
        return self._wire.post("/api/v1/gate", json=asked)

    def record_outcome(self, entry: int, exit_code: int, started_at: datetime) -> Told:
        """What came of the command that a decision permitted."""
        told = {"exit_code": exit_code, "started": clock.text(started_at)}
        return self._wire.post(f"/api/v1/gate/{entry}/outcome", json=told)
