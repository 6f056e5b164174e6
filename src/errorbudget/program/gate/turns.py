"""One decision about a change at a time, so that two who ask at once get one entry."""

import threading
from types import TracebackType
from weakref import WeakValueDictionary

from errorbudget.store.decided import Subject


class Turn:
    """To be entered by one thread at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.release()


class Turns:
    """A turn for each change that somebody is asking about, and none for the others."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of = WeakValueDictionary[Subject, Turn]()

    def of(self, subject: Subject) -> Turn:
        """The turn of a change."""
        with self._lock:
            found = self._of.get(subject)
            if found is None:
                found = self._of[subject] = Turn()
            return found
