"""What the warehouse remembers of a batch."""

import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from errorbudget.errors import HomeBusy
from errorbudget.request import Added, Corrected, Receipt
from errorbudget.source.duckdb.warehouse import Seen, Warehouse

NOW = datetime(2026, 7, 2, tzinfo=UTC)


def table(warehouse: Warehouse, name: str) -> list[tuple]:
    return warehouse.connection.execute(f"select * from {name} order by all").fetchall()


def minute(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() // 60)


def request(time: str, **columns: object) -> dict[str, object]:
    return {"time": time, "service": "shop", "status": 200} | columns


def test_a_batch_is_stored_with_the_minutes_it_touches(warehouse, send):
    added = send([request("2026-07-01 10:00:01"), request("2026-07-01 10:00:59"),
                  request("2026-07-01 10:02:00")])  # fmt: skip

    ten = minute("2026-07-01 10:00")
    assert added == Added(stored=3, duplicates=0)
    assert table(warehouse, "touched") == [(1, "shop", ten, 2), (1, "shop", ten + 2, 1)]
    assert warehouse.services() == [Seen(service="shop", first=ten, last=ten + 2, requests=3)]


def test_a_batch_sent_twice_counts_once(warehouse, send):
    send([request("2026-07-01 10:00")], key="k")

    assert send([request("2026-07-01 10:00")], key="k") == Added(stored=0, duplicates=1)
    assert len(table(warehouse, "requests")) == 1
    assert len(table(warehouse, "receipt")) == 1


def test_the_same_key_of_another_feed_is_another_batch(send):
    send([request("2026-07-01 10:00")], key="k", feed="one")

    assert send([request("2026-07-01 10:00")], key="k", feed="two").stored == 1


@pytest.mark.parametrize(
    ("time", "columns", "stored"),
    [
        ("2026-07-01 10:00:00", {}, 0),
        ("2026-07-01 11:00:00", {}, 0),
        ("2026-07-01 09:00:00", {}, 0),
        ("2026-07-01 11:00:01", {}, 1),
        ("2026-07-01 10:00:00", {"service": "search"}, 1),
        ("2026-07-01 10:00:00", {"trace_id": "t2"}, 1),
    ],
)
@pytest.mark.parametrize("together", [True, False])
def test_a_span_is_recognised_within_an_hour_of_its_time(send, time, columns, stored, together):
    first = request("2026-07-01 10:00", trace_id="t", span_id="s")
    second = request(time, **({"trace_id": "t", "span_id": "s"} | columns))

    if together:
        assert send([first, second]) == Added(stored=1 + stored, duplicates=1 - stored)
    else:
        send([first])
        assert send([second]) == Added(stored=stored, duplicates=1 - stored)


def test_rows_without_a_span_are_all_different(send):
    assert send([request("2026-07-01 10:00")] * 3) == Added(stored=3, duplicates=0)


def test_missing_text_is_empty_and_missing_numbers_are_null(warehouse, send):
    send([{"time": "2026-07-01 10:00", "service": "shop", "route": None, "attributes": None,
           "is_bot": None}])  # fmt: skip
    send([{"time": "2026-07-01 10:00", "service": "", "request_id": None}], kind="logs")

    stored = warehouse.connection.execute(
        "select * exclude (batch, line, minute, time, mark) from requests"
    )
    assert stored.fetchall() == [("shop", "", "", None, None, "", "", "", "", "", "", False, {})]
    assert warehouse.connection.execute("select request_id from logs").fetchall() == [("",)]


def test_the_newest_receipt_of_each_feed_is_remembered(warehouse, send):
    send([request("2026-07-01 10:00")], feed="a.log", key="1", position=10)
    send([request("2026-07-01 10:00")], feed="b.log", key="2", position=10)
    send([request("2026-07-01 10:00")], feed="a.log", key="3", position=20)

    assert warehouse.receipts() == [
        Receipt(feed="b.log", key="2", position=10, line=0),
        Receipt(feed="a.log", key="3", position=20, line=0),
    ]


def test_an_empty_piece_of_a_file_still_moves_its_receipt(warehouse, send):
    assert send([], feed="a.log", key="1", position=10) == Added(stored=0, duplicates=0)
    assert warehouse.receipts() == [Receipt(feed="a.log", key="1", position=10, line=0)]


def test_corrections_reach_the_requests_that_are_known(warehouse, send):
    send([request("2026-07-01 10:00", trace_id="t1"), request("2026-07-01 10:00")])

    corrected = warehouse.add_corrections("shop", ["t1", "t9", "t1", ""], "bad", "lost order", NOW)

    assert corrected == Corrected(corrected=1, unknown=("t9", ""))
    assert [row[2:] for row in table(warehouse, "corrections")] == [
        ("shop", "t1", "bad", "lost order")
    ]


def test_a_correction_told_twice_is_one(warehouse, send):
    send([request("2026-07-01 10:00", trace_id="t1")])

    for verdict in ("bad", "bad", "good", "bad"):
        warehouse.add_corrections("shop", ["t1"], verdict, "lost order", NOW)

    assert sorted(row[4] for row in table(warehouse, "corrections")) == ["bad", "bad", "good"]


WAITING = """
import sys
from pathlib import Path
from errorbudget.source.duckdb.warehouse import Warehouse
warehouse = Warehouse.open(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.read()
"""


def test_a_second_process_is_told_that_the_home_is_busy(tmp_path):
    path = tmp_path / "warehouse.duckdb"
    other = subprocess.Popen(
        [sys.executable, "-c", WAITING, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdout is not None
    other.stdout.readline()

    with pytest.raises(HomeBusy, match="another process"):
        Warehouse.open(path)

    other.communicate()


def test_leftovers_of_a_killed_run_are_removed(tmp_path):
    path = tmp_path / "warehouse.duckdb"
    Warehouse.open(path).close()
    (tmp_path / "staging" / "piece").write_text("half")

    with Warehouse.open(path) as again:
        assert list(again.staging.iterdir()) == []


def test_a_failed_batch_leaves_nothing(warehouse, send):
    with pytest.raises(Exception, match="NOT NULL"):
        send([request("2026-07-01 10:00"), request("2026-07-01 10:00", service=None)])

    assert table(warehouse, "requests") == table(warehouse, "receipt") == []


KILLED = """
import sys
from pathlib import Path
from errorbudget.request import Receipt
from errorbudget.source.duckdb.warehouse import Warehouse
warehouse = Warehouse.open(Path(sys.argv[1]))
print("open", flush=True)
number = len(warehouse.connection.execute("from receipt").fetchall())
while True:
    warehouse.connection.execute(f'''create or replace temp table staged_requests as
        select range as line, timestamp '2026-07-01' + to_minutes({number} * 60 + range % 60)
            as time, 'shop' as service, '' as route, '' as method, 200 as status,
            1.0::double as duration_ms, '' as tenant,
            '' as version, '' as region, '' as environment, '' as trace_id,
            '' as span_id, false as is_bot, map {{}}::map(varchar, varchar) as attributes
        from range(6000)''')
    warehouse.add_requests(Receipt(feed="f", key=str(number), position=number + 1, line=0))
    number += 1
"""


def test_a_kill_at_any_moment_leaves_whole_batches(tmp_path: Path):
    path = tmp_path / "warehouse.duckdb"
    for pause in (0.01, 0.05, 0.1, 0.15, 0.2, 0.25):
        other = subprocess.Popen([sys.executable, "-c", KILLED, path], stdout=subprocess.PIPE)
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(pause)
        other.send_signal(signal.SIGKILL)
        other.communicate()

    with Warehouse.open(path) as warehouse:
        batches = [row[0] for row in table(warehouse, "receipt")]
        assert batches == list(range(1, len(batches) + 1))
        assert len(batches) > 6
        rows = warehouse.connection.execute(
            "select batch, count(*), count(distinct minute) from requests group by 1 order by 1"
        ).fetchall()
        assert rows == [(batch, 6000, 60) for batch in batches]
        touched = warehouse.connection.execute(
            "select batch, sum(requests), count(*) from touched group by 1 order by 1"
        ).fetchall()
        assert touched == rows
        assert [row[0] for row in table(warehouse, "alive")] == batches
