"""An open home of its own for every test that asks, with its records on each engine."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from databases import Databases
from errorbudget.store.database import Database
from errorbudget.store.home import Home
from errorbudget.store.schema import metadata


@pytest.fixture(scope="session")
def emptied(postgresql: Databases, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], str]:
    """A database with every table and no row, and what makes it so again."""
    url = postgresql.new()
    Home.open(tmp_path_factory.mktemp("migrated"), create=True, store=url).close()
    names = ", ".join(f'"{name}"' for name in metadata.tables)

    def again() -> str:
        database = Database.postgresql(url)
        with database.writing() as connection:
            connection.execute(text(f"truncate {names} restart identity cascade"))
        database.close()
        return url

    return again


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> str:
    """Where a home keeps its records: the address of a database, or empty for its own file."""
    if request.param == "sqlite":
        return ""
    return request.getfixturevalue("emptied")()


@pytest.fixture
def opened(home: Path, store: str) -> Iterator[Home]:
    """A new home, held by this test."""
    with Home.open(home, create=True, store=store) as one:
        yield one
