"""Minutes that a source counts: as few ranges as hold them, and what was found at each."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from errorbudget.ledger.tally import Counts, Tallies

Range = tuple[int, int]
"""The first and the last minute."""

MOST_RANGES: Final = 32


def ranges_of(minutes: Counts, *, apart: int = 60) -> list[Range]:
    """Few ranges that hold all the minutes: split where gaps of more than `apart` are widest."""
    gaps = np.diff(minutes)
    widest = np.argsort(gaps)[::-1][: MOST_RANGES - 1]
    cuts = np.sort(widest[gaps[widest] > apart])
    firsts = minutes[np.concatenate([[0], cuts + 1])]
    lasts = minutes[np.concatenate([cuts, [len(minutes) - 1]])]
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))


def tallies_at(counted: Sequence[Counts], minutes: Counts | None) -> list[Tallies]:
    """Tallies of columns `minute, valid, bad, valid, bad, …`, at exactly these minutes if given."""
    order = np.argsort(counted[0])
    found, *counts = (column[order] for column in counted)
    if minutes is not None:
        counts = [_at(minutes, found, column) for column in counts]
        found = minutes
    pairs = zip(counts[::2], counts[1::2], strict=True)
    return [Tallies(minute=found, valid=valid, bad=bad) for valid, bad in pairs]


def by_service(service: NDArray[np.str_], columns: Sequence[Counts]) -> dict[str, Sequence[Counts]]:
    """The rows of each service, column by column, in their order."""
    names, place = np.unique(service, return_inverse=True)
    order = np.argsort(place, kind="stable")
    edges = np.searchsorted(place[order], np.arange(len(names) + 1)).tolist()
    ordered = [column[order] for column in columns]
    return {
        name: [column[start:end] for column in ordered]
        for name, (start, end) in zip(names.tolist(), pairwise(edges), strict=True)
    }


def _at(minutes: Counts, found: Counts, column: Counts) -> Counts:
    """The column at these minutes, 0 where nothing was found."""
    place = np.searchsorted(found, minutes)
    place[place == len(found)] = 0
    if not len(found):
        return np.zeros(len(minutes), np.int64)
    return np.where(found[place] == minutes, column[place], 0)
