"""What a DuckDB connection may do: use its own file and its staging directory, nothing else."""

from pathlib import Path
from typing import Final

import duckdb

from errorbudget.errors import HomeBusy

MEMORY: Final = 256_000_000
"""Bytes of DuckDB's own: a process that takes files in stays below 500 MB, larger work spills."""

_SETTINGS: Final[dict[str, str | bool | int | float | list[str]]] = {
    "memory_limit": f"{MEMORY}B",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
}


def open_file(path: Path, *, staging: Path, spill: Path, memory: int) -> duckdb.DuckDBPyConnection:
    """A locked connection to the file at `path` that holds so many bytes in memory, at most.

    Raises HomeBusy when another process has it.
    """
    settings = _SETTINGS | {"temp_directory": str(spill), "memory_limit": f"{memory}B"}
    try:
        connection = duckdb.connect(str(path), config=settings)
    except duckdb.IOException as cause:
        if "lock" not in str(cause):
            raise
        raise HomeBusy(
            f"{path}: another process has the warehouse open",
            "wait until it is done, or talk to the server that owns this home (ERRORBUDGET_URL)",
        ) from cause
    return _lock(connection, [str(staging)])


def open_memory() -> duckdb.DuckDBPyConnection:
    """A locked connection to a database of its own, in memory."""
    return _lock(duckdb.connect(":memory:", config=_SETTINGS), [])


def _lock(
    connection: duckdb.DuckDBPyConnection, directories: list[str]
) -> duckdb.DuckDBPyConnection:
    # The order matters: what is allowed can only be said while external access is still on.
    connection.execute("set allowed_directories = $directories", {"directories": directories})
    connection.execute("set enable_progress_bar = false")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection
