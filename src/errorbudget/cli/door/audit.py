"""What was decided."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from errorbudget import clock
from errorbudget.cli.options import Told

if TYPE_CHECKING:
    from errorbudget.cli.door.wire import Wire
    from errorbudget.program.program import Program


class AtHome:
    """The home's own trail."""

    def __init__(self, program: "Program") -> None:
        self._program = program
        self._audit = program.audit

    def entries(self, last: int) -> list[Told]:
        """The last entries of the audit trail, or all."""
        return self._audit.log(last)

    def entry(self, number: int) -> Told:
        """One entry of the audit trail."""
        return self._audit.entry(number)

    def verify(self, kept: Sequence[str], *, hashes: bool) -> Told:
        """Check the audit trail, also against checkpoints kept elsewhere."""
        return self._audit.verify(*kept, hashes=hashes)

    def export(self, form: str) -> Iterator[bytes]:
        """The trail as it leaves the home: a copy, or attestations of its decisions."""
        return self._audit.export(form)

    def reconcile(self, since: datetime | None) -> Told:
        """Record what shipped past the gate."""
        return self._program.reconciling.reconcile(now=clock.now(), since=since)

    def accounts(self, service: str, quarter: str | None, at: datetime | None) -> list[Told]:
        """Where the budget of a quarter went, by objective."""
        read = self._program.accounts.read(service, quarter, at=at or clock.now())
        return [account.as_dict() for account in read]


class OnServer:
    """A server's trail."""

    def __init__(self, wire: "Wire") -> None:
        self._wire = wire

    def entries(self, last: int) -> list[Told]:
        """The last entries of the audit trail, or all."""
        return self._wire.get("/api/v1/audit", last=last)

    def entry(self, number: int) -> Told:
        """One entry of the audit trail."""
        return self._wire.get(f"/api/v1/audit/entries/{number}")

    def verify(self, kept: Sequence[str], *, hashes: bool) -> Told:
        """Check the audit trail, also against checkpoints kept elsewhere."""
        return self._wire.post(
            "/api/v1/audit/verify", json={"checkpoints": list(kept), "hashes": hashes}
        )

    def export(self, form: str) -> Iterator[bytes]:
        """The trail as it leaves the home: a copy, or attestations of its decisions."""
        return self._wire.stream("/api/v1/audit/export", **{"as": form})

    def reconcile(self, since: datetime | None) -> Told:
        """Record what shipped past the gate."""
        query = {"since": since.isoformat()} if since else {}
        return self._wire.post("/api/v1/audit/reconcile", patient=True, params=query)

    def accounts(self, service: str, quarter: str | None, at: datetime | None) -> list[Told]:
        """Where the budget of a quarter went, by objective."""
        return self._wire.get("/api/v1/accounts", service=service, quarter=quarter, at=at)
