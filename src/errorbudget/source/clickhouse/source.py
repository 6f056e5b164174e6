"""A ClickHouse as a source: what is there is counted where it is, and nothing is stored there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from errorbudget import clock
from errorbudget.ledger.spans import overlap
from errorbudget.ledger.window import Span, minute_floor, moment
from errorbudget.request import Kept
from errorbudget.source import (
    Appeared,
    Failing,
    Liveness,
    Logs,
    NotTold,
    Stirred,
    Touched,
    Version,
)
from errorbudget.source.asking import Asking
from errorbudget.source.clickhouse import breaking_down, counting, witnessing
from errorbudget.source.clickhouse import tables as told
from errorbudget.source.clickhouse.living import Pulse, firsts
from errorbudget.source.clickhouse.statements import statement

if TYPE_CHECKING:
    from errorbudget.burn.breakdown import Breakdown
    from errorbudget.burn.correlation import Split, Way
    from errorbudget.ledger.tally import Counts, Tallies
    from errorbudget.objective.indicator import Counting, Indicator, Operations, Requests
    from errorbudget.source.clickhouse.engine import Engine, Values
    from errorbudget.source.clickhouse.tables import Tables

DAY: Final = 1440
USUAL: Final = Asking(history=92 * DAY, late=3 * DAY)


@dataclass(slots=True)
class _Seen:
    """What was found out about a document's requests."""

    firsts: Mapping[str, int]
    counted_to: int = 0


class ClickHouse:
    """Requests and logs in a ClickHouse; several threads may ask, one after the other."""

    def __init__(
        self,
        engine: Engine,
        tables: Tables,
        *,
        asking: Asking = USUAL,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._engine = engine
        self._tables = tables
        self._asking = asking
        self._now = now
        self._turn = threading.RLock()
        self._seen: dict[Requests, _Seen] = {}
        self._pulses = {
            table.name: Pulse(engine, table, asking.history)
            for table in (tables.requests, tables.logs)
            if table
        }

    def close(self) -> None:
        """Let go of the connection."""
        self._engine.close()

    def versions(self, service: str, environment: str, before: datetime) -> list[Version]:
        """The versions that had served requests before a moment, in the order they first did."""
        until = minute_floor(before)
        rows = self._about(
            "versions", service, environment, Span(max(until - self._asking.history, 0), until), {}
        )
        return [
            Version(version=name, first_at=_moment(first), requests=count)
            for name, first, count in rows
        ]

    def served(self, service: str, environment: str, since: datetime, until: datetime) -> int:
        """How many requests a service served in an environment in [since, until)."""
        span = Span(minute_floor(since), minute_floor(until) + 1)
        edges = {"since": _microseconds(since), "until": _microseconds(until)}
        return int(self._about("served", service, environment, span, edges)[0][0])

    def appeared(self, since: int) -> Appeared:
        """Nothing: it tells nobody of what is new."""
        return Appeared(versions=(), newest=since)

    def stirred(self, since: int) -> Stirred:
        """Nothing: it is asked again and again."""
        return Stirred(services=frozenset(), newest=since)

    def kept(self, requests: Requests) -> Kept:
        """All that is there; what was counted stays counted when its rows are gone."""
        del requests
        return Kept()

    def turn(self, requests: Requests) -> threading.RLock:
        """What is held while these are counted."""
        del requests
        return self._turn

    def together(self, asked: Sequence[Sequence[Counting]]) -> AbstractContextManager[None]:
        """Nothing of its own: each document is asked for by itself."""
        del asked
        return nullcontext()

    def touched(self, requests: Requests, since: int) -> Touched:
        """Minutes that are over since, and older ones whose age has doubled."""
        until = minute_floor(self._now())
        seen = self._look(requests, until)
        first = min(seen.firsts.values(), default=None)
        found = self._asking.touched(since, until, first)
        seen.counted_to = found.newest
        return found

    def tally(self, indicators: Sequence[Counting], minutes: Counts | None) -> list[Tallies]:
        """Counts of each indicator at these minutes, which must be given. Raises SourceFailed."""
        if minutes is None:
            raise NotTold("A ClickHouse is asked for some minutes at a time, never for all.")
        refuse_counters(indicators)
        return counting.tally(self._engine, self._tables, indicators, minutes)

    def operations_touched(self, operations: Operations, since: int) -> Touched:
        """Not told here: raises NotTold."""
        del operations, since
        raise NotTold("Operations over several services are joined in the embedded warehouse only.")

    def operations(self, operations: Operations, minutes: Counts | None) -> Tallies:
        """Not told here: raises NotTold."""
        del operations, minutes
        raise NotTold("Operations over several services are joined in the embedded warehouse only.")

    def breakdown(
        self,
        indicator: Indicator,
        columns: Sequence[str],
        burn: Sequence[Span],
        before: Sequence[Span],
    ) -> Breakdown:
        """The requests of a burn and of the time before it, by these columns and by tenant."""
        return breaking_down.breakdown(self._engine, self._tables, indicator, columns, burn, before)

    def split(self, indicator: Counting, span: Span, *, through: str | None = None) -> Split:
        """Counts by minute, version and route; of another service's versions, where asked."""
        return witnessing.split(self._engine, self._tables, indicator, span, through)

    def paths(
        self, indicator: Counting, span: Span, others: Sequence[str], requests: int
    ) -> Mapping[str, Way]:
        """In how many requests of a span each of these services took part."""
        return witnessing.paths(self._engine, self._tables, indicator, span, others, requests)

    def logs(self, indicator: Counting, before: Span, burn: Span) -> Logs:
        """The log records of a burn and of the span right before it; of very many, a sample."""
        return witnessing.logs(self._engine, self._tables, indicator, before, burn)

    def failing(self, indicator: Counting, spans: Sequence[Span], most: int) -> Failing:
        """The newest bad requests of some spans of minutes, so many at most."""
        return counting.failing(self._engine, self._tables, indicator, spans, most)

    def liveness(self, requests: Requests) -> Liveness:
        """When the tables took rows in; complete is what is counted already."""
        until = minute_floor(self._now()) + 1
        seen = self._look(requests, until)
        unseen = tuple(sorted(set(requests.services) - set(seen.firsts)))
        if not seen.firsts:
            return Liveness(first_request=None, as_of=None, alive=(), unseen=unseen)
        first = min(seen.firsts.values())
        pulses = [self._pulses[self._tables.requests.name]]
        if requests.logs_required and self._tables.logs:
            pulses.append(self._pulses[self._tables.logs.name])
        newest = [pulse.newest(until) for pulse in pulses]
        spans = [list(pulse.alive(first, until)) for pulse in pulses]
        ends = [one for one in newest if one]
        return Liveness(
            first_request=first,
            as_of=min([*ends, moment(seen.counted_to)]) if ends else None,
            alive=tuple(spans[0] if len(spans) == 1 else overlap(*spans)),
            unseen=unseen,
            heard=newest[0],
        )

    def _look(self, requests: Requests, until: int) -> _Seen:
        """What is known of requests; services that were not there before are looked for again."""
        seen = self._seen.setdefault(requests, _Seen(firsts={}))
        if len(seen.firsts) < len(requests.services):
            span = Span(max(until - self._asking.history, 0), until)
            seen.firsts = firsts(self._engine, self._tables, requests, span)
        return seen

    def _about(
        self, name: str, service: str, environment: str, span: Span, values: Values
    ) -> Sequence[Sequence[Any]]:
        within = [(span.start, max(span.end - 1, span.start))]
        requests = told.requests(self._tables, ("version", "environment"), within)
        here = "q_environment in ('', {environment:String})" if environment else "true"
        sql = statement(name).format(requests=requests, environment=here)
        return self._engine.rows(sql, {**values, "services": [service], "environment": environment})


def refuse_counters(indicators: Sequence[Counting]) -> None:
    """Raise NotTold where an objective counts with PromQL."""
    for one in indicators:
        if getattr(one, "counters", None):
            raise NotTold("A ClickHouse counts rows: write `good` and `valid`, not `prometheus`.")


def _microseconds(at: datetime) -> int:
    return int(at.timestamp()) * 1_000_000 + at.microsecond


def _moment(microseconds: int) -> datetime:
    seconds, rest = divmod(microseconds, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)
