"""How many bad requests one objective allows in its window, how many it had, what is left."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from fractions import Fraction
from math import floor
from typing import Any, Final

from errorbudget.ledger.forecast import HISTORY_DAYS
from errorbudget.ledger.meaning import Meaning, Volume
from errorbudget.ledger.tally import DAY
from errorbudget.ledger.window import Calendar, Span, Window, dates, minute_ceil, moment

_RECENT: Final = 2 * DAY
"""The latest minutes, which burn rates look at: kept by minute."""


class State(StrEnum):
    """What may be said of a budget; the worst that holds is said."""

    HEALTHY = "healthy"
    SPENT = "spent"
    STALE = "stale"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One objective in the ledger: its row in the sums, the share allowed to be bad, its window."""

    row: int
    allowance: Fraction
    window: Window
    stale_after: int | None = None
    """Minutes that the data may lag behind; None for never stale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """The stored days one evaluation reads: all from `first_day` on, `by_minute` ones whole."""

    first_day: int
    by_minute: frozenset[int]


def needed(window: Window, now: datetime) -> Needed:
    """Which days to load before evaluating `window` at `now`."""
    end = minute_ceil(now)
    span, today = window.span(end), end // DAY
    starts = [span.start]
    if isinstance(window, Calendar) and window.carry:
        starts.append(window.before(span).start)
    days = [start // DAY for start in starts]
    return Needed(
        first_day=min(*days, today - HISTORY_DAYS),
        by_minute=frozenset((*days, *range((end - _RECENT) // DAY, today + 1))),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What one objective allows, had and has left in its window, as known at one moment."""

    window: Window
    span: Span
    end: int
    """The minute up to which requests were counted."""
    allowance: Fraction
    valid: int
    bad: int
    forecast: int
    """Requests still expected in the window; 0 for a rolling one."""
    forecast_low: int
    forecast_high: int
    minutes: int
    """Minutes of the window since the first request, and those of them the source was alive."""
    minutes_alive: int
    as_of: datetime | None
    exhausts_at: datetime | None
    """When the budget is gone if requests fail as in the last 24 hours; `end` if it already is."""
    state: State
    meaningful: Meaning
    owed: int = 0
    """Bad requests by which the window before overspent, where debt is carried over."""

    @property
    def dates(self) -> tuple[date, date]:
        """First and last date of the whole window, in its own time zone; a rolling one's in UTC."""
        return dates(self.window, self.span)

    @property
    def allowed(self) -> Fraction | None:
        """Bad requests allowed in the whole window; None without data."""
        return self._allowed(self.forecast) if self.valid else None

    @property
    def debt(self) -> Fraction:
        """Bad requests that are not allowed because the window before it overspent."""
        return debt(self.window, self.owed, self.allowance * (self.valid + self.forecast))

    @property
    def remaining(self) -> Fraction | None:
        """The share of the budget left: 1 untouched, below 0 overspent, None without data."""
        return self._remaining(self.forecast)

    @property
    def remaining_low(self) -> Fraction | None:
        """What is left if fewer requests come than expected."""
        return self._remaining(self.forecast_low)

    @property
    def remaining_high(self) -> Fraction | None:
        """What is left if more requests come than expected."""
        return self._remaining(self.forecast_high)

    @property
    def pace(self) -> Fraction | None:
        """Bad against allowed to date: 1 is exactly on time, whatever is still to come."""
        return self.bad / (self.allowance * self.valid) if self.valid else None

    @property
    def few(self) -> Volume | None:
        """What it stands on, where that is too little for a share to mean much."""
        if not self.valid or self.meaningful is Meaning.NORMAL:
            return None
        return Volume(
            meaningful=self.meaningful,
            bad=self.bad,
            allowance=self.allowance,
            window=self.window,
            requests=self.valid + self.forecast,
            minutes=self.minutes + self.span.end - self.end,
        )

    @property
    def volume(self) -> str:
        """What to look at instead of the share; empty where the share means something."""
        return self.few.words if self.few else ""

    @property
    def coverage(self) -> Fraction | None:
        """The share of the window's minutes since the first request that the source was alive."""
        return Fraction(self.minutes_alive, self.minutes) if self.minutes > 0 else None

    def as_dict(self) -> dict[str, Any]:
        """The budget as JSON has it."""
        return {
            "window": {
                "kind": self.window.kind,
                "start": _text(moment(self.span.start)),
                "end": _text(moment(self.span.end)),
                "dates": [date.isoformat() for date in self.dates],
            },
            "valid": self.valid,
            "bad": self.bad,
            "allowed": _number(self.allowed),
            "debt": float(self.debt),
            "remaining": _number(self.remaining),
            "range": [_number(self.remaining_low), _number(self.remaining_high)],
            "forecast": self.forecast,
            "pace": _number(self.pace),
            "exhausts_at": _text(self.exhausts_at),
            "state": self.state.value,
            "meaningful": self.meaningful.value,
            "meaning": self.few.as_dict() if self.few else None,
            "coverage": _number(self.coverage),
            "as_of": _text(self.as_of),
        }

    def _remaining(self, forecast: int) -> Fraction | None:
        if not self.valid:
            return None
        return 1 - self.bad / self._allowed(forecast)

    def _allowed(self, forecast: int) -> Fraction:
        whole = self.allowance * (self.valid + forecast)
        return whole - debt(self.window, self.owed, whole) if self.owed else whole


def overspent(allowance: Fraction, valid: int, bad: int) -> int:
    """By how many bad requests a window that is over has overspent."""
    return max(bad - floor(allowance * valid), 0)


def debt(window: Window, owed: int, whole: Fraction) -> Fraction:
    """The part of what the window before overspent that one which allows so many pays."""
    carry = window.carry if isinstance(window, Calendar) else Fraction(0)
    return min(Fraction(owed), carry * whole)


def _number(ratio: Fraction | None) -> float | None:
    return None if ratio is None else float(ratio)


def _text(at: datetime | None) -> str | None:
    if at is None:
        return None
    spec = "milliseconds" if at.microsecond else "seconds"
    return at.astimezone(UTC).isoformat(timespec=spec).replace("+00:00", "Z")
