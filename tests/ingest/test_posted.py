"""A posted body of NDJSON becomes the rows that the same lines in a file would."""

import gzip
from datetime import UTC, datetime

import orjson
import pytest

from errorbudget.ingest.allowed import Allowed
from errorbudget.ingest.frame import Batch
from errorbudget.ingest.posted import PostedLimits, Reading, TooLong
from errorbudget.ingest.stream import Stream

NOW = datetime(2026, 7, 20, 14, 5, tzinfo=UTC)
LINES = b"""\
{"time":"2026-07-20T14:00:00.123456Z","service":"shop","status":200,"duration_ms":1.5,"route":"/a"}
{"time":1784556000000,"service":"shop","status":503,"tenant":"t","colour":"red","is_bot":true}
{"time":"2026-07-20 16:00+02:00","service":"shop","attributes":{"a":"1"},"user_agent":"Googlebot"}
not json
{"time":"2026-07-20T14:01:00Z","status":"many","service":"shop"}
"""


@pytest.fixture
def reading(desk):
    return Reading(desk.warehouse.another().connection, desk.warehouse.staging)


def test_a_posted_body_and_a_file_of_the_same_lines_give_the_same_rows(desk, reading, tmp_path):
    posted = reading.read(LINES, NOW)
    columns = "* exclude (batch)"

    stream = Stream.open(tmp_path / "journal", desk.warehouse.another())
    stream.accept("requests", Batch(feed="sender", rows=posted.rows))
    stream.load()
    by_post = desk.rows(columns)
    desk.warehouse.connection.execute("delete from requests")
    desk.take(LINES)
    by_file = desk.rows(columns)

    assert by_post == by_file
    assert posted.taken == 3
    assert [(one.line, one.reason) for one in posted.rejected] == desk.rejected()
    assert posted.first == datetime(2026, 7, 20, 14, 0, tzinfo=UTC)


def test_what_a_time_or_a_token_forbids_is_set_aside_with_its_reason(reading):
    body = b"".join(
        orjson.dumps({"time": time, "service": service}) + b"\n"
        for time, service in (
            ("2026-07-20T15:00:00Z", "shop"),
            ("2024-07-20T15:00:00Z", "shop"),
            ("2026-07-20T14:00:00Z", "bank"),
            ("2026-07-20T14:00:00Z", "shop"),
        )
    )

    posted = reading.read(body, NOW, allowed=Allowed(services=frozenset(("shop",))))

    assert posted.taken == 1
    assert [one.line for one in posted.rejected] == [1, 2, 3]
    assert "future" in posted.rejected[0].reason
    assert "older" in posted.rejected[1].reason
    assert "bank" in posted.rejected[2].reason


def test_a_small_zipped_body_that_unzips_to_much_is_refused(reading):
    reading.limits = PostedLimits(body_bytes=1_000_000)

    with pytest.raises(TooLong):
        reading.read(gzip.compress(b'{"time":1}\n' * 1_000_000), NOW)


def test_an_empty_body_holds_nothing(reading):
    assert reading.read(b"", NOW).taken == 0
