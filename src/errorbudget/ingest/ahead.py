"""Stages the next piece of a file while one is being stored, so that no core waits."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import count
from typing import Final, TypeVar

import duckdb

from errorbudget.errors import Failure
from errorbudget.ingest.mapping import Maps
from errorbudget.ingest.staging import Kind, Stage, Staged

Item = TypeVar("Item")
Work = Callable[[Stage, Item, str], Staged]
"""Stages an item in the table of that name."""

_runs: Final = count()


def staged(
    connection: duckdb.DuckDBPyConnection,
    kind: Kind,
    service: str,
    maps: Maps,
    items: Iterable[Item],
    work: Work[Item],
) -> Iterator[tuple[Item, Staged]]:
    """Each item with what it gave, in order; `staged_…` holds its rows until the next is asked for.

    When reading the items fails, what was read before still comes; then the Failure is raised.
    """
    view = f"staged_{kind.name}"
    with _shared(connection) as (cursor, database), ThreadPoolExecutor(1) as pool:
        stage = Stage(cursor, kind, service, maps)
        for item, table, future in _begun(pool, items, database, stage, work):
            done = future.result()
            connection.execute(f"create or replace temp view {view} as from {table}")
            yield item, done
            connection.execute(f"drop view {view}")
            connection.execute(f"drop table {table}")


@contextmanager
def _shared(
    connection: duckdb.DuckDBPyConnection,
) -> Generator[tuple[duckdb.DuckDBPyConnection, str]]:
    """A second connection and a database in memory, as temporary tables are not shared."""
    database = f"ahead_{next(_runs)}"
    connection.execute(f"attach ':memory:' as {database}")
    try:
        with closing(connection.cursor()) as cursor:
            yield cursor, database
    finally:
        connection.execute(f"detach {database}")


def _begun(
    pool: ThreadPoolExecutor, items: Iterable[Item], database: str, stage: Stage, work: Work[Item]
) -> Iterator[tuple[Item, str, Future[Staged]]]:
    """The items in order, each when the one after it is being staged as well."""
    begun = deque[tuple[Item, str, Future[Staged]]]()
    failure = None
    try:
        for number, item in enumerate(items):
            table = f"{database}.staged_{number}"
            begun.append((item, table, pool.submit(work, stage, item, table)))
            if len(begun) > 1:
                yield begun.popleft()
    except Failure as cause:
        failure = cause
    yield from begun
    if failure:
        raise failure
