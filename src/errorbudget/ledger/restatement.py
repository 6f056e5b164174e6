"""What does a recount change of windows that are over, and were reported as they were?"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from errorbudget.ledger.tally import DAY, Counts
from errorbudget.ledger.window import Calendar, Span

FREEZE: Final = DAY
"""Minutes after its end in which a window still takes in what is late: so long it is not closed."""

Day = tuple[Counts, Counts]
"""The valid and the bad counts of a day, by minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restatement:
    """What a recount changed of one closed window."""

    window: Span
    changed: Span
    """From the first minute that changed to after the last."""
    valid: int
    """How many more; below 0 where there are fewer."""
    bad: int


def restatements(
    window: Calendar, days: Mapping[int, tuple[Day, Day]], now: int
) -> list[Restatement]:
    """The closed windows that days (before, after) change, the oldest first; `now` is a minute."""
    spans = _by_window(window, (minute for minute in _changed(days) if minute < now - FREEZE))
    return [
        _restated(span, minutes, days)
        for span, minutes in spans.items()
        if span.end <= now - FREEZE
    ]


def _changed(days: Mapping[int, tuple[Day, Day]]) -> Iterator[int]:
    for day, (before, after) in sorted(days.items()):
        differs = (before[0] != after[0]) | (before[1] != after[1])
        yield from (np.flatnonzero(differs) + day * DAY).tolist()


def _by_window(window: Calendar, minutes: Iterable[int]) -> dict[Span, list[int]]:
    spans, span = dict[Span, list[int]](), Span(0, 0)
    for minute in minutes:
        span = span if minute in span else window.span(minute + 1)
        spans.setdefault(span, []).append(minute)
    return spans


def _restated(span: Span, minutes: list[int], days: Mapping[int, tuple[Day, Day]]) -> Restatement:
    more = [0, 0]
    for minute in minutes:
        before, after = days[minute // DAY]
        for place in (0, 1):
            more[place] += int(after[place][minute % DAY]) - int(before[place][minute % DAY])
    changed = Span(minutes[0], minutes[-1] + 1)
    return Restatement(window=span, changed=changed, valid=more[0], bad=more[1])
