"""Counts a document's requests in ClickHouse, where they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from errorbudget.ledger.tally import DAY, Counts, Tallies
from errorbudget.objective.indicator import Nameless, Union
from errorbudget.source import FailedRequest, Failing
from errorbudget.source.clickhouse import tables as told
from errorbudget.source.clickhouse.criteria import written
from errorbudget.source.clickhouse.statements import statement
from errorbudget.source.minutes import Range, ranges_of, tallies_at

if TYPE_CHECKING:
    from errorbudget.ledger.window import Span
    from errorbudget.objective.criterion import Criterion
    from errorbudget.objective.indicator import Counting, Requests
    from errorbudget.source.clickhouse.engine import Engine, Values
    from errorbudget.source.clickhouse.tables import Tables

HOUR: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The SQL of a document's requests, the relation `known`, to be read by a query after it."""

    sql: str
    """Of the common table expressions."""
    counts: str
    """Of the counts of valid and of bad requests, of one indicator after the other."""
    values: Values


def tally(
    engine: Engine, tables: Tables, indicators: Sequence[Counting], minutes: Counts
) -> list[Tallies]:
    """Counts of each indicator at these minutes, in one pass over their rows and no others."""
    if not len(minutes):
        return [Tallies.of([], [], []) for _ in indicators]
    found = known(tables, indicators, ranges_of(minutes, apart=1))
    sql = statement("tally").format(known=found.sql, counts=found.counts)
    return tallies_at(engine.numbers(sql, found.values, 1 + 2 * len(indicators)), minutes)


def known(
    tables: Tables,
    indicators: Sequence[Counting],
    ranges: Sequence[Range],
    *,
    more: Collection[str] = (),
) -> Known:
    """The requests that these indicators judge in these ranges of minutes.

    What no criterion reads is not looked up, unless it is one of the columns in `more`.
    """
    requests = indicators[0].requests
    wanted = frozenset(more).union(*(_columns(one) for one in indicators), _read(requests))
    retold = [(max(a, 0), z + DAY + 1) for a, z in ranges] if requests.operation else ranges
    return Known(
        sql=statement("known")
        .format(
            requests=told.requests(tables, wanted, retold),
            request_id=f"nullIf(toString({_sql(requests.request_id)}), '')",
            operation=f"nullIf({_sql(requests.operation)}, '')" if requests.operation else "NULL",
            environment=_environment(requests),
            scope=_sql(requests.scope),
            attempts=_attempts(ranges) if requests.operation else "scoped",
            **_joins(tables, wanted, ranges),
        )
        .rstrip(),
        counts=",\n".join(
            f"countIf({is_valid(one)}), countIf({is_bad(one)})" for one in indicators
        ),
        values={"services": list(requests.services), "environment": requests.environment},
    )


def failing(
    engine: Engine, tables: Tables, indicator: Counting, spans: Sequence[Span], most: int
) -> Failing:
    """The newest bad requests of some minutes, and how many there are of them."""
    ranges = [(span.start, span.end - 1) for span in spans if len(span)]
    if not ranges:
        return Failing(requests=(), count=0)
    found = known(tables, [indicator], ranges, more=("error_logs",))
    sql = statement("failing").format(known=found.sql, is_bad=is_bad(indicator))
    rows = engine.rows(sql, {**found.values, "most": most})
    failed = (FailedRequest(_moment(row[0]), *row[1:-1]) for row in rows)
    return Failing(requests=tuple(failed), count=rows[0][-1] if rows else 0)


def is_valid(counted: Counting) -> str:
    """Whether a known request counts: SQL."""
    match counted:
        case Union():
            return _any(is_valid(one) for one in counted.indicators)
        case Nameless():
            return f"({is_valid(counted.of)} and k_request_id is null)"
        case _:
            return f"coalesce({_sql(counted.valid)}, true)"


def is_bad(counted: Counting) -> str:
    """Whether a known request counts, and is bad: SQL."""
    match counted:
        case Union():
            return _any(is_bad(one) for one in counted.indicators)
        case Nameless():
            return f"({is_bad(counted.of)} and k_request_id is null)"
        case _:
            return f"({is_valid(counted)} and not coalesce({_sql(counted.good)}, false))"


def _any(conditions: Iterable[str]) -> str:
    return f"({' or '.join(conditions)})"


def _sql(criterion: Criterion | None) -> str:
    return written(criterion.sql).sql if criterion else "true"


def _columns(counted: Counting) -> frozenset[str]:
    match counted:
        case Union():
            return frozenset[str]().union(*(_columns(one) for one in counted.indicators))
        case Nameless():
            return _columns(counted.of)
        case _:
            read = [counted.good, *([counted.valid] if counted.valid else [])]
            return frozenset[str]().union(*(written(one.sql).columns for one in read))


def _read(requests: Requests) -> frozenset[str]:
    """The columns that tell which rows are a document's, and tell them apart."""
    given = (requests.scope, requests.request_id, requests.operation)
    return frozenset[str]().union(*(written(one.sql).columns for one in given if one))


def _environment(requests: Requests) -> str:
    return "q_environment in ('', {environment:String})" if requests.environment else "true"


def _attempts(ranges: Sequence[Range]) -> str:
    minutes = " or ".join(f"q_minute between {first} and {last}" for first, last in ranges)
    return statement("attempts").format(minutes=minutes).strip()


def _joins(tables: Tables, columns: frozenset[str], ranges: Sequence[Range]) -> dict[str, str]:
    """What must be looked up beside the requests; nothing that no criterion asks for."""
    if tables.logs is None or "error_logs" not in columns:
        return {"joins": "", "error_logs": "toInt64(0)"}
    around = [(max(first - HOUR, 0), last + DAY + 1) for first, last in ranges]
    errors = statement("errors").format(logs=told.logs(tables.logs, around))
    return {"joins": errors, "error_logs": statement("error_logs").strip()}


def _moment(microseconds: int) -> datetime:
    seconds, rest = divmod(microseconds, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)
