"""Sums a burn's requests, and those before it, by what they have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import duckdb
import numpy as np

from errorbudget.burn.breakdown import Breakdown, Slices, Sums
from errorbudget.source.duckdb.counting import evaluating, known, numbers
from errorbudget.source.duckdb.statements import statement

if TYPE_CHECKING:
    from errorbudget.ledger.tally import Counts
    from errorbudget.ledger.window import Span
    from errorbudget.objective.indicator import Indicator

_LEAST_SHARE: Final = 0.01
"""Values that a smaller share of the burn's failures have are summed as one."""
_COUNTS: Final = ("valid", "bad", "valid_before", "bad_before")


def breakdown(
    connection: duckdb.DuckDBPyConnection,
    indicator: Indicator,
    columns: Sequence[str],
    burn: Sequence[Span],
    before: Sequence[Span],
) -> Breakdown:
    """The burn by `columns`, in one pass over its requests and those of the spans before it."""
    names = list(dict.fromkeys([*columns, "tenant"]))
    _count_leaves(connection, indicator, names, burn, before)
    (bad,) = connection.execute("select sum(bad) from leaves where burns").fetchone() or (0,)
    least = max(2, int((bad or 0) * _LEAST_SHARE))
    values = [_values(connection, number, least) for number in range(len(columns))]
    codes, sums = _coded(connection, values)
    return Breakdown(
        columns=tuple(columns),
        values=tuple(values),
        codes=codes,
        sums=sums,
        tenants=_slices(connection, names.index("tenant")),
    )


def _count_leaves(
    connection: duckdb.DuckDBPyConnection,
    indicator: Indicator,
    names: Sequence[str],
    burn: Sequence[Span],
    before: Sequence[Span],
) -> None:
    ranges = [(span.start, span.end - 1) for span in (*before, *burn) if len(span)]
    found = known(connection, [indicator], ranges, more=names)
    attributes = {
        f"attribute_{number}": name.partition(".")[2]
        for number, name in enumerate(names)
        if name.startswith("attributes.")
    }
    sql = statement("leaves").format(
        known=found.sql,
        names=", ".join(f"column_{number}" for number in range(len(names))),
        columns=", ".join(_text(number, name) for number, name in enumerate(names)),
        counts=found.counts,
        first=burn[0].start,
    )
    with evaluating():
        connection.execute(sql, dict(found.values) | attributes)


def _text(number: int, name: str) -> str:
    """The SQL of a column's value as text; what is missing is empty."""
    value = f"attributes[$attribute_{number}]" if name.startswith("attributes.") else f'"{name}"'
    return f"coalesce(cast({value} as varchar), '')"


def _values(connection: duckdb.DuckDBPyConnection, number: int, least: int) -> tuple[str, ...]:
    sql = statement("leaf_values").format(column=f"column_{number}")
    return tuple(row[0] for row in connection.execute(sql, {"least": least}).fetchall())


def _coded(
    connection: duckdb.DuckDBPyConnection, values: Sequence[tuple[str, ...]]
) -> tuple[Counts, Sums]:
    """The sums of each combination of values, which are told by their numbers."""
    places = range(len(values))
    keys = [f"coalesce(code_{number}.code, 0) as key_{number}" for number in places]
    joins = (statement("join_code").format(number=number) for number in places)
    sql = statement("leaf_sums").format(
        keys=", ".join(keys or ["0 as key"]), joins="\n".join(joins)
    )
    given = {f"values_{number}": list(known) for number, known in enumerate(values)}
    *coded, valid, bad, valid_before, bad_before = numbers(connection, sql, given)
    sums = Sums(valid=valid, bad=bad, valid_before=valid_before, bad_before=bad_before)
    return np.stack(coded, axis=1)[:, : len(values)], sums


def _slices(connection: duckdb.DuckDBPyConnection, number: int) -> Slices:
    sql = statement("leaf_sums").format(keys=f"column_{number} as value", joins="")
    found = connection.execute(sql).fetchnumpy()
    sums = (np.asarray(found[name], dtype=np.int64) for name in _COUNTS)
    return Slices(
        values=found["value"].tolist(), sums=Sums(**dict(zip(_COUNTS, sums, strict=True)))
    )
