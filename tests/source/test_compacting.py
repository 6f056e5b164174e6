"""What senders' batches touched is told in fewer rows, and means the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from errorbudget.request import Receipt
from errorbudget.source.duckdb.warehouse import Warehouse

FIRST = 29_000_000
"""A minute of 2025."""


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path / "warehouse.duckdb") as warehouse:
        for minute in range(FIRST, FIRST + 40):
            if minute - FIRST in range(10, 30):
                continue
            for part in range(3):
                send(warehouse, minute, f"{minute}-{part}")
        yield warehouse


def send(warehouse: Warehouse, minute: int, key: str) -> None:
    warehouse.connection.execute(
        f"""
        create or replace temp table staged_requests as
        select
            1 as line, make_timestamp({minute * 60_000_000}) as time, 'shop' as service,
            '' as route, '' as method, 200 as status, 1.0 as duration_ms, '' as tenant,
            '' as version, '' as region, '' as environment, '' as trace_id, '{key}' as span_id,
            false as is_bot, map {{}} as attributes
        """
    )
    warehouse.add_requests(Receipt(feed="otlp", key=key, position=0, line=0))


def told(warehouse: Warehouse) -> tuple[object, ...]:
    sql = (Path(__file__).parents[2] / "src/errorbudget/source/duckdb/alive.sql").read_text()
    alive = warehouse.connection.execute(sql.format(kind="requests"), {"services": ["shop"]})
    return alive.fetchall(), warehouse.services(), warehouse.stirred(0), warehouse.stirred(1)


def rows(warehouse: Warehouse, table: str) -> int:
    return warehouse.connection.execute(f"select count(*) from {table}").fetchone()[0]  # pyright: ignore[reportOptionalSubscript]


def test_fewer_rows_tell_the_same(warehouse: Warehouse) -> None:
    before = told(warehouse)

    warehouse.compact(FIRST + 100)

    assert told(warehouse) == before
    assert (rows(warehouse, "touched"), rows(warehouse, "alive")) == (20, 2)


def test_what_is_recent_stays_as_it_was_told(warehouse: Warehouse) -> None:
    warehouse.compact(FIRST + 30)

    assert (rows(warehouse, "touched"), rows(warehouse, "alive")) == (10 + 30, 1 + 30)
