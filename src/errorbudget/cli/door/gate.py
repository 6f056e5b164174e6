"""Whether a change may ship, and what came of it; the moment is now where it is None."""

from datetime import datetime
from typing import TYPE_CHECKING

from errorbudget import clock
from errorbudget.cli.options import Told

if TYPE_CHECKING:
    from errorbudget.cli.door.wire import Wire
    from errorbudget.program.gate.asking import Question
    from errorbudget.program.program import Program


class AtHome:
    """Decided in the home itself."""

    def __init__(self, program: "Program") -> None:
        self._gate = program.gate
        self._offline = program.offline

    def deployed(self, service: str, at: datetime | None) -> Told | None:
        """What a service runs, as far as is known."""
        found = self._gate.deployed(service, at or clock.now())
        return found.as_dict() if found else None

    def check(self, question: "Question", *, at: datetime | None, dry_run: bool) -> Told:
        """Decide on a change; the decision is in the trail."""
        now = clock.now()
        return self._gate.check(question, at=at or now, now=now, dry_run=dry_run).as_dict()

    def take_offline(self, records: list[Told]) -> Told:
        """Record what was decided while no server answered."""
        return self._offline.take(records, by="", now=clock.now())

    def record_outcome(self, entry: int, exit_code: int, started_at: datetime) -> Told:
        """What came of the command that a decision permitted."""
        return self._gate.record_outcome(entry, exit_code, started_at=started_at, now=clock.now())


class OnServer:
    """Decided by a server."""

    def __init__(self, wire: "Wire") -> None:
        self._wire = wire

    def deployed(self, service: str, at: datetime | None) -> Told | None:
        """What a service runs, as far as is known."""
        return self._wire.get("/api/v1/gate/deployed", service=service, at=at)

    def check(self, question: "Question", *, at: datetime | None, dry_run: bool) -> Told:
        """Decide on a change; the decision is in the trail."""
        asked = {
            "service": question.service,
            "change": question.change,
            "at": at.isoformat() if at else None,
            "diff": question.diff.as_dict() if question.diff else None,
            "risk": question.declared,
            "by": list(question.by),
            "advisory": question.advisory,
            "dry_run": dry_run,
            "by_name": question.named,
        }
        return self._wire.post("/api/v1/gate", json=asked)

    def copy(self, service: str) -> Told:
        """The document in force, to go by when the server does not answer."""
        return self._wire.get("/api/v1/gate/copy", service=service)

    def take_offline(self, records: list[Told]) -> Told:
        """Tell what was decided while it did not answer."""
        return self._wire.post("/api/v1/gate/offline", json={"records": records})

    def record_outcome(self, entry: int, exit_code: int, started_at: datetime) -> Told:
        """What came of the command that a decision permitted."""
        told = {"exit_code": exit_code, "started": clock.text(started_at)}
        return self._wire.post(f"/api/v1/gate/{entry}/outcome", json=told)
