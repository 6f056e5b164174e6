"""Spans counted again: the SQL that gives a review's numbers, for a person to ask of the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from errorbudget.source.duckdb import counting
from errorbudget.source.duckdb.questions import bound
from errorbudget.source.duckdb.statements import statement

if TYPE_CHECKING:
    import duckdb

    from errorbudget.ledger.window import Span
    from errorbudget.objective.indicator import Indicator


def of_spans(
    connection: duckdb.DuckDBPyConnection,
    indicator: Indicator,
    spans: Sequence[Span],
    left_out: Sequence[Span],
) -> str:
    """Valid and bad requests of spans, numbered from 1, without the minutes left out."""
    ranges = [(min(one.start for one in spans), max(one.end for one in spans) - 1)]
    found = counting.known(connection, [indicator], ranges)
    tally = statement("tally").format(known=found.sql, counts=found.counts)
    out = counting.in_ranges((span.start, span.end - 1) for span in left_out if len(span))
    sql = statement("counted_again").format(
        tally=tally.strip(),
        spans=", ".join(f"({at}, {one.start}, {one.end})" for at, one in enumerate(spans, 1)),
        left_out=out or "false",
    )
    return bound(sql, found.values)
