"""For how much of a window the source was alive: the share of minutes we can speak of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from errorbudget.ledger.tally import Counts
from errorbudget.ledger.window import Span

NEVER: Final = np.iinfo(np.int64).max
"""The first request of an objective that has none yet."""
_ROW: Final = 1 << 33
"""More minutes than any span reaches, so that a row's spans come after those of the row before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What the source says of one objective's requests."""

    first_request: int | None = None
    as_of: datetime | None = None
    alive: tuple[Span, ...] = ()
    excluded: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lives:
    """The lives of many objectives, a row each, to be asked all at once."""

    first_request: NDArray[np.int64]
    as_of: NDArray[np.datetime64]
    _counted: "_Spans"
    _excluded: "_Spans"

    @classmethod
    def of(cls, lives: Sequence[Life]) -> "Lives":
        """Many lives as columns."""
        firsts = [NEVER if life.first_request is None else life.first_request for life in lives]
        stamps = [np.datetime64("NaT") if life.as_of is None else utc(life.as_of) for life in lives]
        excluded = [union(life.excluded) for life in lives]
        alive = [
            _without(union(life.alive), out) for life, out in zip(lives, excluded, strict=True)
        ]
        return cls(
            first_request=np.array(firsts, np.int64),
            as_of=np.array(stamps, "datetime64[us]"),
            _counted=_Spans.of(alive),
            _excluded=_Spans.of(excluded),
        )

    def coverage(
        self, starts: Counts, ends: Counts, rows: Counts | None = None
    ) -> tuple[Counts, Counts]:
        """Of each window: minutes alive, and minutes since the first request; none excluded.

        A window for each row, or for each of these `rows`.
        """
        rows = np.arange(len(starts), dtype=np.int64) if rows is None else rows
        known_from = np.minimum(np.maximum(starts, self.first_request[rows]), ends)
        excluded = self._excluded.within(known_from, ends, rows)
        return self._counted.within(known_from, ends, rows), ends - known_from - excluded


def union(spans: Sequence[Span]) -> tuple[Span, ...]:
    """The same minutes in order, told once."""
    joined: list[Span] = []
    for span in sorted(span for span in spans if len(span)):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return tuple(joined)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Spans:
    """Disjoint spans of many rows in one order, each row's minutes shifted past the row before."""

    start: Counts
    end: Counts
    before: Counts

    @classmethod
    def of(cls, rows: Sequence[Sequence[Span]]) -> "_Spans":
        shifted = [
            (row * _ROW + span.start, row * _ROW + span.end)
            for row, spans in enumerate(rows)
            for span in spans
        ]
        # A span of nothing before all others answers for minutes that no span precedes.
        start, end = np.array([(-_ROW, -_ROW), *shifted], np.int64).T
        before = np.concatenate(([0], np.cumsum(end - start)[:-1]))
        return cls(start=start, end=end, before=before)

    def within(self, starts: Counts, ends: Counts, rows: Counts) -> Counts:
        """Minutes of these rows' spans in [start, end)."""
        if len(self.start) == 1:
            return np.zeros(len(starts), np.int64)
        shift = rows * _ROW
        return self._up_to(shift + ends) - self._up_to(shift + starts)

    def _up_to(self, minute: Counts) -> Counts:
        last = np.searchsorted(self.start, minute, side="right") - 1
        return self.before[last] + np.minimum(minute, self.end[last]) - self.start[last]


def _without(spans: Sequence[Span], removed: Sequence[Span]) -> list[Span]:
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


def utc(at: datetime) -> np.datetime64:
    """A moment as columns of moments hold it."""
    return np.datetime64(at.astimezone(UTC).replace(tzinfo=None), "us")
