"""How does a statement run again and again without being put together each time?

SQLAlchemy writes it once for each engine and knows how every value travels; the driver runs it.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Delete, Dialect, Insert, Select, Update

Travel = Callable[[Any], Any] | None
"""How a value is written for a driver or read from it; None where it goes as it is."""

Statement = Select[*tuple[Any, ...]] | Insert | Update | Delete

Run = Callable[[Connection, str, Any], tuple[list[Any], int]]
"""Has the driver run a statement with values: the rows found, and how many were touched."""


@dataclass(frozen=True, slots=True)
class _Written:
    """A statement in the words of one engine."""

    sql: str
    names: tuple[str, ...]
    binds: tuple[Travel, ...]
    constants: Mapping[str, Any]
    by_place: bool
    run: Run
    row: Callable[..., Any]
    results: tuple[Travel, ...]

    def values(self, given: Mapping[str, Any]) -> Any:
        """The values as the driver takes them."""
        given = {**self.constants, **given}
        ready = [
            given[name] if travel is None else travel(given[name])
            for name, travel in zip(self.names, self.binds, strict=True)
        ]
        return ready if self.by_place else dict(zip(self.names, ready, strict=True))


class Prepared:
    """One statement whose values are named; for what a decision reads and writes."""

    def __init__(self, statement: Statement) -> None:
        self._statement = statement
        self._written = dict[str, _Written]()

    def rows(self, connection: Connection, values: Mapping[str, Any] | None = None) -> list[Any]:
        """What it finds: tuples whose parts have the columns' names."""
        written = self._in(connection.dialect)
        found, _ = written.run(connection, written.sql, written.values(values or {}))
        return [
            written.row(
                *(
                    value if travel is None else travel(value)
                    for value, travel in zip(row, written.results, strict=True)
                )
            )
            for row in found
        ]

    def first(self, connection: Connection, values: Mapping[str, Any] | None = None) -> Any:
        """The first row that it finds; None where there is none."""
        return next(iter(self.rows(connection, values)), None)

    def run(self, connection: Connection, *values: Mapping[str, Any]) -> int:
        """Write once for each of these; how many rows were touched."""
        written = self._in(connection.dialect)
        return sum(
            written.run(connection, written.sql, written.values(given))[1]
            for given in values or ({},)
        )

    def _in(self, dialect: Dialect) -> _Written:
        spoken = f"{dialect.name}+{dialect.driver}"
        found = self._written.get(spoken)
        if found is None:
            found = self._written[spoken] = _write(self._statement, dialect)
        return found


def _write(statement: Statement, dialect: Dialect) -> _Written:
    compiled = statement.compile(dialect=dialect)
    by_place = bool(compiled.positional)
    names = tuple(compiled.positiontup or ()) if by_place else tuple(compiled.params)
    columns = statement.selected_columns if isinstance(statement, Select) else ()
    return _Written(
        sql=str(compiled),
        names=names,
        binds=tuple(
            compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)
            for name in names
        ),
        constants={name: value for name, value in compiled.params.items() if value is not None},
        by_place=by_place,
        # An engine that is far away has a way of its own, of fewer messages.
        run=getattr(dialect, "run_again", _run),
        row=_shape([str(column.key) for column in columns]),
        results=tuple(
            column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns
        ),
    )


def _run(connection: Connection, sql: str, values: Any) -> tuple[list[Any], int]:
    cursor = connection.connection.cursor()
    try:
        cursor.execute(sql, values)
        return list(cursor.fetchall() if cursor.description else ()), cursor.rowcount
    finally:
        cursor.close()


def _shape(names: list[str]) -> Callable[..., Any]:
    # Which columns there are is known only now, so no class can be written down for them.
    return namedtuple("Row", names)  # pyright: ignore[reportUntypedNamedTuple]
