"""Several threads share a warehouse, each with a connection of its own."""

import threading
from datetime import UTC, datetime

from errorbudget.request import Receipt
from errorbudget.source.duckdb.warehouse import Warehouse

BATCHES = 20
STAGED = "create or replace temp table staged_requests as select * from ({rows}) limit 1"


def test_threads_that_store_at_once_number_their_batches_one_after_the_other(
    warehouse: Warehouse, send
):
    send([{"time": datetime(2026, 7, 20, tzinfo=UTC), "service": "shop"}])
    sql = STAGED.format(rows="select line, * exclude (batch, line, minute) from requests")

    def store(name: str) -> None:
        own = warehouse.another()
        for number in range(BATCHES):
            own.connection.execute(sql)
            own.add_requests(Receipt(feed=name, key=f"{name} {number}", position=0, line=0))

    threads = [threading.Thread(target=store, args=(name,)) for name in ("one", "other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    rows = warehouse.connection.execute("select batch from receipt order by 1").fetchall()
    assert [batch for (batch,) in rows] == list(range(1, 2 * BATCHES + 2))


def test_a_snapshot_does_not_see_what_is_stored_meanwhile(warehouse: Warehouse, send):
    send([{"time": datetime(2026, 7, 20, tzinfo=UTC), "service": "shop"}])
    reading = warehouse.another()

    with reading.snapshot():
        before = reading.stirred(-1).newest
        send([{"time": datetime(2026, 7, 20, tzinfo=UTC), "service": "shop"}])
        within = reading.stirred(-1).newest
    after = reading.stirred(-1).newest

    assert (before, within, after) == (1, 1, 2)
