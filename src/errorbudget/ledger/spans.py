"""How many minutes many rows' spans have in common with a window, asked all at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np

from errorbudget.ledger.tally import Counts
from errorbudget.ledger.window import Span

_ROW: Final = 1 << 33
"""More minutes than any span reaches, so that a row's spans come after those of the row before."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spans:
    """Disjoint spans of many rows in one order, each row's minutes shifted past the row before."""

    start: Counts
    end: Counts
    before: Counts

    @classmethod
    def of(cls, rows: Sequence[Sequence[Span]]) -> "Spans":
        """Each row's spans, which are disjoint and in order."""
        shifted = [
            (row * _ROW + span.start, row * _ROW + span.end)
            for row, spans in enumerate(rows)
            for span in spans
        ]
        # A span of nothing before all others answers for minutes that no span precedes.
        start, end = np.array([(-_ROW, -_ROW), *shifted], np.int64).T
        before = np.concatenate(([0], np.cumsum(end - start)[:-1]))
        return cls(start=start, end=end, before=before)

    def __len__(self) -> int:
        return len(self.start) - 1

    def within(self, starts: Counts, ends: Counts, rows: Counts) -> Counts:
        """Minutes of these rows' spans in [start, end)."""
        if not len(self):
            return np.zeros(len(starts), np.int64)
        shift = rows * _ROW
        return self._up_to(shift + ends) - self._up_to(shift + starts)

    def told(self) -> tuple[Counts, Counts, Counts]:
        """Row, start and end of each span; the first is the one of nothing, of row −1."""
        row = self.start // _ROW
        return row, self.start - row * _ROW, self.end - row * _ROW

    def last(self, rows: Any, minutes: Any) -> Counts:
        """Of all spans, which is the last that begins before a minute of a row; they broadcast."""
        key = np.asarray(rows, np.int64) * _ROW + minutes
        return np.searchsorted(self.start[1:], key, side="left")

    def clipped(self, rows: Any, minutes: Any, last: Counts) -> Counts:
        """How far into the span `last` a minute of a row is: its end if past it."""
        key = np.asarray(rows, np.int64) * _ROW + minutes
        return np.minimum(key, self.end[last]) - self.start[last]

    def _up_to(self, minute: Counts) -> Counts:
        last = np.searchsorted(self.start, minute, side="right") - 1
        return self.before[last] + np.minimum(minute, self.end[last]) - self.start[last]


def union(spans: Sequence[Span]) -> tuple[Span, ...]:
    """The same minutes in order, told once."""
    joined: list[Span] = []
    for span in sorted(span for span in spans if len(span)):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return tuple(joined)


def spread(span: Span, minutes: int, parts: int = 24) -> list[Span]:
    """Parts of a span, equally long and equally far apart, of about so many minutes together."""
    if minutes >= len(span):
        return [span]
    parts = max(min(parts, minutes), 1)
    edges = [span.start + len(span) * part // parts for part in range(parts + 1)]
    length = max(1, minutes // parts)
    # Each at the end of its stretch: the last minutes before a burn are the most like it.
    return [Span(max(end - length, start), end) for start, end in pairwise(edges)]


def without(spans: Sequence[Span], removed: Sequence[Span]) -> list[Span]:
    """Spans less the removed ones; both are disjoint and in order."""
    left: list[Span] = []
    for span in spans:
        start = span.start
        for out in removed:
            if out.end <= start or out.start >= span.end:
                continue
            if out.start > start:
                left.append(Span(start, out.start))
            start = out.end
        if start < span.end:
            left.append(Span(start, span.end))
    return left


def overlap(these: Sequence[Span], those: Sequence[Span]) -> list[Span]:
    """Where two lists of rising spans overlap."""
    overlaps: list[Span] = []
    i = j = 0
    while i < len(these) and j < len(those):
        start, end = max(these[i].start, those[j].start), min(these[i].end, those[j].end)
        if start < end:
            overlaps.append(Span(start, end))
        if these[i].end <= those[j].end:
            i += 1
        else:
            j += 1
    return overlaps
