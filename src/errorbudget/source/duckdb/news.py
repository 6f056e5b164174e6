"""What later batches brought, and which minutes must be counted again for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final

import duckdb
import numpy as np

from errorbudget.source import Touched
from errorbudget.source.duckdb.counting import (
    DAY,
    HOUR,
    marks,
    minutes_of,
    row,
    scope_values,
    scoped,
    service_values,
)
from errorbudget.source.duckdb.statements import statement
from errorbudget.source.minutes import Range, by_service, ranges_of

if TYPE_CHECKING:
    from errorbudget.ledger.tally import Counts
    from errorbudget.objective.indicator import Requests

_KINDS: Final = ("requests", "logs", "corrections")
_ANY: Final = ""
"""The service of log records whose feed names none: they may be of each."""


class News:
    """What batches after one brought of some services, read in one go however many they are."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, services: Collection[str], since: int
    ) -> None:
        self._connection = connection
        self.since = since
        (self.newest,) = row(connection, statement("newest_batch"), {})
        self._numbers: dict[tuple[str, str], Counts] = {}
        if self.newest > since:
            self._numbers = _read(connection, [*services], since)

    @cached_property
    def minutes(self) -> Counts:
        """Those that new requests of any of the services are of."""
        of_requests = (some for (kind, _), some in self._numbers.items() if kind == "requests")
        return np.unique(np.concatenate([np.empty(0, np.int64), *of_requests]))

    def touched(self, requests: Requests) -> Touched:
        """Minutes whose counts may have changed."""
        if self.newest <= self.since:
            return Touched(minutes=np.empty(0, np.int64), newest=self.newest)
        news = {kind: self._of(kind, requests.services) for kind in _KINDS}
        # Whatever else a first look finds has requests too: their minutes are all there already.
        more = _widened(self._connection, requests, self.since, news) if self.since > 0 else []
        minutes = np.unique(np.concatenate([news["requests"], *more]))
        return Touched(minutes=minutes, newest=self.newest)

    def _of(self, kind: str, services: Sequence[str]) -> Counts:
        found = (self._numbers.get((kind, service)) for service in (*services, _ANY))
        return np.concatenate([np.empty(0, np.int64), *(one for one in found if one is not None)])


def touched(connection: duckdb.DuckDBPyConnection, requests: Requests, since: int) -> Touched:
    """Minutes whose counts batches after `since` may have changed."""
    return News(connection, requests.services, since).touched(requests)


def _read(
    connection: duckdb.DuckDBPyConnection, services: Sequence[str], since: int
) -> dict[tuple[str, str], Counts]:
    """Numbers by what they are and whose; what they say is told by the statement."""
    sql = statement("news").format(services=marks(services))
    columns = connection.execute(sql, service_values(services) | {"since": since}).fetchnumpy()
    what, service = (np.asarray(columns[name], dtype=str) for name in ("what", "service"))
    numbers = np.asarray(columns["number"], dtype=np.int64)
    found: dict[tuple[str, str], Counts] = {}
    for kind in _KINDS:
        named = by_service(service[what == kind], [numbers[what == kind]])
        found |= {(kind, name): some for name, (some,) in named.items()}
    return found


def _widened(
    connection: duckdb.DuckDBPyConnection,
    requests: Requests,
    since: int,
    news: Mapping[str, Counts],
) -> Iterable[Counts]:
    """Minutes without new requests that new attempts, log records and corrections speak of."""
    if requests.operation and len(news["requests"]):
        ranges = [(first - DAY - 1, last) for first, last in ranges_of(np.unique(news["requests"]))]
        yield _widen(connection, "touched_by_attempts", requests, since, ranges)
    if len(news["logs"]):
        first, last = int(news["logs"].min()), int(news["logs"].max())
        ranges = [(first - DAY - 1, last + HOUR + 1)]
        yield _widen(connection, "touched_by_logs", requests, since, ranges)
    if len(news["corrections"]):
        yield _widen(connection, "touched_by_corrections", requests, since, None)
    if requests.logs_required:
        services = requests.services
        sql = statement("touched_by_log_feeds").format(services=marks(services))
        yield minutes_of(connection, sql, service_values(services) | {"since": since})


def _widen(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    requests: Requests,
    since: int,
    ranges: Sequence[Range] | None,
) -> Counts:
    services = marks(requests.services)
    sql = statement(name).format(scoped=scoped(requests, ranges), services=services)
    return minutes_of(connection, sql, scope_values(requests) | {"since": since})
