"""Reads requests: counts them by minute, and knows which minutes it could have seen.

Each engine is a folder of the same shape, and one implementation of the protocol `Source`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from errorbudget import clock
from errorbudget.change import Appearance
from errorbudget.errors import Failure, Kind
from errorbudget.ledger.tally import Counts, Tallies
from errorbudget.ledger.window import Span
from errorbudget.request import Kept

if TYPE_CHECKING:
    from errorbudget.burn.breakdown import Breakdown
    from errorbudget.burn.correlation import Split, Way
    from errorbudget.burn.log_patterns import Records
    from errorbudget.objective.indicator import Counting, Indicator, Operations, Requests


class SourceFailed(Failure):
    """A source that does not answer, or not with what was asked for; later it may."""

    kind = Kind.BUSY


class CriterionFailed(Failure):
    """A criterion that could not be evaluated on the requests there are."""

    kind = Kind.DOCUMENT


class NotTold(Failure):
    """What a source cannot tell, whoever asks: counters know no request ids, say."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Touched:
    """Minutes to count again, rising, and the newest batch that counting them will have seen."""

    minutes: Counts
    newest: int
    """Of a source that is asked again and again, the minute that is counted up to."""
    left: int | None = None
    """How many minutes are left to count after these; None where all are counted in one go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Liveness:
    """When requests could be seen at all, whether or not there were any."""

    first_request: int | None
    """The minute of the first request; None when there never was one."""
    as_of: datetime | None
    """The moment up to which the source says it is complete."""
    alive: tuple[Span, ...]
    """Rising spans that do not meet."""
    unseen: tuple[str, ...] = ()
    """Services that no feed has ever spoken of: a name that is wrong, perhaps."""
    heard: datetime | None = None
    """The newest request of a sender of batches; None where there are only files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stirred:
    """Which services newer batches speak of, and the newest batch."""

    services: frozenset[str]
    """The empty name is of log records that name no service: they may be any's."""
    newest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of a service that has served requests."""

    version: str
    first_at: datetime
    requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeared:
    """Versions that newer batches name, and the newest batch."""

    versions: tuple[Appearance, ...]
    newest: int


@dataclass(frozen=True, slots=True)
class FailedRequest:
    """One bad request, for people to look at."""

    time: datetime
    service: str
    route: str
    method: str
    status: int | None
    duration_ms: float | None
    tenant: str
    version: str
    region: str
    request_id: str
    error_logs: int
    corrections: int

    def as_dict(self) -> dict[str, Any]:
        """The request as JSON has it."""
        return asdict(self) | {"time": clock.text(self.time)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """The newest bad requests of some time, and how many there are in all."""

    requests: tuple[FailedRequest, ...]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Logs:
    """Log records of a burn and of the time before it, to be read once, before anything else."""

    batches: Iterator[Records]
    stride: int
    """One record in so many is read."""
    records: int
    """How many there are."""


class Source(Protocol):
    """What the program asks of anything that holds requests."""

    def versions(self, service: str, environment: str, before: datetime) -> list[Version]:
        """The versions that had served requests before a moment, in the order they first did."""
        ...

    def served(self, service: str, environment: str, since: datetime, until: datetime) -> int:
        """How many requests a service served in an environment in [since, until)."""
        ...

    def appeared(self, since: int) -> Appeared:
        """Versions that requests of batches after `since` name."""
        ...

    def stirred(self, since: int) -> Stirred:
        """Services whose counts or liveness batches after `since` may have changed."""
        ...

    def kept(self, requests: Requests) -> Kept:
        """From when on there are requests to count."""
        ...

    def turn(self, requests: Requests) -> AbstractContextManager[Any] | None:
        """What is held while these are counted; None: what is held for all that are stored here.

        A source that is slow to answer must not keep those waiting who count another.
        """
        ...

    def together(self, asked: Sequence[Sequence[Counting]]) -> AbstractContextManager[None]:
        """Answer in the block what these ask, each as if alone, in as few questions as can be."""
        ...

    def touched(self, requests: Requests, since: int) -> Touched:
        """Minutes whose counts may differ from what they were when batch `since` was the newest."""
        ...

    def tally(self, indicators: Sequence[Counting], minutes: Counts | None) -> list[Tallies]:
        """Counts of each indicator, all of one document's requests; None: of every minute.

        With minutes given the answer has exactly those, rising, zeros included.
        """
        ...

    def operations_touched(self, operations: Operations, since: int) -> Touched:
        """Minutes whose operations may differ from when batch `since` was the newest."""
        ...

    def operations(self, operations: Operations, minutes: Counts | None) -> Tallies:
        """Counts of operations, which are bad when what they led to at other services was.

        An operation and what it led to share an id, and lie from 1 hour before to 24 hours after
        it. With minutes given the answer has exactly those, rising, zeros included.
        """
        ...

    def breakdown(
        self,
        indicator: Indicator,
        columns: Sequence[str],
        burn: Sequence[Span],
        before: Sequence[Span],
    ) -> Breakdown:
        """The requests of a burn and of the time before it, by these columns and by tenant.

        Each time is given as rising spans, the burn's after the others. A column is one of a
        request's, or `attributes.NAME`. Values that few of the burn's failures share are summed
        as one.
        """
        ...

    def split(self, indicator: Counting, span: Span, *, through: str | None = None) -> Split:
        """Counts by minute, version and route.

        With `through`, only of requests that this other service took part in, by its version.
        """
        ...

    def paths(
        self, indicator: Counting, span: Span, others: Sequence[str], requests: int
    ) -> Mapping[str, Way]:
        """In how many requests of a span each of these services took part, told by trace ids.

        `requests` is about how many there are; of many good ones a sample is asked.
        """
        ...

    def logs(self, indicator: Counting, before: Span, burn: Span) -> Logs:
        """The log records of a burn and of the span right before it; of very many, a sample."""
        ...

    def failing(self, indicator: Counting, spans: Sequence[Span], most: int) -> Failing:
        """The newest bad requests of some spans of minutes, so many at most."""
        ...

    def liveness(self, requests: Requests) -> Liveness:
        """When the feeds of these requests were alive."""
        ...
