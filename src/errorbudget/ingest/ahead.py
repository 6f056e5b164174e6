"""Stages the next pieces of a file while one is being stored, so that no core waits."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from queue import SimpleQueue
from typing import Final, Generic, TypeVar

import duckdb

from errorbudget.errors import Failure
from errorbudget.ingest.staging import Kind, Stage, Staged

Item = TypeVar("Item")
Work = Callable[[Stage, Item, str], Staged]
"""Stages an item in the table of that name."""

ENOUGH: Final = 122_880
"""Rows of a DuckDB row group: from so many on, it writes them once, and not to its log before."""

WORKERS: Final = 2
"""Pieces staged at the same time."""

_runs: Final = count()


def staged(
    connection: duckdb.DuckDBPyConnection,
    kind: Kind,
    stage: Callable[[duckdb.DuckDBPyConnection], Stage],
    items: Iterable[Item],
    work: Work[Item],
    alone: Callable[[Item], bool],
) -> Iterator[list[tuple[Item, Staged]]]:
    """Items in order with what they gave, enough to store at once; `staged_…` holds their rows.

    A last item for which `alone` holds comes apart from those before it.
    When reading the items fails, what was read before still comes; then the Failure is raised.
    """
    with _shared(connection) as (cursors, database), ThreadPoolExecutor(WORKERS) as pool:
        stages = SimpleQueue[Stage]()
        for cursor in cursors:
            stages.put(stage(cursor))
        held = _Held(connection, f"staged_{kind.name}")
        try:
            for item, table, future in _begun(pool, items, database, stages, work):
                staged = future.result()
                if alone(item):
                    yield from held.shown()
                held.add(item, staged, table)
                if held.rows >= ENOUGH:
                    yield from held.shown()
        except Failure:
            yield from held.shown()
            raise
        yield from held.shown()


class _Held(Generic[Item]):
    """What is staged and not yet stored."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, view: str) -> None:
        self._connection = connection
        self._view = view
        self._items: list[tuple[Item, Staged]] = []
        self._tables: list[str] = []
        self.rows = 0

    def add(self, item: Item, staged: Staged, table: str) -> None:
        """Hold one more table of rows."""
        self._items.append((item, staged))
        self._tables.append(table)
        self.rows += staged.rows

    def shown(self) -> Iterator[list[tuple[Item, Staged]]]:
        """Everything held, once, as one view; forgotten when the next is asked for."""
        if not self._items:
            return
        union = " union all ".join(f"from {table}" for table in self._tables)
        self._connection.execute(f"create or replace temp view {self._view} as {union}")
        yield self._items
        self._connection.execute(f"drop view {self._view}")
        for table in self._tables:
            self._connection.execute(f"drop table {table}")
        self._items, self._tables, self.rows = [], [], 0


@contextmanager
def _shared(
    connection: duckdb.DuckDBPyConnection,
) -> Generator[tuple[list[duckdb.DuckDBPyConnection], str]]:
    """Further connections and a database in memory, as temporary tables are not shared."""
    database = f"ahead_{next(_runs)}"
    connection.execute(f"attach ':memory:' as {database}")
    cursors = [connection.cursor() for _ in range(WORKERS)]
    try:
        yield cursors, database
    finally:
        for cursor in cursors:
            cursor.close()
        connection.execute(f"detach {database}")


def _begun(
    pool: ThreadPoolExecutor,
    items: Iterable[Item],
    database: str,
    stages: SimpleQueue[Stage],
    work: Work[Item],
) -> Iterator[tuple[Item, str, Future[Staged]]]:
    """The items in order, each when those after it are being staged as well."""

    def run(item: Item, table: str) -> Staged:
        stage = stages.get()
        try:
            return work(stage, item, table)
        finally:
            stages.put(stage)

    begun = deque[tuple[Item, str, Future[Staged]]]()
    failure = None
    try:
        for number, item in enumerate(items):
            table = f"{database}.staged_{number}"
            begun.append((item, table, pool.submit(run, item, table)))
            if len(begun) > WORKERS:
                yield begun.popleft()
    except Failure as cause:
        failure = cause
    yield from begun
    if failure:
        raise failure
