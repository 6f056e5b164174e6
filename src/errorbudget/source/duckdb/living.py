"""When the feeds of a document's requests were alive, pooled over its services."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import reduce
from typing import TYPE_CHECKING

import duckdb

from errorbudget.ledger.spans import overlap
from errorbudget.ledger.window import Span
from errorbudget.source import Liveness
from errorbudget.source.duckdb.statements import statement

if TYPE_CHECKING:
    from errorbudget.objective.indicator import Requests


def liveness(connection: duckdb.DuckDBPyConnection, requests: Requests) -> Liveness:
    """A minute is alive when every service ever seen was, and its logs where required."""
    values = {"services": list(requests.services)}
    rows = connection.execute(statement("liveness"), values).fetchall()
    known = [row for row in rows if row[2] is not None]
    if not known:
        unseen = tuple(sorted(requests.services))
        return Liveness(first_request=None, as_of=None, alive=(), unseen=unseen)
    services = [row[0] for row in known]
    spans = _spans(connection, "requests", services)
    ends = [row[2] for row in known]
    if requests.logs_required:
        spans += _spans(connection, "logs", services)
        ends += [row[3] for row in known if row[3] is not None]
    return Liveness(
        first_request=min((row[1] for row in known if row[1] is not None), default=None),
        as_of=_utc(min(ends)),
        alive=tuple(reduce(overlap, spans)),
        unseen=tuple(sorted(set(requests.services) - set(services))),
        heard=max((_utc(row[4]) for row in known if row[4] is not None), default=None),
    )


def _spans(
    connection: duckdb.DuckDBPyConnection, kind: str, services: Sequence[str]
) -> list[list[Span]]:
    """The alive spans of each service, also of those that have none."""
    sql = statement("alive").format(kind=kind)
    spans: dict[str, list[Span]] = {service: [] for service in services}
    for service, start, end in connection.execute(sql, {"services": list(services)}).fetchall():
        spans[service].append(Span(start, end))
    return list(spans.values())


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)
