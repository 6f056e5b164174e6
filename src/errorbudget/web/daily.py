"""What is done once a day while the server runs, in a thread of its own."""

import logging
import threading
from collections.abc import Callable
from datetime import date
from typing import Final

from errorbudget import clock

LOG = logging.getLogger(__name__)

LOOKS: Final = 60.0
"""Seconds between two looks at the calendar."""


class Daily:
    """Does some things once a day, and a minute after it was started, one after the other."""

    def __init__(self, *works: Callable[[], object]) -> None:
        self._works = works
        self._done: date | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="errorbudget-daily")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is under way is waited for."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(LOOKS):
            today = clock.now().date()
            if today != self._done:
                for work in self._works:
                    self._attempt(work)
                self._done = today

    def _attempt(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception:  # tomorrow is another day; the rest of the server goes on
            LOG.exception("what is done once a day could not be done")
