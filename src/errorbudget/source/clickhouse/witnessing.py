"""What else a ClickHouse knows of a burn: versions, the services it went through, its logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from errorbudget.burn.correlation import Split, Way
from errorbudget.burn.log_patterns import Records
from errorbudget.source import Logs
from errorbudget.source.clickhouse import tables as told
from errorbudget.source.clickhouse.counting import is_bad, is_valid, known
from errorbudget.source.clickhouse.statements import statement

if TYPE_CHECKING:
    from errorbudget.ledger.window import Span
    from errorbudget.objective.indicator import Counting
    from errorbudget.source.clickhouse.engine import Engine
    from errorbudget.source.clickhouse.tables import Tables

MOST_RECORDS: Final = 150_000
"""Log records read of one burn and the time before it; of more, one in so many."""
_MOST_GOOD: Final = 20_000
"""Good requests that are asked which services they went through."""
_MORE: Final = ("version", "route", "trace_id")


def split(
    engine: Engine, tables: Tables, indicator: Counting, span: Span, through: str | None
) -> Split:
    """Counts by minute, version and route; the version of the service `through`, where given."""
    found = known(tables, [indicator], [(span.start, span.end - 1)], more=_MORE)
    joins, values = "", dict(found.values)
    if through is not None:
        joins = statement("passed").format(requests=_others(tables, span))
        values |= {"others": [through]}
    sql = statement("split").format(
        known=found.sql,
        version="p_version" if through is not None else "q_version",
        counts=found.counts,
        joins=joins,
        valid=f"countIf({is_valid(indicator)})",
    )
    rows = engine.rows(sql, values)
    minute, version, route, valid, bad = zip(*rows, strict=True) if rows else ((),) * 5
    return Split(
        minute=np.asarray(minute, np.int64),
        version=np.asarray(version, object),
        route=np.asarray(route, object),
        valid=np.asarray(valid, np.int64),
        bad=np.asarray(bad, np.int64),
    )


def paths(
    engine: Engine,
    tables: Tables,
    indicator: Counting,
    span: Span,
    others: Sequence[str],
    requests: int,
) -> Mapping[str, Way]:
    """In how many requests of the span each of the other services took part, told by trace ids."""
    found = known(tables, [indicator], [(span.start, span.end - 1)], more=("trace_id",))
    sql = statement("paths").format(
        known=found.sql,
        requests=_others(tables, span),
        is_valid=is_valid(indicator),
        is_bad=is_bad(indicator),
    )
    given = {"others": list(others), "stride": max(1, requests // _MOST_GOOD)}
    rows = engine.rows(sql, dict(found.values) | given)
    met = {str(service): (int(bad), int(good)) for service, bad, good in rows}
    of_bad, of_good = met.pop("", (0, 0))
    return {
        service: Way(bad=bad, of_bad=of_bad, good=good, of_good=of_good)
        for service, (bad, good) in met.items()
    }


def _others(tables: Tables, span: Span) -> str:
    """What other services served meanwhile, and a minute before and after."""
    sql = told.requests(tables, ("version", "trace_id"), [(span.start - 1, span.end)])
    return sql.replace("{services:Array(String)}", "{others:Array(String)}")


def logs(engine: Engine, tables: Tables, indicator: Counting, before: Span, burn: Span) -> Logs:
    """The log records of a burn and of the span right before it; of very many, a sample."""
    if tables.logs is None:
        return Logs(batches=iter(()), stride=1, records=0)
    records = told.logs(tables.logs, [(before.start, burn.end)])
    found = known(tables, [indicator], [(burn.start, burn.end - 1)], more=("error_logs",))
    volume = int(engine.rows(statement("log_volume").format(logs=records), found.values)[0][0])
    stride = max(1, -(-volume // MOST_RECORDS))
    if not volume:
        return Logs(batches=iter(()), stride=1, records=0)
    sql = statement("burn_logs").format(
        known=found.sql, logs=records, is_valid=is_valid(indicator), is_bad=is_bad(indicator)
    )
    given: dict[str, Any] = {"burn": burn.start, "stride": stride, "most": 2 * MOST_RECORDS}
    message, template, of, trace_id, is_error = zip(
        *engine.rows(sql, dict(found.values) | given), strict=True
    )
    batch = Records(message=message, template=template, of=of, trace_id=trace_id, is_error=is_error)
    return Logs(batches=iter((batch,)), stride=stride, records=volume)
