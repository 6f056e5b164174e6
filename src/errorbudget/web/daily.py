"""What is done once a day while the server runs."""

import logging
from collections.abc import Callable
from datetime import date
from typing import Final

from errorbudget import clock
from errorbudget.web.repeating import Repeating

LOG = logging.getLogger(__name__)

LOOKS: Final = 60.0
"""Seconds between two looks at the calendar."""


class Daily(Repeating):
    """Does some things once a day, and a minute after it was started, one after the other.

    Where something is not ours to do now, which `is_ours` says, it is done that day when it is.
    """

    def __init__(
        self, *works: Callable[[], object], is_ours: Callable[[], bool], every: float = LOOKS
    ) -> None:
        super().__init__("daily", every, self._look)
        self._is_ours = is_ours
        self._works = works
        self._done: date | None = None

    def _look(self) -> None:
        today = clock.now().date()
        if today != self._done and self._is_ours():
            for work in self._works:
                self._attempt(work)
            self._done = today

    def _attempt(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception:  # tomorrow is another day; the rest of the server goes on
            LOG.exception("what is done once a day could not be done")
