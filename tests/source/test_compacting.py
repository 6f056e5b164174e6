"""What senders' batches touched is told in fewer rows, and means the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from errorbudget.request import Receipt
from errorbudget.source.duckdb.warehouse import Warehouse

FIRST = 29_000_000
"""A minute of 2025."""

DAY = 24 * 60


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path / "warehouse.duckdb") as warehouse:
        for minute in range(FIRST, FIRST + 40):
            if minute - FIRST in range(10, 30):
                continue
            for part in range(3):
                send(warehouse, minute, f"{minute}-{part}")
        yield warehouse


def send(warehouse: Warehouse, minute: int, key: str, position: int = 0) -> None:
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
    warehouse.add_requests(Receipt(feed="otlp", key=key, position=position, line=0))


def forgotten(warehouse: Warehouse, *, days: int) -> int:
    """Compact once a day for so many days; how many receipts are left."""
    for day in range(days + 1):
        now = FIRST + 2 * DAY + day * DAY
        warehouse.compact(now - DAY)
        warehouse.forget_receipts(now)
    return rows(warehouse, "receipt")


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


def test_a_batch_sent_again_within_seven_days_counts_once(warehouse: Warehouse) -> None:
    assert forgotten(warehouse, days=6) == 60

    send(warehouse, FIRST + 9 * DAY, f"{FIRST}-0")

    assert rows(warehouse, "requests") == 60


def test_batches_of_senders_are_forgotten_after_seven_days(warehouse: Warehouse) -> None:
    before = told(warehouse)

    left = forgotten(warehouse, days=7)

    assert left == rows(warehouse, "alive") == 2
    assert rows(warehouse, "settled") == 8
    assert told(warehouse) == before
    assert [receipt.key for receipt in warehouse.receipts()] == [f"{FIRST + 39}-2"]


def test_files_are_known_for_good(warehouse: Warehouse) -> None:
    send(warehouse, FIRST, "file", position=100)
    forgotten(warehouse, days=30)

    send(warehouse, FIRST + 5 * DAY, "file", position=100)

    assert rows(warehouse, "requests") == 61


def test_minutes_of_forgotten_batches_are_compacted_with_later_ones(warehouse: Warehouse) -> None:
    forgotten(warehouse, days=7)
    send(warehouse, FIRST, "late")

    warehouse.compact(FIRST + 100)

    assert rows(warehouse, "touched") == 20


def test_a_warehouse_made_before_remembers_its_batches_for_seven_days_more(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    warehouse.connection.execute("drop table settled")
    warehouse.close()

    with Warehouse.open(tmp_path / "warehouse.duckdb") as again:
        assert forgotten(again, days=6) == 60
        assert forgotten(again, days=7) == 2
