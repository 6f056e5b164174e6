"""Which minutes a budget is for: the half-open span of a rolling or a calendar window."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE: Final = timedelta(minutes=1)
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Minutes since 1970-01-01T00:00Z from `start` up to, and without, `end`."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"a span ends at {self.end}, before it starts at {self.start}")

    def __len__(self) -> int:
        return self.end - self.start

    def __contains__(self, minute: int) -> bool:
        return self.start <= minute < self.end


ALWAYS: Final = Span(0, 1 << 31)
"""From 1970 on, without end."""


@dataclass(frozen=True, slots=True)
class Rolling:
    """The last so many minutes."""

    minutes: int

    @property
    def kind(self) -> Literal["rolling"]:
        """The word documents and answers use."""
        return "rolling"

    def span(self, end: int) -> Span:
        """The window that ends with the minute before `end`."""
        return Span(end - self.minutes, end)


@dataclass(frozen=True, slots=True)
class Calendar:
    """A month, quarter or year as people in `timezone` live it: 23 and 25 hour days included."""

    unit: Literal["month", "quarter", "year"]
    timezone: str
    carry: Fraction = Fraction(0)
    """At most so much of its budget pays what the window before it overspent."""

    @property
    def kind(self) -> Literal["calendar"]:
        """The word documents and answers use."""
        return "calendar"

    def span(self, end: int) -> Span:
        """The window that the minute before `end` lies in, whole."""
        local = moment(end - 1).astimezone(ZoneInfo(self.timezone))
        index = (local.year * 12 + local.month - 1) // _MONTHS[self.unit]
        # Where clocks fall back across midnight a date returns after it ended: trust the bounds.
        while end - 1 < _begins(self, index):
            index -= 1
        while end - 1 >= _begins(self, index + 1):
            index += 1
        return Span(_begins(self, index), _begins(self, index + 1))

    def before(self, span: Span) -> Span:
        """The window before one of its own."""
        return self.span(span.start)


Window = Rolling | Calendar


def dates(window: Window, span: Span) -> tuple[date, date]:
    """First and last date of one of `window`'s spans: where its people live, or of UTC if rolling.

    Raises ValueError for a span without a minute.
    """
    if not len(span):
        raise ValueError("a span without a minute has no dates")
    zone = ZoneInfo(window.timezone) if isinstance(window, Calendar) else UTC
    first, last = (moment(minute).astimezone(zone).date() for minute in (span.start, span.end - 1))
    return first, last


def minute_floor(at: datetime) -> int:
    """The minute that `at` lies in."""
    return (at - _EPOCH) // _MINUTE


def minute_ceil(at: datetime) -> int:
    """The first whole minute not before `at`: a moment on the minute is its own."""
    return -((_EPOCH - at) // _MINUTE)


def moment(minute: int) -> datetime:
    """When a minute begins, in UTC."""
    return _EPOCH + minute * _MINUTE


def short(at: datetime, beside: datetime) -> str:
    """`14:05` in UTC; with its date where that is not the one of a moment told `beside` it."""
    stamp, other = at.astimezone(UTC), beside.astimezone(UTC)
    return f"{stamp:%H:%M}" if stamp.date() == other.date() else f"{stamp:%Y-%m-%d %H:%M}"


@lru_cache(maxsize=4096)
def _begins(calendar: Calendar, index: int) -> int:
    """When the index-th month, quarter or year since year 0 begins.

    Local midnight with fold=0 is its first occurrence, or, where clocks skip it, the moment they do
    (https://peps.python.org/pep-0495/#the-fold-attribute), so neighbours share their bound.
    """
    year, month = divmod(index * _MONTHS[calendar.unit], 12)
    midnight = datetime(year, month + 1, 1, tzinfo=ZoneInfo(calendar.timezone))
    return minute_ceil(midnight.astimezone(UTC))
