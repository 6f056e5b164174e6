"""Breakdowns as tests write them: a row for each combination of values."""

from collections.abc import Mapping

import numpy as np

from errorbudget.burn.breakdown import Breakdown, Slices, Sums

Rows = Mapping[tuple[str, ...], tuple[int, int, int, int]]
"""Values → valid, bad, valid before, bad before."""


def sums(rows: Rows) -> Sums:
    counts = np.array(list(rows.values()), np.int64).reshape(-1, 4).T
    valid, bad, valid_before, bad_before = counts
    return Sums(valid=valid, bad=bad, valid_before=valid_before, bad_before=bad_before)


def slices(rows: Mapping[str, tuple[int, int, int, int]]) -> Slices:
    return Slices(values=list(rows), sums=sums({(name,): row for name, row in rows.items()}))


def breakdown(columns: tuple[str, ...], rows: Rows) -> Breakdown:
    values = [tuple(dict.fromkeys(key[place] for key in rows)) for place in range(len(columns))]
    codes = [
        [known.index(value) + 1 for known, value in zip(values, key, strict=True)] for key in rows
    ]
    return Breakdown(
        columns=columns,
        values=tuple(values),
        codes=np.array(codes, np.int64).reshape(-1, len(columns)),
        sums=sums(rows),
        tenants=slices({}),
    )
