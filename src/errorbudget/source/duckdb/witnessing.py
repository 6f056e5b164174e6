"""What else the warehouse knows of a burn: its versions, the services it went through, its logs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import duckdb
import numpy as np

from errorbudget.burn.correlation import Split, Way
from errorbudget.ledger.window import Span
from errorbudget.source import Logs
from errorbudget.source.duckdb.counting import evaluating, is_bad, known
from errorbudget.source.duckdb.statements import statement

if TYPE_CHECKING:
    from errorbudget.burn.log_patterns import Records
    from errorbudget.objective.indicator import Counting

MOST_RECORDS: Final = 150_000
"""Log records read of one burn and the time before it; of more, one in so many."""
_BATCH: Final = 20_000
_MOST_GOOD: Final = 20_000
"""Good requests that are asked which services they went through."""


def split(
    connection: duckdb.DuckDBPyConnection, indicator: Counting, span: Span, through: str | None
) -> Split:
    """Counts by minute, version and route; the version of the service `through`, where given."""
    more = ("version", "route", "trace_id")
    found = known(connection, [indicator], [(span.start, span.end - 1)], more=more)
    sql, values, relation = found.sql, dict(found.values), "known"
    if through is not None:
        sql, relation = f"{sql},\n\n{statement('split_through').rstrip()}", "through"
        values |= {"through": through, "first": span.start - 1, "last": span.end}
    sql = statement("split").format(known=sql, counts=found.counts, relation=relation)
    with evaluating():
        columns = connection.execute(sql, values).fetchnumpy()
    return Split(
        minute=np.asarray(columns["minute"], np.int64),
        version=np.asarray(columns["version"], object),
        route=np.asarray(columns["route"], object),
        valid=np.asarray(columns["valid"], np.int64),
        bad=np.asarray(columns["bad"], np.int64),
    )


def paths(
    connection: duckdb.DuckDBPyConnection,
    indicator: Counting,
    span: Span,
    others: Sequence[str],
    requests: int,
) -> Mapping[str, Way]:
    """In how many requests of the span each of the other services took part, told by trace ids.

    `requests` is how many there are, about: of many good ones a sample is asked.
    """
    found = known(connection, [indicator], [(span.start, span.end - 1)], more=("trace_id",))
    sql = statement("paths").format(
        known=found.sql,
        counts=found.counts,
        is_bad=is_bad(indicator),
        stride=max(1, requests // _MOST_GOOD),
    )
    values = {"others": list(others), "first": span.start - 1, "last": span.end}
    with evaluating():
        rows = connection.execute(sql, dict(found.values) | values).fetchall()
    met = {service: (bad, good) for service, bad, good in rows}
    of_bad, of_good = met.pop("", (0, 0))
    return {
        service: Way(bad=bad, of_bad=of_bad, good=good, of_good=of_good)
        for service, (bad, good) in met.items()
    }


def logs(
    connection: duckdb.DuckDBPyConnection, indicator: Counting, before: Span, burn: Span
) -> Logs:
    """The log records of a burn and of the span right before it, a batch at a time."""
    own = ["", *indicator.requests.services]
    within: dict[str, Any] = {"own": own, "first": before.start, "last": burn.end}
    (volume,) = connection.execute(statement("log_volume"), within).fetchone() or (0,)
    stride = max(1, -(-volume // MOST_RECORDS))
    if not volume:
        return Logs(batches=iter(()), stride=1, records=0)
    found = known(connection, [indicator], [(burn.start, burn.end - 1)], more=("error_logs",))
    sql = statement("burn_logs").format(known=found.sql, counts=found.counts, stride=stride)
    values = dict(found.values) | within | {"burn": burn.start}
    return Logs(batches=_batches(connection, sql, values), stride=stride, records=volume)


def _batches(
    connection: duckdb.DuckDBPyConnection, sql: str, values: Mapping[str, Any]
) -> Iterator[Records]:
    # What mines patterns is slow to load, and few commands mine.
    from errorbudget.burn.log_patterns import Records

    with evaluating():
        rows = connection.execute(sql, dict(values))
    while batch := rows.fetchmany(_BATCH):
        message, template, of, trace_id, is_error = zip(*batch, strict=True)
        yield Records(
            message=message, template=template, of=of, trace_id=trace_id, is_error=is_error
        )
