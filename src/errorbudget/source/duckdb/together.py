"""What many documents ask at one moment, answered in as few questions as can be.

A question costs DuckDB milliseconds before it reads a row: a thousand services that ask five each
would be behind for half a minute, whatever little they sent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import duckdb
import numpy as np

from errorbudget.ledger.tally import Counts
from errorbudget.objective.indicator import Indicator
from errorbudget.source.duckdb.counting import evaluating, known, tally
from errorbudget.source.duckdb.keeping import kept
from errorbudget.source.duckdb.living import Feeds
from errorbudget.source.duckdb.news import News, touched
from errorbudget.source.duckdb.statements import statement
from errorbudget.source.minutes import by_service, ranges_of, tallies_at

if TYPE_CHECKING:
    from errorbudget.ledger.tally import Tallies
    from errorbudget.objective.indicator import Counting, Requests
    from errorbudget.request import Kept
    from errorbudget.source import Liveness, Touched

_MOST: Final = 120
"""Minutes: where news of some are older than of others, each is counted for itself."""

Alike = tuple[Indicator, ...]
"""What services judge alike: indicators of no service in particular."""
Counted = Mapping[str, Sequence[Counts]]
"""By service: minutes, then valid and bad of one indicator after the other."""


class Together:
    """Answers each of some documents as if it asked alone; nothing is read before it is asked.

    All answers must come from one view of the warehouse: some are of what was read for others.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, asked: Sequence[Sequence[Counting]]
    ) -> None:
        self._connection = connection
        self._services = {name for one in asked for name in one[0].requests.services}
        self._judged = _grouped(asked)
        self._news: dict[int, News] = {}
        self._counted: dict[tuple[Alike, int], Counted] = {}

    @cached_property
    def _feeds(self) -> Feeds:
        return Feeds(self._connection, self._services)

    @cached_property
    def kept(self) -> Kept:
        """From when on there are requests."""
        return kept(self._connection)

    @cached_property
    def _alike(self) -> Mapping[Alike, frozenset[str]]:
        """By what they judge alike, services of which nothing is looked up beside requests."""
        if not self._judged:
            return self._judged
        corrected = self._connection.execute(statement("corrected")).fetchall()
        but = {service for (service,) in corrected}
        return {alike: services - but for alike, services in self._judged.items()}

    def liveness(self, requests: Requests) -> Liveness:
        """When the feeds of these requests were alive."""
        if not self._services.issuperset(requests.services):
            return Feeds(self._connection, requests.services).liveness(requests)
        return self._feeds.liveness(requests)

    def touched(self, requests: Requests, since: int) -> Touched:
        """Minutes whose counts batches after `since` may have changed."""
        if not self._services.issuperset(requests.services):
            return touched(self._connection, requests, since)
        if since not in self._news:
            self._news[since] = News(self._connection, self._services, since)
        return self._news[since].touched(requests)

    def tally(self, indicators: Sequence[Counting], minutes: Counts | None) -> list[Tallies]:
        """Counts of each indicator; None counts every minute. Raises CriterionFailed."""
        alike, service = _alike(indicators), indicators[0].requests.services[0]
        news = self._covering(minutes)
        if news is None or service not in self._alike.get(alike, frozenset()):
            return tally(self._connection, indicators, minutes)
        nothing = [np.empty(0, np.int64)] * (1 + 2 * len(indicators))
        return tallies_at(self._of_all(alike, news).get(service, nothing), minutes)

    def _covering(self, minutes: Counts | None) -> News | None:
        """News of all these minutes, where they are few enough to count each for everybody."""
        if minutes is None or not len(minutes):
            return None
        few = (one for one in self._news.values() if len(one.minutes) <= _MOST)
        return next((one for one in few if np.isin(minutes, one.minutes).all()), None)

    def _of_all(self, alike: Alike, news: News) -> Counted:
        """The counts of all services that are judged alike, at the minutes of some news."""
        key = alike, news.since
        if key not in self._counted:
            services = self._alike[alike]
            self._counted[key] = _count(self._connection, alike, services, news.minutes)
        return self._counted[key]


def _grouped(asked: Sequence[Sequence[Counting]]) -> Mapping[Alike, frozenset[str]]:
    """The services of those that are judged alike, where that is more than one."""
    services = defaultdict[Alike, set[str]](set)
    for one in asked:
        if alike := _alike(one):
            services[alike].update(one[0].requests.services)
    return {alike: frozenset(names) for alike, names in services.items() if len(names) > 1}


def _alike(indicators: Sequence[Counting]) -> Alike:
    """Empty where something is looked up beside the requests: that is of one document alone."""
    requests = indicators[0].requests
    if requests.operation or requests.logs_required or len(requests.services) > 1:
        return ()
    nobody = replace(requests, services=())
    found = [
        replace(one, requests=nobody)
        for one in indicators
        if isinstance(one, Indicator) and one.columns.isdisjoint(("error_logs", "corrections"))
    ]
    return tuple(found) if len(found) == len(indicators) else ()


def _count(
    connection: duckdb.DuckDBPyConnection, alike: Alike, services: Collection[str], minutes: Counts
) -> Counted:
    of_all = replace(alike[0].requests, services=tuple(sorted(services)))
    indicators = [replace(one, requests=of_all) for one in alike]
    found = known(connection, indicators, ranges_of(minutes))
    sql = statement("tally_alike").format(known=found.sql, counts=found.counts)
    with evaluating():
        service, *columns = connection.execute(sql, dict(found.values)).fetchnumpy().values()
    numbers = [np.asarray(column, dtype=np.int64) for column in columns]
    return by_service(np.asarray(service, dtype=str), numbers)
