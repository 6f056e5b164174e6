"""Drops requests and log records before a minute; what was counted of them stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from errorbudget.request import Kept
from errorbudget.source.duckdb.statements import statement

if TYPE_CHECKING:
    import duckdb

REPEATS: Final = 7 * 24 * 60
"""Minutes in which a sender's batch that comes again is known by its key; at least so many."""

HOUR: Final = 60
"""Minutes that a log record may be older than the request it speaks of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What was dropped."""

    requests: int
    logs: int


def kept(connection: duckdb.DuckDBPyConnection) -> Kept:
    """From when on there are requests."""
    minute, batch = connection.execute(statement("kept")).fetchone() or (0, 0)
    return Kept(from_minute=minute, batch=batch)


def older(connection: duckdb.DuckDBPyConnection, requests: int, logs: int) -> Pruned:
    """What lies before these minutes."""
    values = {"requests": requests, "logs": logs}
    found = connection.execute(statement("older"), values).fetchone() or (0, 0)
    return Pruned(requests=found[0], logs=found[1])


def prune(connection: duckdb.DuckDBPyConnection, batch: int, requests: int, logs: int) -> Pruned:
    """Drop what lies before these minutes; part of the caller's transaction."""
    before = older(connection, requests, logs)
    deciding = max(kept(connection).from_minute, requests) - HOUR
    if before.requests:
        connection.execute(statement("prune_requests"), {"before": requests})
        connection.execute(statement("insert_pruned"), {"batch": batch, "before": requests})
    if before.logs:
        values = {"before": logs, "deciding": deciding}
        connection.execute(statement("prune_logs"), values)
        connection.execute(statement("silence_logs"), {"before": logs})
    after = older(connection, requests, logs)
    return Pruned(requests=before.requests, logs=before.logs - after.logs)


def compact(connection: duckdb.DuckDBPyConnection, before: int) -> None:
    """Say in few rows what senders' batches touched before a minute, and when they were alive."""
    for table, end_minute in (("touched", "minute"), ("alive", "to_minute")):
        connection.execute(statement(f"compact_{table}"), {"before": before})
        sql = statement("replace_compacted").format(table=table, end_minute=end_minute)
        connection.execute(sql, {"before": before})
        connection.execute(statement("insert_compacted").format(table=table))
        connection.execute("drop table compacted")


def forget_receipts(connection: duckdb.DuckDBPyConnection, now: int) -> None:
    """Forget which batches came from senders longer ago than they may be sent again."""
    connection.execute(statement("insert_settled"), {"now": now})
    for which in ("receipts", "settled"):
        connection.execute(statement(f"forget_{which}"), {"before": now - REPEATS})
