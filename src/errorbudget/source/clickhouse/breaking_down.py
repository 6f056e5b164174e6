"""Sums a burn's requests, and those before it, by what they have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from errorbudget.burn.breakdown import Breakdown, Slices, Sums
from errorbudget.source.clickhouse.counting import Known, is_bad, is_valid, known
from errorbudget.source.clickhouse.criteria import column
from errorbudget.source.clickhouse.statements import statement

if TYPE_CHECKING:
    from errorbudget.ledger.window import Span
    from errorbudget.objective.indicator import Indicator
    from errorbudget.source.clickhouse.engine import Engine
    from errorbudget.source.clickhouse.tables import Tables

_LEAST_SHARE: Final = 0.01
"""Values that a smaller share of the burn's failures have are summed as one."""


def breakdown(
    engine: Engine,
    tables: Tables,
    indicator: Indicator,
    columns: Sequence[str],
    burn: Sequence[Span],
    before: Sequence[Span],
) -> Breakdown:
    """The burn by `columns`: each column alone, then the combinations of values that matter."""
    names = list(dict.fromkeys([*columns, "tenant"]))
    ranges = [(span.start, span.end - 1) for span in (*before, *burn) if len(span)]
    if not ranges:
        return _nothing(columns)
    found = known(tables, [indicator], ranges, more=names)
    asked = _Asked(engine, indicator, names, found, burn[0].start)
    alone = asked.by_each()
    tenants = alone["tenant"]
    total = sum(int(row[2]) for row in tenants)
    least = max(2, int(total * _LEAST_SHARE))
    values = [_telling(alone[name], least) for name in columns]
    codes, sums = asked.by_all(columns, values)
    return Breakdown(
        columns=tuple(columns),
        values=tuple(values),
        codes=codes,
        sums=sums,
        tenants=_slices(tenants),
    )


class _Asked:
    """One burn, asked about in two ways."""

    def __init__(
        self, engine: Engine, indicator: Indicator, names: Sequence[str], found: Known, first: int
    ) -> None:
        self._engine = engine
        self._names = names
        self._values = dict(found.values) | {"first": first}
        self._given = {
            "known": found.sql,
            "is_valid": is_valid(indicator),
            "is_bad": is_bad(indicator),
        }

    def by_each(self) -> dict[str, list[Sequence[Any]]]:
        """The sums of every value of each column: value, valid, bad, and both before."""
        keys = [f"c_{place}" for place in range(len(self._names))]
        sql = statement("sums_by_value").format(
            columns=", ".join(
                f"toNullable({_text(name)}) as {key}"
                for key, name in zip(keys, self._names, strict=True)
            ),
            names=", ".join(keys),
            sets=", ".join(f"({key})" for key in keys),
            kept="true",
            **self._given,
        )
        found: dict[str, list[Sequence[Any]]] = {name: [] for name in self._names}
        last = len(keys) - 1
        for row in self._engine.rows(sql, self._values):
            # A bit for each column that is summed over: the one that is not tells the column.
            place = last - (~int(row[0]) & ((1 << len(keys)) - 1)).bit_length() + 1
            found[self._names[place]].append(row[1:])
        return found

    def by_all(self, columns: Sequence[str], values: Sequence[tuple[str, ...]]) -> tuple[Any, Sums]:
        """The sums of each combination of values, which are told by their numbers."""
        names = [f"c_{place}" for place in range(len(columns))] or ["c_0"]
        codes = [
            f"transform({_text(name)}, {{values_{place}:Array(String)}}, "
            f"{{codes_{place}:Array(Int64)}}, toInt64(0)) as c_{place}"
            if values[place]
            else f"toInt64(0) as c_{place}"
            for place, name in enumerate(columns)
        ] or ["toInt64(0) as c_0"]
        sql = statement("sums_by_values").format(
            codes=", ".join(codes), names=", ".join(names), **self._given
        )
        given = {f"values_{place}": list(known) for place, known in enumerate(values)}
        given |= {f"codes_{place}": list(range(1, len(k) + 1)) for place, k in enumerate(values)}
        table = self._engine.numbers(sql, self._values | given, len(names) + 4)
        valid, bad, valid_before, bad_before = table[len(names) :]
        sums = Sums(valid=valid, bad=bad, valid_before=valid_before, bad_before=bad_before)
        return np.stack(table[: len(names)], axis=1)[:, : len(columns)], sums


def _text(name: str) -> str:
    """The SQL of a column's value as text; what is missing is empty."""
    if name == "duration_ms":
        written = "replaceRegexpOne(toString(q_duration_ms), '^(-?[0-9]+)$', '\\\\1.0')"
        return f"coalesce({written}, '')"
    return f"coalesce(toString({column(name)}), '')"


def _telling(rows: Sequence[Sequence[Any]], least: int) -> tuple[str, ...]:
    """The values that enough failures of the burn share, the most first."""
    shared = [(int(row[2]), str(row[0])) for row in rows if row[2] >= least]
    return tuple(value for _, value in sorted(shared, key=lambda one: (-one[0], one[1])))


def _slices(rows: Sequence[Sequence[Any]]) -> Slices:
    table = np.array([row[1:] for row in rows], np.int64).reshape(len(rows), 4)
    valid, bad, valid_before, bad_before = table.T
    sums = Sums(valid=valid, bad=bad, valid_before=valid_before, bad_before=bad_before)
    return Slices(values=[str(row[0]) for row in rows], sums=sums)


def _nothing(columns: Sequence[str]) -> Breakdown:
    empty = np.empty(0, np.int64)
    sums = Sums(valid=empty, bad=empty, valid_before=empty, bad_before=empty)
    return Breakdown(
        columns=tuple(columns),
        values=tuple(() for _ in columns),
        codes=np.empty((0, len(columns)), np.int64),
        sums=sums,
        tenants=Slices(values=[], sums=sums),
    )
