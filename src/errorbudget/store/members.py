"""Which processes share these records, and which one of them watches?

A process is alone, as the owner of a file would be, or one of several replicas. One of the replicas
leads: it tells people what burns. A leader whose session is gone can write nothing in its name.
"""

import threading
import time
from typing import Final

from sqlalchemy import Connection

from errorbudget.errors import Failure, HomeBusy, Kind
from errorbudget.store.database import Database
from errorbudget.store.postgresql import HOLDING, LEADING, Lock, is_held_by

PAUSE: Final = 0.1
"""Seconds between two tries."""


class Deposed(Failure):
    """Another replica leads now; what this one was about to tell is for that one to tell."""

    kind = Kind.BUSY


class Members:
    """This process among those that share a database; any thread may ask."""

    def __init__(self, database: Database, *, is_replica: bool) -> None:
        self._database = database
        self.is_replica = is_replica
        """Whether others may join."""
        self._holding = Lock(database.engine, HOLDING)
        self._leading = Lock(database.engine, LEADING)
        self._turn = threading.Lock()
        self._terms = 0
        self._refused = -1
        """The last term that was found to be over."""

    def join(self, wait: float) -> None:
        """Share the records, trying for `wait` seconds. Raises HomeBusy."""
        deadline = time.monotonic() + wait
        while not self._holding.take(shared=self.is_replica):
            if time.monotonic() >= deadline:
                raise HomeBusy(
                    f"{self._database.name}: held by "
                    f"{'a server that is alone' if self.is_replica else 'others'};"
                    f" waited {wait:g} s",
                    "ERRORBUDGET_URL names a server that runs; several run together with"
                    " `errorbudget serve --replica` each.",
                )
            time.sleep(PAUSE)

    @property
    def is_leading(self) -> bool:
        """Whether this process watches and tells, as far as it knows."""
        if not self.is_replica:
            return True
        return self._leading.session != 0 and self._refused != self._terms

    def leads(self) -> int:
        """The term in which this process watches and tells; it takes over where nobody does.

        0 where it does not. Another term means that another may have led meanwhile: what is
        remembered of an earlier one is to be forgotten. One whose session ended leads no longer,
        even where nobody else does; it takes over when it asks again. Raises HomeBusy where the
        database came back and others were first.
        """
        with self._turn:
            if not self._holding.is_held:
                self.join(0)
            if not self.is_replica:
                return 1
            led = self._leading.session != 0
            if self.is_leading and self._leading.is_held:
                return self._terms
            self._leading.release()
            # Before it is taken: nothing of an earlier term passes for this one's.
            self._terms += 1
            if led or not self._leading.take():
                return 0
            # What the one before had under way is on disk, or will be refused: see `confirm`.
            with self._database.writing():
                return self._terms

    def confirm(self, connection: Connection, term: int) -> None:
        """Raise Deposed in a writing transaction of one whose term is over."""
        lock, terms = (self._leading, self._terms) if self.is_replica else (self._holding, 1)
        if term != terms or not is_held_by(connection, lock):
            self._refused = term
            raise Deposed("another replica watches now; this one goes on answering")

    def leave(self) -> None:
        """Let the others go on without this one."""
        self._leading.release()
        self._holding.release()
