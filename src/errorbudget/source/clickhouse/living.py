"""When a table took rows in, whoever they were of: whether requests could be seen at all."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from errorbudget.ledger.spans import overlap, union
from errorbudget.ledger.tally import DAY
from errorbudget.ledger.window import Span
from errorbudget.source.clickhouse import tables as told
from errorbudget.source.clickhouse.statements import statement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from errorbudget.objective.indicator import Requests
    from errorbudget.source.clickhouse.engine import Engine
    from errorbudget.source.clickhouse.tables import Table, Tables

_DAYS: Final = 10 * DAY
"""Minutes that are asked about at once."""
QUARTER: Final = 15
"""Minutes: the table was alive for all of a quarter of an hour in which it took a row in."""


class Pulse:
    """When one table was alive; what is known of whole days is not asked again."""

    def __init__(self, engine: Engine, table: Table, history: int) -> None:
        self._engine = engine
        self._table = table
        self._history = history
        self._turn = threading.Lock()
        self._spans: tuple[Span, ...] = ()
        self._first: int | None = None
        self._known_to = 0

    def alive(self, first: int, until: int) -> tuple[Span, ...]:
        """The spans in [first, until) in which rows came; each minute is asked about once."""
        with self._turn:
            if self._first is None or first < self._first:
                self._first, self._known_to, self._spans = first, first, ()
            for start in range(self._known_to, until, _DAYS):
                found = self._asked(start, min(start + _DAYS, until))
                self._spans = union([*self._spans, *found])
            self._known_to = max(self._known_to, until // QUARTER * QUARTER - QUARTER)
            return tuple(overlap(self._spans, [Span(first, until)]))

    def newest(self, until: int) -> datetime | None:
        """The moment of the newest row; None where there is none in all the time that is kept."""
        span = 2 * QUARTER
        while True:
            values = {"since": max(until - span, 0), "until": until + 2}
            rows = self._engine.rows(self._sql("newest"), values)
            if rows[0][1]:
                seconds, rest = divmod(int(rows[0][0]), 1_000_000)
                return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)
            if span >= self._history:
                return None
            span = min(span * 16, self._history)

    def _asked(self, since: int, until: int) -> Iterable[Span]:
        rows = self._engine.rows(self._sql("quarters"), {"since": since, "until": until})
        return (Span(int(one) * QUARTER, int(one) * QUARTER + QUARTER) for (one,) in rows)

    def _sql(self, name: str) -> str:
        return statement(name).format(table=self._table.name, time=self._table.time)


def firsts(engine: Engine, tables: Tables, requests: Requests, span: Span) -> dict[str, int]:
    """The minute of the first request of each service in a span; those without any are not told."""
    sql = told.requests(tables, (), [(span.start, span.end - 1)])
    rows = engine.rows(
        statement("firsts").format(requests=sql), {"services": list(requests.services)}
    )
    return {str(service): int(minute) for service, minute in rows}
