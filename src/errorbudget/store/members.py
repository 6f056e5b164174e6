"""Which processes share these records, and which one of them watches?

A process is alone, as the owner of a file would be, or one of several replicas. One of the replicas
leads: it tells people what burns. A leader whose session is gone can write nothing in its name.
"""

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
    """This process among those that share a database."""

    def __init__(self, database: Database, *, is_replica: bool) -> None:
        self._database = database
        self.is_replica = is_replica
        """Whether others may join."""
        self._holding = Lock(database.engine, HOLDING)
        self._leading = Lock(database.engine, LEADING)

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
        return not self.is_replica or self._leading.session != 0

    def leads(self) -> bool:
        """Whether this process watches and tells; it takes over where nobody does.

        One whose session ended leads no longer, even where nobody else does: another may have led
        meanwhile. It takes over when it asks again. Raises HomeBusy where the database came back
        and others were first.
        """
        if not self._holding.is_held:
            self.join(0)
        if not self.is_replica:
            return True
        led = self.is_leading
        if self._leading.is_held:
            return True
        if led or not self._leading.take():
            return False
        # What the one before had under way is on disk, or will be refused: see `confirm`.
        with self._database.writing():
            return True

    def confirm(self, connection: Connection) -> None:
        """Raise Deposed in a writing transaction of one who leads no longer."""
        lock = self._leading if self.is_replica else self._holding
        if not is_held_by(connection, lock):
            lock.release()
            raise Deposed("another replica watches now; this one goes on answering")

    def leave(self) -> None:
        """Let the others go on without this one."""
        self._leading.release()
        self._holding.release()
