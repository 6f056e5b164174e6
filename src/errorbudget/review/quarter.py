"""Which quarter is meant, and which minutes are its, for the people of a time zone?"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self
from zoneinfo import ZoneInfo

from errorbudget.ledger.window import Calendar, Span, minute_ceil, minute_floor, moment
from errorbudget.objective import document as promised

_WRITTEN: Final = re.compile(r"(\d{4})[-\s]?Q([1-4])", re.IGNORECASE)


def zone(document: promised.ObjectiveDocument) -> str:
    """Where the people of a document live: the zone of its first calendar window, or UTC.

    All its objectives are accounted for by the same quarter, so that shares can be compared.
    """
    windows = (one.window for one in document.objectives.values())
    return next((one.timezone for one in windows if isinstance(one, promised.Calendar)), "UTC")


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """Three months of a year; the first is number 1."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """The quarter that people write as 2026Q3 or 2026-Q3. Raises ValueError."""
        found = _WRITTEN.fullmatch(text.strip())
        if not found or not 1970 <= int(found[1]) < 9999:
            raise ValueError(f"{text!r} is not a quarter; write one as in 2026Q3")
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, at: datetime, zone: str) -> Self:
        """The quarter that a moment lies in, where people live by this zone."""
        span = Calendar("quarter", zone).span(minute_floor(at) + 1)
        begins = moment(span.start).astimezone(ZoneInfo(zone))
        return cls(begins.year, (begins.month + 2) // 3)

    def __str__(self) -> str:
        return f"{self.year}Q{self.number}"

    @property
    def before(self) -> "Quarter":
        """The one before."""
        return Quarter(self.year - (self.number == 1), (self.number - 2) % 4 + 1)

    def span(self, zone: str) -> Span:
        """Its minutes as the people of a zone live it, 23 and 25 hour days included."""
        first = datetime(self.year, 3 * self.number - 2, 1, tzinfo=ZoneInfo(zone))
        return Calendar("quarter", zone).span(minute_ceil(first.astimezone(UTC)) + 1)
