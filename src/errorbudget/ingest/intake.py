"""Where rows go: what this package asks of the warehouse that it fills."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import duckdb

from errorbudget.request import Added, Corrected, Kept, Receipt

if TYPE_CHECKING:
    from errorbudget.objective.criterion import Criterion

Verdict = Literal["bad", "good", "excluded"]


class Intake(Protocol):
    """A warehouse to fill: rows are staged in temporary tables, then added in one transaction."""

    connection: duckdb.DuckDBPyConnection
    staging: Path

    def receipts(self) -> list[Receipt]:
        """The newest receipt of each feed."""
        ...

    def kept(self) -> Kept:
        """From when on there are requests: what is older cannot be counted."""
        ...

    def add_requests(self, receipt: Receipt) -> Added:
        """Store the temporary table `staged_requests`."""
        ...

    def add_logs(self, receipt: Receipt) -> Added:
        """Store the temporary table `staged_logs`."""
        ...

    def withdraw(self, kind: Literal["requests", "logs"], receipt: Receipt) -> None:
        """Take back what a feed brought from the batch of a receipt on."""
        ...

    def add_corrections(
        self,
        service: str,
        request_ids: Sequence[str],
        verdict: Verdict,
        reason: str,
        now: datetime,
        request_id: "Criterion | None" = None,
    ) -> Corrected:
        """Judge known requests by hand."""
        ...
