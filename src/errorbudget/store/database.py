"""How is a database opened so that what is committed is on disk, and writers do not collide?"""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event

PREPARATION: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA fullfsync = ON",
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 5000",
)


class Database:
    """The engine behind the records, with two doors: one to read, one to write."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writing = engine.execution_options(writes=True)
        self._glancing = engine.execution_options(session=True)
        self._turn = threading.Lock()

    @classmethod
    def sqlite(cls, file: Path) -> "Database":
        """A database in one file, made when missing."""
        engine = create_engine(f"sqlite:///{file}")
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
        return cls(engine)

    @classmethod
    def postgresql(cls, url: str) -> "Database":
        """A database that several processes may share. Raises Failure."""
        from errorbudget.store import postgresql

        return cls(postgresql.connected(url))

    @property
    def is_file(self) -> bool:
        """Whether it is a file of this home, which nobody else opens."""
        return self.engine.dialect.name == "sqlite"

    @property
    def name(self) -> str:
        """What a person calls it."""
        if self.is_file:
            return self.engine.url.database or ""
        from errorbudget.store.postgresql import named

        return named(self.engine)

    @contextmanager
    def reading(self) -> Generator[Connection]:
        """One consistent view of the records."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def glancing(self) -> Generator[Connection]:
        """The same for one statement alone, which needs no transaction to be consistent."""
        with self._glancing.connect() as connection:
            try:
                yield connection
            except BaseException:
                # Without a transaction to undo nobody would notice that the session is gone.
                connection.invalidate()
                raise

    @contextmanager
    def writing(self) -> Generator[Connection]:
        """One transaction, on disk when the block ends and undone when it raises."""
        # Threads queue here: SQLite would let them sleep and try again, ever longer.
        with self._turn, self._writing.begin() as connection:
            yield connection

    def recovered_frames(self) -> int:
        """How many frames of the write-ahead log SQLite takes for whole; asked before any write."""
        with self.engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None, "a connection that is open"  # noqa: S101
            # Outside a transaction, where SQLAlchemy would begin one.
            (_busy, frames, _moved) = raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        return max(frames, 0)

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


def _prepare(dbapi: Any, _record: object) -> None:
    # Python's own implicit BEGIN is switched off: it would start writers as readers.
    dbapi.isolation_level = None
    for pragma in PREPARATION:
        dbapi.execute(pragma)


def _begin(connection: Connection) -> None:
    # A writer takes its lock before it reads, so that what it read still holds when it writes.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
