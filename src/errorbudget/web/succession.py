"""Who watches when the replica that did is gone? One that tries, in a thread of its own.

A watch that is busy with its look, or gets little of its processor, would try late.
"""

import logging
import threading
from collections.abc import Callable
from typing import Final

LOG = logging.getLogger(__name__)

EVERY: Final = 1.0
"""Seconds between two tries."""


class Succession:
    """Tries again and again to take over where nobody leads."""

    def __init__(self, tries: Callable[[], object], every: float = EVERY) -> None:
        self._tries = tries
        self._every = every
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="errorbudget-succession")

    def start(self) -> None:
        """Begin to try."""
        self._thread.start()

    def stop(self) -> None:
        """Try no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self._every):
            try:
                self._tries()
            except Exception:  # the watch tells what keeps a replica from its records
                LOG.debug("nobody could be asked who leads", exc_info=True)
