"""What is known now? Evaluated again and again by one thread, read from memory by all others."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Final

from errorbudget import clock
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.program.gate.sight import Sight, returns
from errorbudget.program.watching.vigil import Snapshot
from errorbudget.program.watching.watching import Watch
from errorbudget.source.sources import Sources

LOG = logging.getLogger(__name__)

PATIENCE: Final = 10.0
"""Seconds that a reader waits for what was just written to be evaluated."""
OVERDUE: Final = 15.0
"""Seconds without an evaluation after which the server is not ready."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """How the evaluation is doing."""

    at: datetime | None
    ticks: int
    seconds: float
    """How long the last took."""
    age: float | None
    """Seconds since the last that succeeded; None where none did."""
    problem: str


class Current:
    """The newest evaluation, and the thread that renews it."""

    def __init__(
        self, watch: Watch, source: Sources, every: float, loaded: Callable[[], int]
    ) -> None:
        self._watch = watch
        self._loaded = loaded
        """How much was ever loaded, when asked."""
        self._evaluated = 0
        self._source = source
        self._every = every
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._turn = threading.Condition()
        self._wanted = 0
        self._begun = 0
        self._done = 0
        self._ticks = 0
        self._seconds = 0.0
        self._renewed: float | None = None
        self._problem = ""
        self._thread = threading.Thread(target=self._run, name="errorbudget-watch")

    def start(self) -> None:
        """Evaluate, again and again."""
        self._thread.start()

    def stop(self) -> None:
        """Evaluate no more."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def pulse(self) -> Pulse:
        """How the evaluation is doing."""
        age = None if self._renewed is None else time.monotonic() - self._renewed
        return Pulse(
            at=self.snapshot.at if self.snapshot else None,
            ticks=self._ticks,
            seconds=self._seconds,
            age=age,
            problem=self._problem,
        )

    @property
    def snapshot(self) -> Snapshot | None:
        """What was found last; None before the first evaluation."""
        return self._watch.snapshot

    def changed(self) -> None:
        """Something was written that readers expect to see."""
        with self._turn:
            self._wanted += 1
        self._wake.set()

    @property
    def is_behind(self) -> bool:
        """Whether something was loaded that no evaluation has seen."""
        return self._loaded() != self._evaluated

    @property
    def is_settled(self) -> bool:
        """Whether what was written before is evaluated."""
        with self._turn:
            return self._done >= self._wanted

    def settled(self, patience: float = PATIENCE) -> None:
        """Return when what was written before is evaluated, or patience ends."""
        with self._turn:
            wanted = self._wanted
            self._turn.wait_for(lambda: self._done >= wanted, patience)

    def renew(self) -> None:
        """Evaluate once, now; only where the thread does not run."""
        with self._turn:
            self._begun, loaded = self._wanted, self._loaded()
        started = time.monotonic()
        self._attempt()
        self._seconds = time.monotonic() - started
        with self._turn:
            self._done, self._evaluated = self._begun, loaded
            self._turn.notify_all()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            self.renew()
            self._wake.wait(self._every)

    def _attempt(self) -> None:
        try:
            with self._source.snapshot():
                self._watch.tick(clock.now())
        except Exception as cause:  # whatever it is must not end the watch for good
            self._problem = f"{type(cause).__name__}: {cause}"
            LOG.exception("the budgets could not be evaluated; trying again")
            return
        self._problem = ""
        self._ticks += 1
        self._renewed = time.monotonic()


def known(snapshot: Snapshot, document: ObjectiveDocument) -> Sight | None:
    """What the gate sees of exactly this document; None where it is not evaluated."""
    book, budgets = snapshot.book, snapshot.budgets
    if budgets is None:
        return None
    # Of ten thousand budgets only these few are made: a gate is asked for one service.
    rows = [row for row, promise in enumerate(book.promises) if promise.document is document]
    if not rows:
        return None
    standings = [book.standing(row, budgets[row]) for row in rows]
    return Sight(
        standings=standings,
        alerts={
            one.objective: snapshot.word(row) for row, one in zip(rows, standings, strict=True)
        },
        # Many ask between two evaluations, and all of them hear the same.
        returns=cache(partial(returns, book, rows, standings)),
    )
