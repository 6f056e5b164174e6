"""All records from one database into another, whichever engine each is: bytes as they were."""

from typing import Final

from sqlalchemy import Connection, Integer, Table, func, insert, select, text

from errorbudget.errors import Failure
from errorbudget.store.database import Database
from errorbudget.store.schema import metadata

ROWS: Final = 1000
"""Written at a time."""


def copy_records(source: Database, target: Database) -> dict[str, int]:
    """Every row as of one moment, in one transaction of each; how many, by table.

    Raises Failure where the target has records already: two trails do not become one.
    """
    with source.reading() as reads, target.writing() as writes:
        _refuse_used(writes, target.name)
        told = {table.name: _copy(reads, writes, table) for table in metadata.sorted_tables}
        if not target.is_file:
            for table in metadata.sorted_tables:
                _count_on(writes, table)
    return told


def _refuse_used(connection: Connection, name: str) -> None:
    for table in metadata.sorted_tables:
        if connection.execute(select(table).limit(1)).first() is not None:
            raise Failure(
                f"{name}: has records already ({table.name}); what is moved in is the whole",
                "Name an ERRORBUDGET_HOME that is not there yet, or an empty database.",
            )


def _copy(reads: Connection, writes: Connection, table: Table) -> int:
    rows = reads.execute(select(table).execution_options(yield_per=ROWS))
    count = 0
    for some in rows.mappings().partitions(ROWS):
        writes.execute(insert(table), [dict(row) for row in some])
        count += len(some)
    return count


def _count_on(connection: Connection, table: Table) -> None:
    """Let numbers that the database gives go on after those that came along."""
    key = table.autoincrement_column
    if key is None or not isinstance(key.type, Integer):
        return
    most = connection.execute(select(func.max(key))).scalar()
    if most:
        moved = text("select setval(pg_get_serial_sequence(:name, :column), :most)")
        about = {"name": f'"{table.name}"', "column": key.name, "most": most}
        connection.execute(moved, about)
