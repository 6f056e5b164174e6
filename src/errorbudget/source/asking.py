"""Which minutes does a source count that is told of nothing, and so must ask again and again?

What comes late by so many minutes is counted when its minute is twice as old: a minute is counted
when it is over, and again whenever its age has doubled: every look costs one minute for each age.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from errorbudget.ledger.spans import union
from errorbudget.ledger.tally import DAY, Counts
from errorbudget.ledger.window import Span
from errorbudget.source import Touched

PIECE: Final = DAY
"""Minutes of the past that are counted at once, so that nobody waits for a quarter of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How far a source is asked back."""

    history: int
    """Minutes that are counted when a document is new."""
    late: int
    """Minutes by which what comes late is still looked for."""

    def touched(self, since: int, until: int, first: int | None) -> Touched:
        """What to count of the minutes before `until`, counted up to `since` (0: never).

        `first` is the first minute of which anything is known; None where nothing is.
        """
        if since >= until or (not since and first is None):
            return Touched(minutes=np.empty(0, np.int64), newest=since, left=0)
        start = since or max(first or 0, until - self.history)
        end = min(max(until, start), start + PIECE)
        minutes = np.arange(start, end)
        if since and end == until:
            minutes = np.concatenate([self._aged(since, until), minutes])
        return Touched(minutes=minutes, newest=max(end, since), left=until - end)

    def _aged(self, since: int, until: int) -> Counts:
        """Minutes before `since` whose age has doubled up to `until`."""
        ages = (1 << doublings for doublings in range(1, self.late.bit_length()))
        spans = [Span(max(since - age, 0), min(until - age, since)) for age in ages]
        parts = [np.arange(span.start, span.end) for span in union([s for s in spans if len(s)])]
        return np.concatenate(parts) if parts else np.empty(0, np.int64)
