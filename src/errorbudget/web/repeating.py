"""What a server does again and again, in a thread of its own."""

import logging
import threading
from collections.abc import Callable
from typing import Final

LOG = logging.getLogger(__name__)

SUCCESSION: Final = 1.0
"""Seconds between two tries to lead where nobody does: a busy watch would try late."""


class Repeating:
    """Does one thing, waits, and does it again until it is stopped; what fails is tried again."""

    def __init__(self, name: str, every: float, does: Callable[[], object]) -> None:
        self._name = name
        self._every = every
        self._does = does
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"errorbudget-{name}")

    def start(self) -> None:
        """Begin, after the first wait."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is under way is waited for."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        failed = False
        while not self._stopping.wait(self._every):
            try:
                self._does()
                failed = False
            except Exception:  # whatever it is must not end it for good
                # Told once, and not with every try of a second.
                level = logging.DEBUG if failed else logging.WARNING
                LOG.log(level, "%s failed; trying again", self._name, exc_info=True)
                failed = True
