"""How did a budget go over its window, and where does it go from here at today's pace?"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from errorbudget.ledger.budget import Budget
from errorbudget.ledger.tally import Counts
from errorbudget.ledger.window import Calendar

POINTS: Final = 240
"""Points of a course: as many as a picture can show."""
_AHEAD: Final = 0.25
"""The part of a rolling window that is looked ahead; a calendar one has an end."""


@dataclass(frozen=True, slots=True)
class Point:
    """What was left at a minute; None where there was no request to judge by."""

    minute: int
    remaining: float | None


@dataclass(frozen=True, slots=True)
class Ahead:
    """What will be left at a minute to come, and between what it will be nine times in ten."""

    minute: int
    likely: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Pace:
    """The share of requests that lately failed, and between what it lies nine times in ten."""

    likely: float
    low: float
    high: float


def first_minute(budget: Budget) -> int:
    """The minute from which `course` wants counts: rolling windows began before this one did."""
    calendar = isinstance(budget.window, Calendar)
    return budget.span.start - (0 if calendar else len(budget.span))


def course(budget: Budget, valid: Counts, bad: Counts) -> list[Point]:
    """What was left, from the window's start to now; counts by minute from `first_minute` on.

    Of a calendar window it is what is left of all that it is expected to allow, so that the course
    falls by what each request cost; of a rolling one, what its window held at each moment.
    """
    first, start, end = first_minute(budget), budget.span.start, budget.end
    valid_before, bad_before = _before(valid), _before(bad)
    minutes = np.unique(np.linspace(start, end, POINTS).round().astype(np.int64))
    at = minutes - first
    if isinstance(budget.window, Calendar):
        since = np.full(at.size, start - first)
        allowed = np.full(at.size, float(budget.allowed or 0))
    else:
        since = at - len(budget.span)
        allowed = (valid_before[at] - valid_before[since]) * float(budget.allowance)
    spent = bad_before[at] - bad_before[since]
    return [
        Point(int(minute), 1 - float(bad) / float(of) if of else None)
        for minute, bad, of in zip(minutes, spent, allowed, strict=True)
    ]


def ahead(budget: Budget, pace: Pace, valid: Counts, bad: Counts) -> list[Ahead]:
    """What will be left if requests go on to fail as lately; counts as for `course`.

    Of a rolling window, bad requests also leave; the requests that leave stand for those that come.
    """
    if not budget.valid:
        return []
    if isinstance(budget.window, Calendar):
        minutes = np.linspace(budget.end, budget.span.end, 9).round().astype(np.int64)
        share = (minutes - budget.end) / max(budget.span.end - budget.end, 1)
        coming, spent = share * budget.forecast, np.full(minutes.size, float(budget.bad))
        allowed = float(budget.allowed or 0)
    else:
        whole = len(budget.span)
        minutes = np.linspace(budget.end, budget.end + whole * _AHEAD, 9).round().astype(np.int64)
        at = minutes - budget.end + whole
        coming = (_before(valid)[at] - _before(valid)[whole]).astype(np.float64)
        spent = budget.bad - (_before(bad)[at] - _before(bad)[whole]).astype(np.float64)
        allowed = float(budget.allowance * budget.valid)
    ways = [1 - (spent + share * coming) / allowed for share in (pace.likely, pace.low, pace.high)]
    return [
        Ahead(int(minute), float(likely), low=float(low), high=float(high))
        for minute, likely, high, low in zip(minutes, *ways, strict=True)
    ]


def _before(counts: Counts) -> Counts:
    """Counts of all minutes before each."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
