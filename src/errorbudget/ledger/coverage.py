"""For how much of a window the source was alive: the share of minutes we can speak of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from errorbudget.ledger.spans import Spans, union, without
from errorbudget.ledger.tally import Counts
from errorbudget.ledger.window import Span

NEVER: Final = np.iinfo(np.int64).max
"""The first request of an objective that has none yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What the source says of one objective's requests."""

    first_request: int | None = None
    as_of: datetime | None = None
    alive: tuple[Span, ...] = ()
    excluded: tuple[Span, ...] = ()

    def known_from(self, minute: int) -> "Life":
        """The same where nothing is known of what came before a minute."""
        if not minute:
            return self
        alive = (
            Span(max(span.start, minute), span.end) for span in self.alive if span.end > minute
        )
        return replace(self, alive=tuple(alive))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lives:
    """The lives of many objectives, a row each, to be asked all at once."""

    first_request: NDArray[np.int64]
    as_of: NDArray[np.datetime64]
    _counted: Spans
    _excluded: Spans

    @classmethod
    def of(cls, lives: Sequence[Life]) -> "Lives":
        """Many lives as columns."""
        firsts = [NEVER if life.first_request is None else life.first_request for life in lives]
        stamps = [np.datetime64("NaT") if life.as_of is None else utc(life.as_of) for life in lives]
        excluded = [union(life.excluded) for life in lives]
        alive = [without(union(life.alive), out) for life, out in zip(lives, excluded, strict=True)]
        return cls(
            first_request=np.array(firsts, np.int64),
            as_of=np.array(stamps, "datetime64[us]"),
            _counted=Spans.of(alive),
            _excluded=Spans.of(excluded),
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


def utc(at: datetime) -> np.datetime64:
    """A moment as columns of moments hold it."""
    return np.datetime64(at.astimezone(UTC).replace(tzinfo=None), "us")
