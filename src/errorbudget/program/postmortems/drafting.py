"""Postmortems that draft themselves of what a watch sees burn; the watch never waits for them."""

import logging
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from errorbudget.burn.alert import Phase
from errorbudget.burn.rules import DAY
from errorbudget.errors import Failure
from errorbudget.program.burning.burns import spent
from errorbudget.program.postmortems.postmortems import Postmortems
from errorbudget.program.watching.vigil import Snapshot, Watched
from errorbudget.source.sources import Sources

LOG = logging.getLogger(__name__)

EVERY: Final = timedelta(minutes=1)
"""How often what burns is looked into."""
CORRECTED: Final = timedelta(hours=1)
"""How often the others are compared with what was counted since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Burning:
    """A document's objective whose alert fires."""

    name: str
    objective: str
    due: bool
    """Whether it may have spent more than its document bears, in a day or in requests missed."""


class Drafting:
    """One watch's: `look` is called by its thread after each of its looks, and returns at once."""

    def __init__(self, postmortems: Postmortems, source: Sources) -> None:
        """Both are for its own thread alone."""
        self._postmortems = postmortems
        self._source = source
        self._working = ThreadPoolExecutor(1, thread_name_prefix="errorbudget-postmortems")
        self._under_way: Future[None] | None = None
        self._looked: datetime | None = None
        self._compared: datetime | None = None

    def look(self, snapshot: Snapshot, now: datetime) -> None:
        """Draft what is due of what burns, and bring the rest up to date, where it is time to."""
        if self._under_way is not None and not self._under_way.done():
            return
        if self._looked is not None and timedelta(0) <= now - self._looked < EVERY:
            return
        self._looked = now
        self._under_way = self._working.submit(self._work, [*_burning(snapshot)], now)

    def settle(self) -> None:
        """Return when what is under way is done."""
        if self._under_way is not None:
            self._under_way.result()

    def close(self) -> None:
        """Let what is under way end."""
        self._working.shutdown(wait=True, cancel_futures=True)

    def _work(self, burning: list[Burning], now: datetime) -> None:
        with self._snapshot():
            for one in burning:
                if one.due:
                    self._attempt(one, now)
            standing = {(one.name, one.objective) for one in burning}
            self._tried("bringing postmortems up to date", now, standing)

    def _attempt(self, one: Burning, now: datetime) -> None:
        try:
            drafted = self._postmortems.of_burn_if_due(one.name, one.objective, at=now)
            if drafted is not None:
                LOG.info("%s %s: drafted %s", one.name, one.objective, drafted.kept.id)
        except Failure as failure:
            LOG.warning("%s %s: no postmortem: %s", one.name, one.objective, failure)
        except Exception:
            LOG.exception("%s %s: no postmortem", one.name, one.objective)

    def _tried(self, what: str, now: datetime, standing: set[tuple[str, str]]) -> None:
        try:
            self._postmortems.renew_burning(at=now, standing=standing)
            if self._compared is None or not timedelta(0) <= now - self._compared < CORRECTED:
                self._compared = now
                self._postmortems.refreshed(at=now)
        except Exception:  # what is written stays, and it is tried again
            LOG.exception("%s failed", what)

    def _snapshot(self) -> AbstractContextManager[None]:
        return self._source.snapshot()


def _burning(snapshot: Snapshot) -> Iterator[Burning]:
    for group in snapshot.watched:
        for place, state in enumerate(group.fleet.alerts):
            if state.phase is Phase.FIRING and state.onset is not None:
                row = int(group.rows[place])
                part = snapshot.book.promises[row].part
                # A member of a pool has no document of its own: the pool's is about it too.
                if not part.pool:
                    yield Burning(
                        name=part.document.name,
                        objective=snapshot.book.promises[row].objective,
                        due=_is_due(snapshot, group, place, state.onset),
                    )


def _is_due(snapshot: Snapshot, group: Watched, place: int, onset: int) -> bool:
    if snapshot.budgets is None or group.found is None:
        return False
    row = int(group.rows[place])
    least = snapshot.book.promises[row].document.postmortem.when_spent
    until = int(group.found.ends[place])
    budget = snapshot.budgets[row]
    # From well before the alert on, which says later than it began: a look more is no harm.
    went = spent(snapshot.book, row, onset - DAY, until, budget)
    return bool(group.found.silent[place]) or went >= float(least)
