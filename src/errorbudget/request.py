"""What a request is: one served unit of work, and the columns a criterion may speak of."""

from dataclasses import dataclass
from typing import Final, Literal

ColumnType = Literal["time", "text", "integer", "number", "boolean", "map", "count"]

COLUMNS: Final[dict[str, ColumnType]] = {
    "time": "time",
    "service": "text",
    "route": "text",
    "method": "text",
    "status": "integer",
    "duration_ms": "number",
    "tenant": "text",
    "version": "text",
    "region": "text",
    "environment": "text",
    "trace_id": "text",
    "span_id": "text",
    "is_bot": "boolean",
    "attributes": "map",
    "error_logs": "count",
    "corrections": "count",
}
"""Every column a criterion may name. A `count` is counted beside the request, not sent with it:
`error_logs` are error-level log records with its request id, `corrections` later corrections."""

SENT: Final = tuple(name for name, kind in COLUMNS.items() if kind != "count")
"""The columns a sender may fill. Missing: text is empty, a number NULL, a boolean false."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """From which minute on there are requests still, and the batch that dropped what came before.

    Zeros where all are kept. Minutes before cannot be counted any more.
    """

    from_minute: int = 0
    batch: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """How far one feed has been taken in; stored in one transaction with the rows it speaks of."""

    feed: str
    """What sends: a file (by its first receipt), or a sender of batches."""
    key: str
    """SHA-256 of the file's bytes up to `position`, or a batch's idempotency key."""
    position: int
    """Bytes of the file already stored; 0 for a batch."""
    line: int
    """Lines of the file already stored; 0 for a batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What came of one batch: rows that are new, and rows that were known already."""

    stored: int
    duplicates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """What came of correcting some request ids: how many are known, and which are not."""

    corrected: int
    unknown: tuple[str, ...]

    def as_dict(self) -> dict[str, int | list[str]]:
        """The outcome as JSON has it."""
        return {
            "corrected": self.corrected,
            "unknown": len(self.unknown),
            "unknown_ids": list(self.unknown),
        }
