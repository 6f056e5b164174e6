"""Which minutes of which objectives are left out, and what is left of the hours around them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from errorbudget.ledger.spans import Spans, union
from errorbudget.ledger.tally import DAY, Counts
from errorbudget.ledger.window import Span


class Exclusions:
    """The spans that many rows leave out; rows that leave nothing out take no room."""

    def __init__(self, rows: Sequence[Sequence[Span]] = ()) -> None:
        joined = ((row, union(spans)) for row, spans in enumerate(rows) if spans)
        self._spans = {row: spans for row, spans in joined if spans}

    def of_day(self, row: int, day: int) -> list[slice]:
        """The minutes of a day that a row leaves out."""
        spans, start = self._spans.get(row, ()), day * DAY
        inside = [(max(span.start - start, 0), min(span.end - start, DAY)) for span in spans]
        return [slice(first, last) for first, last in inside if first < last]

    def touching(self, rows: Counts, start: int, end: int) -> NDArray[np.bool_]:
        """Which of these rows leave out any of [start, end)."""
        touched = np.zeros(len(rows), np.bool_)
        if self._spans:
            told = [self._spans.get(row, ()) for row in rows.tolist()]
            touched[:] = [any(s.start < end and s.end > start for s in spans) for spans in told]
        return touched

    def hours_left(self, rows: Counts, first_day: int, end_day: int) -> NDArray[np.float32]:
        """The share of each hour of whole days that is not left out, [day, row, hour]."""
        days = end_day - first_day
        left = np.ones((days, len(rows), 24), np.float32)
        for place, row in enumerate(rows.tolist()):
            kept = np.ones(days * DAY, np.bool_)
            for span in self._spans.get(row, ()):
                start, end = (max(edge - first_day * DAY, 0) for edge in (span.start, span.end))
                kept[start:end] = False
            left[:, place] = kept.reshape(days, 24, 60).mean(axis=2)
        return left

    def minutes(self, rows: Counts, starts: Counts, end: int) -> Counts:
        """How many minutes of [start, end) each of these rows leaves out."""
        spans = Spans.of([self._spans.get(row, ()) for row in rows.tolist()] if self._spans else [])
        return spans.within(starts, np.full(len(rows), end), np.arange(len(rows)))

    def after(self, rows: Counts, minute: int) -> Spans | None:
        """What these rows leave out from a minute on, numbered as `rows` are; None for nothing."""
        if not self._spans:
            return None
        told = (self._spans.get(row, ()) for row in rows.tolist())
        spans = Spans.of([[span for span in spans if span.end > minute] for spans in told])
        return spans if len(spans) else None
