"""Since when does it burn, or has it been silent? The minutes that an explanation is about."""

from datetime import datetime, timedelta
from typing import Final

import numpy as np

from errorbudget.burn.onset import Onset, onset
from errorbudget.burn.rules import DAY
from errorbudget.ledger.window import Span, minute_ceil, minute_floor, moment
from errorbudget.program.budgets.book import Book
from errorbudget.program.burning import burning
from errorbudget.program.burning.burns import BurnStanding

HOUR: Final = 60
LOOKBACK: Final = 180
"""Minutes before a burn in which its onset is sought, or as many as it lasts."""
SLOWLY: Final = 3
"""How many times the longest horizon that burns a warning is looked back over: it may creep up."""
FEW: Final = 20
"""With fewer failures a burn has no shape to speak of."""
CALM: Final = ("none", "unknown")

_MINUTE: Final = timedelta(minutes=1)
_MISSED: Final = 3.0
"""So many requests do not stay away by chance, in nineteen of twenty cases."""


def beginning(
    book: Book, row: int, burn: BurnStanding, since: datetime | None, until: datetime
) -> tuple[Span, Onset | None]:
    """What is explained of a burn: from `since`, or from where it began; and when that was."""
    end = minute_ceil(until)
    if since is None and burn.silent:
        return _silence(book, row, end)
    start = minute_floor(since) if since else end - _worst(burn)
    first = start - max(LOOKBACK, end - start)
    if since is None and burn.alert == "warn":
        first = min(first, end - SLOWLY * _longest(burn))
    asked = since is not None or burn.alert not in CALM
    began = _onset(book, row, first, Span(start, end), sure=asked)
    if since is None and began is not None:
        start, end = minute_floor(began.at), _ended(book, row, began, end)
    return Span(start, end), began


def burned(book: Book, row: int, around: Span) -> Span:
    """The minutes that burned, of a time that a person, an alert or an account says burns."""
    first = around.start - max(LOOKBACK, len(around))
    began = _onset(book, row, first, around, sure=True)
    if began is None:
        return around
    start = minute_floor(began.at)
    return Span(start, max(_ended(book, row, began, around.end), start + 1))


def _silence(book: Book, row: int, end: int) -> tuple[Span, Onset | None]:
    """From the last request on; at least as long as is looked at when requests are missed."""
    minutes = np.arange(end - DAY, end)
    valid, _ = book.counts(np.full(minutes.size, row), minutes, minutes + 1)
    came = np.flatnonzero(valid)
    if not came.size:
        return Span(end - DAY, end), None
    last = int(minutes[came[-1]])
    after = np.arange(last + 1, end + 1)
    view, rows = burning.usual(book, moment(end)).view, np.full(after.size, row)
    missed = np.flatnonzero(view.expected(rows, np.full(after.size, last + 1), after) >= _MISSED)
    latest = int(after[missed[0]]) if missed.size else end
    stopped = Onset(
        at=moment(last + 1),
        earliest=moment(last),
        latest=moment(max(latest, last + 2)),
        until=moment(end),
        silence=True,
    )
    return Span(last + 1, end), stopped


def _worst(burn: BurnStanding) -> int:
    """The minutes of the horizon that surely burns fastest; an hour where none does."""
    sure = [(horizon.interval[0], horizon.minutes) for horizon in burn.horizons if horizon.interval]
    return max(sure, key=lambda pair: (pair[0], -pair[1]), default=(0.0, HOUR))[1]


def _longest(burn: BurnStanding) -> int:
    """The minutes of the longest horizon that surely burns."""
    sure = (one.minutes for one in burn.horizons if one.interval and one.interval[0] >= 1)
    return max(sure, default=DAY)


def _onset(book: Book, row: int, first: int, burning: Span, *, sure: bool) -> Onset | None:
    """When what burns in a span began; `sure` where an alert or a person says it burns."""
    minutes = np.arange(first, burning.end)
    valid, bad = book.counts(np.full(minutes.size, row), minutes, minutes + 1)
    return onset(moment(first), _MINUTE, valid, bad, since=moment(burning.start), sure=sure)


def _ended(book: Book, row: int, began: Onset, end: int) -> int:
    """The minute in which it stopped, unless too few requests failed until then to say where."""
    first, stopped = minute_floor(began.at), min(end, minute_ceil(began.until))
    _, bad = book.counts(np.array([row]), np.array([first]), np.array([stopped]))
    return stopped if bad[0] >= FEW else end
