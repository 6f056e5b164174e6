"""Counts operations: requests of one service, and what became of them at others, joined by id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import duckdb
import numpy as np

from errorbudget.ledger.tally import Counts, Tallies
from errorbudget.source import Touched
from errorbudget.source.duckdb.counting import (
    DAY,
    HOUR,
    evaluating,
    in_ranges,
    is_bad,
    is_valid,
    known,
    marks,
    minutes_of,
    scope_values,
    scoped,
    service_values,
    tallied,
)
from errorbudget.source.duckdb.news import touched
from errorbudget.source.duckdb.statements import statement
from errorbudget.source.minutes import Range, ranges_of

if TYPE_CHECKING:
    from errorbudget.objective.indicator import Indicator, Operations, Requests


def operations(
    connection: duckdb.DuckDBPyConnection, counted: Operations, minutes: Counts | None
) -> Tallies:
    """Counts of operations in these minutes, or in all. Raises CriterionFailed."""
    if minutes is not None and not len(minutes):
        return Tallies.of([], [], [])
    ranges = None if minutes is None else ranges_of(minutes)
    connection.execute(statement("failed_elsewhere"))
    for member in counted.joins:
        _note_failed(connection, member, _around(ranges, before=HOUR, after=DAY))
    found = known(connection, [counted.of], ranges)
    sql = statement("operations").format(
        known=found.sql, is_valid=is_valid(counted.of), is_bad=is_bad(counted.of)
    )
    return tallied(connection, sql, found.values, minutes)


def operations_touched(
    connection: duckdb.DuckDBPyConnection, counted: Operations, since: int
) -> Touched:
    """Minutes whose operations batches after `since` may have changed, wherever they came to."""
    own = touched(connection, counted.of.requests, since)
    if since <= 0 or own.newest <= since:
        return own
    more = [
        minutes
        for member in counted.joins
        for minutes in _led_to(connection, counted.of.requests, member.requests, since)
    ]
    return Touched(minutes=np.unique(np.concatenate([own.minutes, *more])), newest=own.newest)


def _note_failed(
    connection: duckdb.DuckDBPyConnection, member: Indicator, ranges: list[Range] | None
) -> None:
    found = known(connection, [member], ranges)
    sql = statement("insert_failed_elsewhere").format(known=found.sql, is_bad=is_bad(member))
    with evaluating():
        connection.execute(sql, dict(found.values))


def _led_to(
    connection: duckdb.DuckDBPyConnection, entry: Requests, member: Requests, since: int
) -> Iterator[Counts]:
    """Minutes of requests that led to those of another service that are counted again."""
    news = touched(connection, member, since)
    if not len(news.minutes):
        return
    elsewhere = ranges_of(news.minutes)
    sql = statement("touched_elsewhere").format(scoped=scoped(member, elsewhere))
    with evaluating():
        connection.execute(sql, scope_values(member))
    around = _around(elsewhere, before=DAY, after=HOUR)
    sql = statement("touched_by_joins").format(scoped=scoped(entry, around))
    yield minutes_of(connection, sql, scope_values(entry))
    # Rows that were taken back tell no id any more: whatever may have led to them is counted again.
    sql = statement("withdrawn_minutes").format(services=marks(member.services))
    gone = minutes_of(connection, sql, service_values(member.services) | {"since": since})
    if len(gone):
        within = in_ranges(_around(ranges_of(np.unique(gone)), before=DAY, after=HOUR) or ())
        services = entry.services
        sql = statement("minutes_with_requests").format(services=marks(services), minutes=within)
        yield minutes_of(connection, sql, service_values(services))


def _around(ranges: Iterable[Range] | None, *, before: int, after: int) -> list[Range] | None:
    """Ranges so many minutes wider, and one more: seconds are cut off minutes."""
    if ranges is None:
        return None
    return [(first - before - 1, last + after + 1) for first, last in ranges]
