"""Acknowledged batches reach the warehouse, each row once."""

import itertools
import subprocess
import sys
import time

import orjson
import pytest

from errorbudget.ingest.frame import Batch
from errorbudget.ingest.journal import Busy, JournalLimits
from errorbudget.ingest.stream import Pace, Stream
from errorbudget.source.duckdb.warehouse import Warehouse

TEXTS = ("route", "method", "tenant", "version", "region", "environment", "trace_id")


def row(number: int, **fields: object) -> bytes:
    known = dict.fromkeys(TEXTS, "") | {
        "time": 1_784_556_000_000_000 + number * 1_000_000,
        "service": "shop",
        "status": 200,
        "duration_ms": 1.5,
        "span_id": "",
        "is_bot": False,
        "attributes": {"number": str(number)},
    }
    return orjson.dumps(known | fields, option=orjson.OPT_APPEND_NEWLINE)


def numbers(warehouse: Warehouse) -> list[int]:
    sql = "select cast(attributes['number'] as integer) as n from requests order by n"
    return [number for (number,) in warehouse.connection.execute(sql).fetchall()]


@pytest.fixture
def warehouse(tmp_path):
    with Warehouse.open(tmp_path / "warehouse.duckdb") as opened:
        yield opened


def test_rows_of_equal_content_all_count(tmp_path, warehouse):
    stream = Stream.open(tmp_path / "journal", warehouse)
    stream.accept("requests", Batch(feed="f", rows=row(1) * 3))
    stream.accept("requests", Batch(feed="f", rows=row(1)))

    assert stream.load() == 4
    assert (stream.state.loaded, stream.state.unloaded) == (4, 0)
    assert list((tmp_path / "journal").rglob("*.ndjson")) == []
    assert list(warehouse.staging.iterdir()) == []
    stream.close()


def test_text_of_any_kind_survives(tmp_path, warehouse):
    texts = ["", "é\u2028\0\x1f", 'quote " back \\ slash', "🛒", "a\nb\r\nc", "null"]
    stream = Stream.open(tmp_path / "journal", warehouse)
    for number, text in enumerate(texts):
        attributes = {"number": str(number), text: text}
        rows = row(number, route=text, attributes=attributes)
        stream.accept("requests", Batch(feed="f", rows=rows))
    stream.close()

    stored = warehouse.connection.execute(
        "select route, attributes from requests order by time"
    ).fetchall()
    assert stored == [(text, {"number": str(n), text: text}) for n, text in enumerate(texts)]


def test_a_thread_loads_what_is_acknowledged(tmp_path, warehouse):
    stream = Stream.open(tmp_path / "journal", warehouse, Pace(every=0.02))
    stream.start()
    for number in range(50):
        stream.accept("requests", Batch(feed="f", rows=row(number)))
    deadline = time.monotonic() + 20
    while stream.state.loaded < 50 and time.monotonic() < deadline:
        time.sleep(0.01)
    stream.close()

    assert numbers(warehouse) == list(range(50))


def test_what_was_not_loaded_is_loaded_by_the_next_run(tmp_path, warehouse):
    first = Stream.open(tmp_path / "journal", warehouse)
    first.accept("requests", Batch(feed="f", rows=row(1)))
    first.journals["requests"].close()

    second = Stream.open(tmp_path / "journal", warehouse)
    assert second.journals["requests"].recovered.batches == 1
    second.close()
    assert numbers(warehouse) == [1]


def test_a_segment_loaded_before_a_kill_is_not_loaded_again(tmp_path, warehouse):
    stream = Stream.open(tmp_path / "journal", warehouse)
    stream.accept("requests", Batch(feed="f", rows=row(1) + row(2)))
    (segment,) = stream.journals["requests"].rotate()
    content = segment.path.read_bytes()
    stream.load()
    segment.path.write_bytes(content)

    again = Stream.open(tmp_path / "journal", warehouse)
    assert again.load() == 0
    assert again.state.duplicates == 2
    assert numbers(warehouse) == [1, 2]
    stream.close()


def test_senders_of_one_segment_have_receipts_of_their_own(tmp_path, warehouse):
    stream = Stream.open(tmp_path / "journal", warehouse)
    for number, (feed, key) in enumerate([("a", ""), ("b", ""), ("a", "k"), ("a", "")]):
        stream.accept("requests", Batch(feed=feed, key=key, rows=row(number)))
    stream.close()

    receipts = warehouse.connection.execute("select feed, key from receipt").fetchall()
    assert sorted((feed, key if key == "k" else "segment") for feed, key in receipts) == [
        ("a", "k"),
        ("a", "segment"),
        ("b", "segment"),
    ]
    assert numbers(warehouse) == [0, 1, 2, 3]


def accept_until_busy(stream: Stream) -> int:
    for accepted in itertools.count():
        try:
            stream.accept("requests", Batch(feed="f", rows=row(accepted)))
        except Busy:
            return accepted
    raise AssertionError


def test_a_warehouse_that_fails_is_tried_again_and_senders_are_held_off(tmp_path, warehouse):
    limits = JournalLimits(unloaded=1_000)
    stream = Stream.open(tmp_path / "journal", warehouse, Pace(every=0.02, limits=limits))
    warehouse.connection.execute("alter table receipt rename to away")
    stream.start()
    accepted = accept_until_busy(stream)
    deadline = time.monotonic() + 20
    while not stream.state.problem and time.monotonic() < deadline:
        time.sleep(0.01)

    assert "receipt" in stream.state.problem
    stream.close()
    warehouse.connection.execute("alter table away rename to receipt")
    again = Stream.open(tmp_path / "journal", warehouse)
    assert again.load() == accepted > 1
    assert again.state.problem == ""
    again.close()


def test_a_segment_that_cannot_be_read_is_set_aside_and_kept(tmp_path, warehouse):
    stream = Stream.open(tmp_path / "journal", warehouse)
    stream.accept("requests", Batch(feed="f", rows=b'{"time": "never"}\n'))
    stream.load()
    stream.accept("requests", Batch(feed="f", rows=row(1)))
    stream.close()

    assert stream.state.set_aside == 1
    assert len(list((tmp_path / "journal" / "unreadable").iterdir())) == 1
    assert numbers(warehouse) == [1]


KILLED = """
import itertools, sys, threading
sys.path.insert(0, sys.argv[3])
from pathlib import Path
from test_stream import row
from errorbudget.ingest.frame import Batch
from errorbudget.ingest.journal import JournalLimits
from errorbudget.ingest.stream import Pace, Stream
from errorbudget.source.duckdb.warehouse import Warehouse
home = Path(sys.argv[1])
stream = Stream.open(home / "journal", Warehouse.open(home / "warehouse.duckdb"),
    Pace(every=0.03, limits=JournalLimits(segment=20_000)))
stream.start()
numbers = itertools.count(int(sys.argv[2]))
lock = threading.Lock()
def send():
    while True:
        with lock:
            number = next(numbers)
        stream.accept("requests", Batch(feed="f", rows=row(number)))
        sys.stdout.write(f"{number}\\n")
        sys.stdout.flush()
for _ in range(3):
    threading.Thread(target=send).start()
"""


def test_a_kill_at_any_moment_leaves_every_acknowledged_row_once(tmp_path):
    folder = __file__.rpartition("/")[0]
    acknowledged: set[int] = set()
    for round_ in range(6):
        start = round_ * 1_000_000
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, tmp_path, str(start), folder], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        first = process.stdout.readline()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.1 + round_ * 0.08)
        process.kill()
        output, _ = process.communicate()
        acknowledged |= {int(line) for line in (first + output).splitlines(keepends=True)
                         if line.endswith(b"\n")}  # fmt: skip

    with Warehouse.open(tmp_path / "warehouse.duckdb") as warehouse:
        Stream.open(tmp_path / "journal", warehouse).close()
        stored = numbers(warehouse)
    assert len(stored) == len(set(stored))
    assert set(stored) >= acknowledged
    assert len(set(stored) - acknowledged) <= 3 * 6
    assert len(acknowledged) > 200
