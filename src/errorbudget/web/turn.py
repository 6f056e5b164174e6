"""Whose turn is it with a source? A connection answers one question at a time."""

import threading
from collections.abc import Generator
from contextlib import contextmanager

from errorbudget.source.sources import Sources


class Turn:
    """A source that many ask and one holds."""

    def __init__(self, source: Sources) -> None:
        self.source = source
        """Only to be given to what asks it while the turn is held."""
        self._lock = threading.Lock()

    @contextmanager
    def held(self) -> Generator[Sources]:
        """The source, for as long as the block lasts."""
        with self._lock:
            yield self.source

    @contextmanager
    def steady(self) -> Generator[Sources]:
        """The source, and every question in the block sees the same rows."""
        with self._lock, self.source.snapshot():
            yield self.source
