"""Every source by its name, as one: each question goes to the source that holds the requests."""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Self

from errorbudget.source import Source, SourceFailed

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from datetime import datetime

    from errorbudget.burn.breakdown import Breakdown
    from errorbudget.burn.correlation import Split, Way
    from errorbudget.ledger.tally import Counts, Tallies
    from errorbudget.ledger.window import Span
    from errorbudget.objective.indicator import Counting, Indicator, Operations, Requests
    from errorbudget.request import Kept
    from errorbudget.source import Appeared, Failing, Liveness, Logs, Stirred, Touched, Version
    from errorbudget.source.duckdb.warehouse import Warehouse

EMBEDDED = "warehouse"
"""What documents call the embedded source."""


class Sources:
    """The embedded warehouse, and what is asked beside it; a `Source` like each of them."""

    def __init__(self, warehouse: Warehouse, beside: Mapping[str, Source]) -> None:
        """What is `beside` may be asked by several threads at once."""
        self.warehouse = warehouse
        self._beside = beside

    def another(self) -> Self:
        """The same for another thread."""
        return type(self)(self.warehouse.another(), self._beside)

    def snapshot(self) -> AbstractContextManager[None]:
        """One view of the warehouse for everything that is read in the block."""
        return self.warehouse.snapshot()

    @contextmanager
    def together(self, asked: Sequence[Sequence[Counting]]) -> Generator[None]:
        """Answer in the block what these ask in as few questions as each source can."""
        embedded = [one for one in asked if one[0].requests.source == EMBEDDED]
        with self.warehouse.together(embedded):
            yield

    def of(self, requests: Requests) -> Source:
        """What holds these requests. Raises SourceFailed where none of that name is configured."""
        if requests.source == EMBEDDED:
            return self.warehouse
        found = self._beside.get(requests.source)
        if found is None:
            known = ", ".join((EMBEDDED, *self._beside))
            raise SourceFailed(
                f"no source is called {requests.source}",
                f"Sources are named in the configuration under `sources`; there are: {known}.",
            )
        return found

    def versions(self, service: str, environment: str, before: datetime) -> list[Version]:
        """The versions that had served requests before a moment, in the order they first did."""
        return self.warehouse.versions(service, environment, before)

    def served(self, service: str, environment: str, since: datetime, until: datetime) -> int:
        """How many requests a service served in an environment in [since, until)."""
        return self.warehouse.served(service, environment, since, until)

    def appeared(self, since: int) -> Appeared:
        """Versions that requests of the warehouse's batches after `since` name."""
        return self.warehouse.appeared(since)

    def stirred(self, since: int) -> Stirred:
        """Services whose counts the warehouse's batches after `since` may have changed.

        The other sources tell nothing by themselves: they are asked again and again.
        """
        return self.warehouse.stirred(since)

    def kept(self, requests: Requests) -> Kept:
        """From when on there are requests to count."""
        return self.of(requests).kept(requests)

    def turn(self, requests: Requests) -> AbstractContextManager[Any] | None:
        """What is held while these are counted."""
        return self.of(requests).turn(requests)

    def touched(self, requests: Requests, since: int) -> Touched:
        """Minutes whose counts may differ from what they were at `since`."""
        return self.of(requests).touched(requests, since)

    def tally(self, indicators: Sequence[Counting], minutes: Counts | None) -> list[Tallies]:
        """Counts of each indicator, all of one document's requests; None: of every minute."""
        if not indicators:
            return []
        return self.of(indicators[0].requests).tally(indicators, minutes)

    def operations_touched(self, operations: Operations, since: int) -> Touched:
        """Minutes whose operations may differ from when batch `since` was the newest."""
        return self.of(operations.of.requests).operations_touched(operations, since)

    def operations(self, operations: Operations, minutes: Counts | None) -> Tallies:
        """Counts of operations, which are bad when what they led to at other services was."""
        return self.of(operations.of.requests).operations(operations, minutes)

    def breakdown(
        self,
        indicator: Indicator,
        columns: Sequence[str],
        burn: Sequence[Span],
        before: Sequence[Span],
    ) -> Breakdown:
        """The requests of a burn and of the time before it, by these columns and by tenant."""
        return self.of(indicator.requests).breakdown(indicator, columns, burn, before)

    def split(self, indicator: Counting, span: Span, *, through: str | None = None) -> Split:
        """Counts by minute, version and route."""
        return self.of(indicator.requests).split(indicator, span, through=through)

    def paths(
        self, indicator: Counting, span: Span, others: Sequence[str], requests: int
    ) -> Mapping[str, Way]:
        """In how many requests of a span each of these services took part."""
        return self.of(indicator.requests).paths(indicator, span, others, requests)

    def logs(self, indicator: Counting, before: Span, burn: Span) -> Logs:
        """The log records of a burn and of the span right before it."""
        return self.of(indicator.requests).logs(indicator, before, burn)

    def failing(self, indicator: Counting, spans: Sequence[Span], most: int) -> Failing:
        """The newest bad requests of some spans of minutes, so many at most."""
        return self.of(indicator.requests).failing(indicator, spans, most)

    def liveness(self, requests: Requests) -> Liveness:
        """When the feeds of these requests were alive."""
        return self.of(requests).liveness(requests)
