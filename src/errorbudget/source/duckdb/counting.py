"""Counts a document's requests in DuckDB."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

import duckdb
import numpy as np

from errorbudget.ledger.tally import Counts, Tallies
from errorbudget.ledger.window import Span
from errorbudget.objective.indicator import Nameless, Union
from errorbudget.source import CriterionFailed, FailedRequest, Failing
from errorbudget.source.duckdb.statements import statement
from errorbudget.source.minutes import Range, ranges_of, tallies_at

if TYPE_CHECKING:
    from errorbudget.objective.indicator import Counting, Requests

DAY: Final = 1440
"""Minutes in which a later attempt replaces an earlier one, and a log record finds its request."""
HOUR: Final = 60
"""Minutes that a log record may be older than its request."""

Values = Mapping[str, object]
_NO_JOINS: Final = {"error_logs": "0", "corrections": "0", "verdict": "cast(null as varchar)"}


@contextmanager
def evaluating() -> Generator[None]:
    """Around SQL that holds a criterion. Raises CriterionFailed when the data does not suit it."""
    try:
        yield
    except (duckdb.DataError, duckdb.ProgrammingError) as cause:
        raise CriterionFailed(
            f"a criterion cannot be evaluated: {str(cause).splitlines()[0]}",
            "where a value may not fit its type, write TRY_CAST(… AS …)",
        ) from cause


def tally(
    connection: duckdb.DuckDBPyConnection,
    indicators: Sequence[Counting],
    minutes: Counts | None,
    *,
    told: bool = False,
) -> list[Tallies]:
    """Counts of each indicator in one pass. `told`: the rows bring their own counts of logs."""
    if not indicators or (minutes is not None and not len(minutes)):
        return [Tallies.of([], [], []) for _ in indicators]
    ranges = None if minutes is None else ranges_of(minutes)
    found = known(connection, indicators, ranges, told=told)
    sql = statement("tally").format(known=found.sql, counts=found.counts)
    return tallies_at(numbers(connection, sql, found.values), minutes)


def tallied(
    connection: duckdb.DuckDBPyConnection, sql: str, values: Values, minutes: Counts | None
) -> Tallies:
    """What SQL that counts valid and bad by minute finds; with minutes given, at exactly those."""
    return tallies_at(numbers(connection, sql, values), minutes)[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The SQL of a document's requests, the relation `known`, to be read by a query after it."""

    sql: str
    """Of the common table expressions."""
    counts: str
    """Of the counts of valid and of bad requests, of one indicator after the other."""
    values: Values


def known(
    connection: duckdb.DuckDBPyConnection,
    indicators: Sequence[Counting],
    ranges: Sequence[Range] | None,
    *,
    more: Iterable[str] = (),
    told: bool = False,
) -> Known:
    """The requests that these indicators judge, in these ranges of minutes or in all.

    What no criterion reads is not looked up, unless it is one of the columns in `more`. `told`:
    the rows bring their own counts of logs.
    """
    requests = _shared(indicators)
    wanted = _columns(indicators).union(more)
    joins = _told() if told else _joins(connection, requests, wanted, ranges)
    values = scope_values(requests)
    if "$services" in joins["joins"]:
        values |= {"services": list(requests.services)}
    return Known(
        sql=statement("known").format(scoped=scoped(requests, ranges), **joins).rstrip(),
        counts=",\n".join(_counts(indicator) for indicator in indicators),
        values=values,
    )


def failing(
    connection: duckdb.DuckDBPyConnection, indicator: Counting, spans: Sequence[Span], most: int
) -> Failing:
    """The newest bad requests of some minutes, and how many there are of them."""
    ranges = [(span.start, span.end - 1) for span in spans if len(span)]
    if not ranges:
        return Failing(requests=(), count=0)
    found = known(connection, [indicator], ranges, more=("error_logs",))
    sql = statement("failing").format(known=found.sql, is_bad=is_bad(indicator))
    with evaluating():
        rows = connection.execute(sql, {**found.values, "most": most}).fetchall()
    failed = (FailedRequest(row[0].replace(tzinfo=UTC), *row[1:-1]) for row in rows)
    return Failing(requests=tuple(failed), count=rows[0][-1] if rows else 0)


def _joins(
    connection: duckdb.DuckDBPyConnection,
    requests: Requests,
    columns: frozenset[str],
    ranges: Sequence[Range] | None,
) -> dict[str, str]:
    """What must be looked up beside the requests; nothing that no criterion or row asks for."""
    services = marks(requests.services)
    has_logs, has_corrections = joins_needed(connection, requests.services)
    slots, joins = dict(_NO_JOINS), list[str]()
    if requests.logs_required:
        alive = statement("alive").format(kind="logs")
        joins.append(statement("join_watched").format(alive=alive))
    if requests.operation:
        attempts = scoped(requests, ranges, after=DAY + 1)
        superseded = statement("superseded").format(attempts=attempts)
        joins.append(statement("join_superseded").format(superseded=superseded))
    if has_logs and "error_logs" in columns:
        errors = statement("errors").format(services=services)
        joins.append(statement("join_errors").format(errors=errors))
        slots["error_logs"] = "coalesce(errors.error_logs, 0)"
    if has_corrections:
        verdicts = statement("verdicts").format(services=services)
        joins.append(statement("join_verdicts").format(verdicts=verdicts))
        slots |= {"corrections": "coalesce(verdicts.corrections, 0)", "verdict": "verdicts.verdict"}
    return slots | {"joins": "\n".join(joins)}


def joins_needed(
    connection: duckdb.DuckDBPyConnection, services: Sequence[str]
) -> tuple[bool, bool]:
    """Whether there are log feeds, and corrections, that may speak of these services."""
    sql = statement("joins_needed").format(services=marks(services))
    has_logs, has_corrections = row(connection, sql, service_values(services))
    return has_logs, has_corrections


def _told() -> dict[str, str]:
    counts = {"error_logs": "told_error_logs", "corrections": "told_corrections"}
    return _NO_JOINS | counts | {"joins": ""}


def scoped(requests: Requests, ranges: Sequence[Range] | None, *, after: int = 0) -> str:
    """A document's requests in some ranges of minutes, or all: SQL."""
    within = "true"
    if ranges is not None:
        within = in_ranges((first, last + after) for first, last in ranges)
    return statement("scoped").format(
        request_id=requests.request_id.sql,
        operation=requests.operation.sql if requests.operation else "null",
        services=marks(requests.services),
        environment="environment in ('', $environment)" if requests.environment else "true",
        scope=requests.scope.sql if requests.scope else "true",
        minutes=within,
    )


def in_ranges(ranges: Iterable[Range]) -> str:
    """Whether a row's minute lies in one of these: SQL."""
    return " or ".join(f"minute between {first} and {last}" for first, last in ranges)


def _counts(counting: Counting) -> str:
    sql = statement("counts").format(is_valid=is_valid(counting), is_bad=is_bad(counting))
    return sql.rstrip()


def is_valid(counted: Counting) -> str:
    """Whether a known request counts: SQL."""
    if isinstance(counted, Union):
        return _any(is_valid(one) for one in counted.indicators)
    if isinstance(counted, Nameless):
        return f"({is_valid(counted.of)} and request_id is null)"
    return statement("is_valid").format(valid=counted.valid.sql if counted.valid else "true")


def is_bad(counted: Counting) -> str:
    """Whether a known request counts, and is bad: SQL."""
    if isinstance(counted, Union):
        return _any(is_bad(one) for one in counted.indicators)
    if isinstance(counted, Nameless):
        return f"({is_bad(counted.of)} and request_id is null)"
    heeded = counted.requests.corrections_judged
    return statement("is_bad").format(
        valid=counted.valid.sql if counted.valid else "true",
        good=counted.good.sql,
        condemned="false" if heeded else "coalesce(verdict = 'bad', false)",
    )


def _any(conditions: Iterable[str]) -> str:
    return f"({' or '.join(conditions)})"


def _columns(indicators: Sequence[Counting]) -> frozenset[str]:
    return frozenset[str]().union(*(one.columns for one in indicators))


def _shared(indicators: Sequence[Counting]) -> Requests:
    requests = indicators[0].requests
    if any(each.requests != requests for each in indicators):
        raise ValueError("indicators counted together must be of the same requests")
    return requests


def marks(services: Sequence[str]) -> str:
    """The names that a statement knows some services by: SQL."""
    return ", ".join(f"$service_{number}" for number in range(len(services)))


def service_values(services: Sequence[str]) -> dict[str, object]:
    """What those names stand for."""
    return {f"service_{number}": name for number, name in enumerate(services)}


def scope_values(requests: Requests) -> dict[str, object]:
    """The same, with what `scoped` reads beside them."""
    values = service_values(requests.services)
    return values | {"environment": requests.environment} if requests.environment else values


def minutes_of(connection: duckdb.DuckDBPyConnection, sql: str, values: Values) -> Counts:
    """A result that is one column of minutes."""
    return numbers(connection, sql, values)[0]


def numbers(connection: duckdb.DuckDBPyConnection, sql: str, values: Values) -> list[Counts]:
    """A result of integers, column by column."""
    with evaluating():
        columns = connection.execute(sql, dict(values)).fetchnumpy()
    return [np.asarray(column, dtype=np.int64) for column in columns.values()]


def row(connection: duckdb.DuckDBPyConnection, sql: str, values: Values) -> tuple[Any, ...]:
    """The first row of a result."""
    return connection.execute(sql, dict(values)).fetchone() or ()
