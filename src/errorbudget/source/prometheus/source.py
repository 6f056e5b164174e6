"""A Prometheus as a source: requests as its counters tell them, and nothing that only rows can."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NoReturn

from errorbudget import clock
from errorbudget.ledger.spans import overlap, union
from errorbudget.ledger.window import Span, minute_floor, moment
from errorbudget.request import Kept
from errorbudget.source import Appeared, Failing, Liveness, Logs, NotTold, Stirred, Touched, Version
from errorbudget.source.asking import Asking
from errorbudget.source.prometheus.counting import Counted
from errorbudget.source.prometheus.fetching import BEFORE, Fetching
from errorbudget.source.prometheus.queries import present

if TYPE_CHECKING:
    from errorbudget.burn.breakdown import Breakdown
    from errorbudget.burn.correlation import Split, Way
    from errorbudget.ledger.tally import Counts, Tallies
    from errorbudget.objective.indicator import Counting, Indicator, Operations, Requests
    from errorbudget.source.prometheus.api import Api

DAY: Final = 1440
USUAL: Final = Asking(history=92 * DAY, late=5)
_STEP: Final = BEFORE
"""Minutes: a counter is there as long as its server takes its last scrape for the present."""


@dataclass(slots=True)
class _Seen:
    """What was found out about a document's counters."""

    alive: tuple[Span, ...] = ()
    asked_from: int = -1
    asked_to: int = 0
    counted_to: int = 0


class Prometheus:
    """Counters of a server; several threads may ask at once."""

    def __init__(
        self,
        api: Api,
        *,
        labels: Mapping[str, str] | None = None,
        asking: Asking = USUAL,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        """`labels` name the label that tells a column, before those that are known."""
        self._api = api
        self._counted = Counted(api, Fetching(api), labels or {})
        self._asking = asking
        self._now = now
        self._turn = threading.RLock()
        self._seen: dict[Requests, _Seen] = {}

    def close(self) -> None:
        """Let go of connections."""
        self._api.close()

    def versions(self, service: str, environment: str, before: datetime) -> list[Version]:
        """None: which requests a version served is told by rows."""
        del service, environment, before
        return []

    def served(self, service: str, environment: str, since: datetime, until: datetime) -> int:
        """None that are known of, for the same reason."""
        del service, environment, since, until
        return 0

    def appeared(self, since: int) -> Appeared:
        """Nothing: it tells nobody of what is new."""
        return Appeared(versions=(), newest=since)

    def stirred(self, since: int) -> Stirred:
        """Nothing: it is asked again and again."""
        return Stirred(services=frozenset(), newest=since)

    def kept(self, requests: Requests) -> Kept:
        """All that is there; what was counted stays counted when it is gone."""
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
        """Minutes that are over since, and a few before: a scrape may be stored late."""
        until = minute_floor(self._now())
        first = None if since else self._first(requests, until)
        found = self._asking.touched(since, until, first)
        self._of(requests).counted_to = found.newest
        return found

    def tally(self, indicators: Sequence[Counting], minutes: Counts | None) -> list[Tallies]:
        """Counts of each indicator at these minutes, which must be given. Raises SourceFailed."""
        from errorbudget.ledger.tally import Tallies

        if minutes is None:
            raise NotTold("A Prometheus is asked for some minutes at a time, never for all.")
        if not len(minutes):
            return [Tallies.of([], [], []) for _ in indicators]
        return self._counted.tally(indicators, minutes)

    def breakdown(
        self,
        indicator: Indicator,
        columns: Sequence[str],
        burn: Sequence[Span],
        before: Sequence[Span],
    ) -> Breakdown:
        """The requests of a burn and of the time before it, by labels and by tenant."""
        return self._counted.breakdown(indicator, columns, burn, before)

    def split(self, indicator: Counting, span: Span, *, through: str | None = None) -> Split:
        """Counts by minute, version and route, as far as labels tell them."""
        if through is not None:
            _untold("which other services they went through")
        return self._counted.split(indicator, span)

    def operations_touched(self, operations: Operations, since: int) -> Touched:
        """Not told by counters: raises NotTold."""
        del operations, since
        _untold("which belong to one operation")

    def operations(self, operations: Operations, minutes: Counts | None) -> Tallies:
        """Not told by counters: raises NotTold."""
        del operations, minutes
        _untold("which belong to one operation")

    def paths(
        self, indicator: Counting, span: Span, others: Sequence[str], requests: int
    ) -> Mapping[str, Way]:
        """Not told by counters: raises NotTold."""
        del indicator, span, others, requests
        _untold("which other services they went through")

    def logs(self, indicator: Counting, before: Span, burn: Span) -> Logs:
        """Not told by counters: raises NotTold."""
        del indicator, before, burn
        _untold("what was logged of them")

    def failing(self, indicator: Counting, spans: Sequence[Span], most: int) -> Failing:
        """Not told by counters: raises NotTold."""
        del indicator, spans, most
        _untold("which ones failed")

    def liveness(self, requests: Requests) -> Liveness:
        """When the counters of valid requests were there; complete is what is counted already."""
        until = minute_floor(self._now())
        first = self._first(requests, until)
        seen = self._of(requests)
        if first is None:
            return Liveness(first_request=None, as_of=None, alive=(), unseen=requests.services)
        heard = self._newest(requests, seen, until)
        return Liveness(
            first_request=first,
            as_of=min(heard, moment(seen.counted_to)),
            alive=seen.alive,
            heard=heard,
        )

    def _of(self, requests: Requests) -> _Seen:
        return self._seen.setdefault(requests, _Seen())

    def _first(self, requests: Requests, until: int) -> int | None:
        """The first minute in which any of the counters was there."""
        with self._turn:
            self._look(requests, self._of(requests), until)
        alive = self._of(requests).alive
        return alive[0].start if alive else None

    def _look(self, requests: Requests, seen: _Seen, until: int) -> None:
        """Ask when the counters were there, of each minute once."""
        first = max(until - self._asking.history, 0)
        since = seen.asked_to if seen.asked_from >= 0 else first // _STEP * _STEP
        if since + _STEP > until and seen.asked_from >= 0:
            return
        spans = [*seen.alive]
        for what in _present(requests):
            query = f"count({what})"
            for seconds, _ in self._api.steps(query, since * 60, until * 60, _STEP * 60):
                ends = (seconds // 60).tolist()
                spans += [Span(max(end - _STEP, 0), end) for end in ends if end > 0]
        seen.alive = tuple(overlap(union(spans), [Span(0, until)]))
        seen.asked_from, seen.asked_to = first, (until // _STEP) * _STEP

    def _newest(self, requests: Requests, seen: _Seen, until: int) -> datetime:
        """When any of the counters was scraped last, as far as its server takes it for present."""
        stamps = [
            value
            for what in _present(requests)
            for _, _, value in self._api.values(f"max(timestamp({what}))", (until + 1) * 60)
        ]
        if stamps:
            return datetime.fromtimestamp(max(stamps), UTC)
        return moment(seen.alive[-1].end)


def _present(requests: Requests) -> list[str]:
    """What is there as long as counters of valid requests are."""
    return list(dict.fromkeys(one for each in requests.counters for one in present(each.valid)))


def _untold(what: str) -> NoReturn:
    raise NotTold(f"Counters tell how many requests there were, and not {what}.")
