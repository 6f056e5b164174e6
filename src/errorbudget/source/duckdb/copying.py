"""A copy of the warehouse as it is at one moment, while others go on reading and writing."""

import secrets
from pathlib import Path
from typing import Final

import duckdb

NAME: Final = "copy.duckdb"


def copied(connection: duckdb.DuckDBPyConnection, staging: Path) -> Path:
    """A new file in the staging folder with everything that is in the warehouse now."""
    file = staging / NAME
    file.unlink(missing_ok=True)
    # No parameter can stand for a file's name; a quote in a folder's name is doubled.
    named = str(file).replace("'", "''")
    ((current,),) = connection.execute("select current_database()").fetchall()
    # Of its own: all connections to a warehouse share the names of what is attached.
    copy = f"copy_{secrets.token_hex(8)}"
    connection.execute(f"attach '{named}' as {copy}")
    try:
        connection.execute(f'copy from database "{current}" to {copy}')
    finally:
        connection.execute(f"detach {copy}")
    return file
