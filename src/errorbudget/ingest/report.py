"""What came of taking files in: how many records were read, and what became of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from errorbudget import clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Counts of one file or several; `read` is always `stored` + `duplicates` + `rejected`."""

    read: int = 0
    stored: int = 0
    duplicates: int = 0
    rejected: int = 0
    first: datetime | None = None
    last: datetime | None = None
    rejected_file: Path | None = None

    def merged(self, others: "Sequence[Report]") -> "Report":
        """This report and others as one."""
        every = (self, *others)
        return Report(
            read=sum(report.read for report in every),
            stored=sum(report.stored for report in every),
            duplicates=sum(report.duplicates for report in every),
            rejected=sum(report.rejected for report in every),
            first=min((report.first for report in every if report.first), default=None),
            last=max((report.last for report in every if report.last), default=None),
            rejected_file=next((r.rejected_file for r in every if r.rejected_file), None),
        )

    def as_dict(self) -> dict[str, int | str | None]:
        """The report under the names that `errorbudget ingest --json` prints."""
        return {
            "read": self.read,
            "stored": self.stored,
            "duplicates": self.duplicates,
            "rejected": self.rejected,
            "from": clock.text(self.first) if self.first else None,
            "to": clock.text(self.last) if self.last else None,
        }
