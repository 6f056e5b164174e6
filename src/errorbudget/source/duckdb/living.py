"""When the feeds of a document's requests were alive, pooled over its services."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, reduce
from typing import TYPE_CHECKING

import duckdb

from errorbudget.ledger.spans import overlap
from errorbudget.ledger.window import Span
from errorbudget.source import Liveness
from errorbudget.source.duckdb.statements import statement

if TYPE_CHECKING:
    from errorbudget.objective.indicator import Requests


@dataclass(frozen=True, slots=True)
class Feed:
    """What is known of a service's feeds, and when that of its requests was alive."""

    first_request: int | None
    newest: datetime
    newest_log: datetime | None
    heard: datetime | None
    spans: Sequence[Span]


class Feeds:
    """The feeds of some services, read in one go however many they are."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, services: Collection[str]) -> None:
        rows = connection.execute(statement("liveness"), {"services": [*services]}).fetchall()
        known = [row for row in rows if row[2] is not None]
        names = [row[0] for row in known]
        spans = _spans(connection, "requests", names)
        self._feeds = {
            name: Feed(first, newest, newest_log, heard, spans[name])
            for name, first, newest, newest_log, heard in known
        }
        self._connection = connection

    @cached_property
    def _of_logs(self) -> Mapping[str, Sequence[Span]]:
        return _spans(self._connection, "logs", [*self._feeds])

    def liveness(self, requests: Requests) -> Liveness:
        """A minute is alive when every service ever seen was, and its logs where required."""
        feeds = {one: self._feeds[one] for one in requests.services if one in self._feeds}
        unseen = tuple(sorted(set(requests.services) - set(feeds)))
        if not feeds:
            return Liveness(first_request=None, as_of=None, alive=(), unseen=unseen)
        known = list(feeds.values())
        spans, ends = [one.spans for one in known], [one.newest for one in known]
        if requests.logs_required:
            spans += [self._of_logs[one] for one in feeds]
            ends += [one.newest_log for one in known if one.newest_log]
        firsts = (one.first_request for one in known if one.first_request is not None)
        return Liveness(
            first_request=min(firsts, default=None),
            as_of=_utc(min(ends)),
            alive=tuple(reduce(overlap, map(list, spans))),
            unseen=unseen,
            heard=max((_utc(one.heard) for one in known if one.heard), default=None),
        )


def _spans(
    connection: duckdb.DuckDBPyConnection, kind: str, services: Sequence[str]
) -> Mapping[str, Sequence[Span]]:
    """The alive spans of each service, also of those that have none."""
    spans: dict[str, list[Span]] = {service: [] for service in services}
    if services:
        sql = statement("alive").format(kind=kind)
        rows = connection.execute(sql, {"services": [*services]}).fetchall()
        for service, start, end in rows:
            spans[service].append(Span(start, end))
    return spans


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)
