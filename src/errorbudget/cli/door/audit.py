"""What was decided."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from errorbudget.cli.options import Told

if TYPE_CHECKING:
    from errorbudget.cli.door.wire import Wire
    from errorbudget.program.program import Program


class AtHome:
    """The home's own trail."""

    def __init__(self, program: "Program") -> None:
        self._audit = program.audit

    def entries(self, last: int) -> list[Told]:
        """The last entries of the audit trail, or all."""
        return self._audit.log(last)

    def verify(self, kept: Sequence[str]) -> Told:
        """Check the audit trail, also against checkpoints kept elsewhere."""
        return self._audit.verify(*kept)

    def export(self, form: str) -> Iterator[bytes]:
        """The trail as it leaves the home: a copy, or attestations of its decisions."""
        return self._audit.export(form)


class OnServer:
    """A server's trail."""

    def __init__(self, wire: "Wire") -> None:
        self._wire = wire

    def entries(self, last: int) -> list[Told]:
        """The last entries of the audit trail, or all."""
        return self._wire.get("/api/v1/audit", last=last)

    def verify(self, kept: Sequence[str]) -> Told:
        """Check the audit trail, also against checkpoints kept elsewhere."""
        return self._wire.post("/api/v1/audit/verify", json={"checkpoints": list(kept)})

    def export(self, form: str) -> Iterator[bytes]:
        """The trail as it leaves the home: a copy, or attestations of its decisions."""
        return self._wire.stream("/api/v1/audit/export", **{"as": form})
