"""How does the shop talk to DuckDB? A database in memory, one thread, statements from files."""

from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import duckdb


def opened() -> duckdb.DuckDBPyConnection:
    """A database of its own; one thread, so that what it writes has one order."""
    return duckdb.connect(config={"threads": 1})


def tell(connection: duckdb.DuckDBPyConnection, **variables: Any) -> None:
    """Set the variables that the statements ask for with `getvariable`."""
    for name, value in variables.items():
        connection.execute(f'set variable "{name}" = $1', [value])


def statement(name: str) -> str:
    """The SQL packaged under this name."""
    return files("errorbudget.shop").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


def naive(moment: datetime) -> datetime:
    """DuckDB's TIMESTAMP has no zone; here it is UTC."""
    return moment.astimezone(UTC).replace(tzinfo=None)
