"""What JSON records become, and which of them are set aside."""

from datetime import UTC, datetime

import orjson
import pytest

GOOD = {"time": "2026-07-20T14:05:00Z", "service": "checkout"}


def at(*time: int) -> datetime:
    return datetime(*time)  # noqa: DTZ001 -- as the warehouse keeps it: UTC without a zone


def test_every_column_is_stored_under_its_name(desk):
    record = {
        **GOOD,
        "route": "/pay",
        "method": "POST",
        "status": 503,
        "duration_ms": 12.5,
        "tenant": "acme",
        "version": "v1",
        "region": "eu",
        "environment": "production",
        "trace_id": "t1",
        "span_id": "s1",
        "is_bot": True,
        "attributes": {"card": "visa"},
    }
    report = desk.take_records(record)

    assert (report.read, report.stored, report.duplicates, report.rejected) == (1, 1, 0, 0)
    stored = {name: desk.column(name)[0] for name in record}
    assert stored == {**record, "time": at(2026, 7, 20, 14, 5)}


def test_what_is_missing_is_empty_text_a_null_number_and_no_bot(desk):
    desk.take_records(GOOD)

    assert desk.rows("route, tenant, span_id, status, duration_ms, is_bot, attributes") == [
        ("", "", "", None, None, False, {})
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-07-20T14:05:00Z", at(2026, 7, 20, 14, 5)),
        ("2026-07-20T14:05:00.123456Z", at(2026, 7, 20, 14, 5, 0, 123456)),
        ("2026-07-20T14:05:00.123456789Z", at(2026, 7, 20, 14, 5, 0, 123456)),
        ("2026-07-20t14:05:00z", at(2026, 7, 20, 14, 5)),
        ("2026-07-20T16:05:00+02:00", at(2026, 7, 20, 14, 5)),
        ("2026-07-20T16:05:00.5+0200", at(2026, 7, 20, 14, 5, 0, 500000)),
        ("2026-07-20 08:35:00-05:30", at(2026, 7, 20, 14, 5)),
        ("2026-07-20 09:05-05", at(2026, 7, 20, 14, 5)),
        ("2026-07-20 14:05:00", at(2026, 7, 20, 14, 5)),
        ("2026-07-20", at(2026, 7, 20)),
        ("2016-12-31T23:59:60Z", at(2016, 12, 31, 23, 59, 59)),
        (1784556300000, at(2026, 7, 20, 14, 5)),
        ("1784556300000", at(2026, 7, 20, 14, 5)),
        (1784556300000.25, at(2026, 7, 20, 14, 5, 0, 250)),
    ],
)
def test_a_time_is_rfc_3339_or_unix_milliseconds(desk, text, expected):
    report = desk.take_records({**GOOD, "time": text})

    assert desk.column("time") == [expected]
    assert report.first == report.last


@pytest.mark.parametrize(
    "time",
    [
        *("0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "12026-07-20T14:05:00Z"),
        *("2026-02-30T00:00:00Z", "2026-07-20T25:00:00Z", "yesterday", "infinity", "epoch"),
        *("2026-07-20T14:05:00 Europe/Berlin", "20/Jul/2026:14:05:00 +0000", ""),
        *(
            1784556300,
            1784556300000000,
            1e300,
            -1,
            True,
            [1],
            {"s": 1},
            None,
            "99999999999999999999",
        ),
    ],
)
def test_a_time_that_cannot_be_meant_is_set_aside(desk, time):
    report = desk.take(orjson.dumps({**GOOD, "time": time}) + b"\n" + orjson.dumps(GOOD) + b"\n")

    assert (report.stored, report.rejected) == (1, 1)
    [(line, reason)] = desk.rejected()
    assert line == 1
    assert "time" in reason


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("status", "404", 404),
        ("status", 200.0, 200),
        ("status", None, None),
        ("status", "", None),
        ("duration_ms", "12.5", 12.5),
        ("duration_ms", "1e3", 1000.0),
        ("duration_ms", 0, 0.0),
        ("is_bot", "true", True),
        ("is_bot", "FALSE", False),
        ("is_bot", 1, True),
        ("route", 7, "7"),
        ("route", "[id]", "[id]"),
        ("tenant", None, ""),
        ("tenant", "naïve ☕ 𝄞", "naïve ☕ 𝄞"),
    ],
)
def test_a_value_of_another_type_that_means_the_same_is_read(desk, name, value, expected):
    desk.take_records({**GOOD, name: value})

    assert desk.column(name) == [expected]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            ("status", v)
            for v in ("OK", "2xx", -1, 200.5, 1e300, True, [200], {"code": 200}, "1_000")
        ),
        *(("duration_ms", v) for v in (-0.5, "fast", 1e300, [1], True)),
        *(("is_bot", v) for v in ("maybe", 2.5, [True], {})),
        *(("route", v) for v in ([], {"path": "/"})),
        *(("service", v) for v in ("", None, ["a"])),
        *(("attributes", v) for v in ("text", [1], 7)),
    ],
)
def test_a_value_that_cannot_be_meant_is_set_aside_with_its_column(desk, name, value):
    report = desk.take_records({**GOOD, name: value}, GOOD)

    assert (report.read, report.stored, report.rejected) == (2, 1, 1)
    [(line, reason)] = desk.rejected()
    assert line == 1
    assert name in reason


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param(b"{", "not a JSON object", id="an open object"),
        pytest.param(b"nonsense", "not a JSON object", id="no JSON"),
        pytest.param(
            b'{"time":"2026-07-20T14:05:00Z","service":"a"} {}',
            "not a JSON object",
            id="two values",
        ),
        pytest.param(b"[1,2]", "not a JSON object", id="a list"),
        pytest.param(b'"text"', "not a JSON object", id="a text"),
        pytest.param(b"null", "not a JSON object", id="null"),
        pytest.param(b"{}", "no time", id="nothing"),
        pytest.param(
            b'{"time":"2026-07-20T14:05:00Z","service":"a","status":200,"status":500}',
            "a name appears twice",
            id="a name twice",
        ),
        pytest.param(
            b'{"time":"2026-07-20T14:05:00Z","service":"a","x":1,"x":2}',
            "a name appears twice",
            id="an attribute twice",
        ),
        pytest.param(
            b'{"time":"2026-07-20T14:05:00Z","service":"a","attributes":{"x":1,"x":2}}',
            "a name appears twice in attributes",
            id="an inner name twice",
        ),
        pytest.param(
            b'{"time":"2026-07-20T14:05:00Z","service":"a","duration_ms":NaN}',
            "duration_ms is not a number of milliseconds from 0 to a year",
            id="NaN",
        ),
        pytest.param(
            b'{"time":"2026-07-20T14:05:00Z","service":"\xff"}', "not UTF-8 text", id="Latin-1"
        ),
        pytest.param(
            b'{"time":"2026-07-20T14:05:00Z","service":"\xed\xa0\x80"}',
            "not UTF-8 text",
            id="a surrogate",
        ),
        pytest.param(
            b'{"time":"2026-07-20T14:05:00Z","service":"\\ud800"}',
            "not a JSON object",
            id="an escaped surrogate",
        ),
        pytest.param(
            b'{"time":"2026-07-20T14:05:00Z",\x00"service":"a"}',
            "contains a NUL byte: the file was damaged, or is not text",
            id="NUL",
        ),
        pytest.param(
            b'{"time":"2026-07-20T14:05:00Z","service":"' + b"a" * 10_000_000 + b'"}',
            "longer than 1 MiB",
            id="10 MB",
        ),
        pytest.param(b"x" * 40_000_000, "longer than 1 MiB", id="longer than a piece"),
        pytest.param(b'{"a":' * 100_000, "not a JSON object", id="unclosed nesting"),
    ],
)
def test_a_line_that_cannot_be_read_stops_no_other(desk, line, reason):
    good = orjson.dumps(GOOD)
    report = desk.take(good + b"\n" + line + b"\n" + good + b"\n", form="ndjson")

    assert (report.read, report.stored, report.rejected) == (3, 2, 1)
    assert desk.rejected() == [(2, reason)]
    assert desk.column("line") == [1, 3]


def test_byte_order_mark_carriage_returns_and_empty_lines_are_no_content(desk):
    good = orjson.dumps(GOOD)
    report = desk.take(b"\xef\xbb\xbf" + good + b"\r\n\r\n   \n\n" + good + b"\r\n")

    assert (report.read, report.stored, report.rejected) == (2, 2, 0)
    assert desk.column("line") == [1, 5]


def test_unknown_names_become_attributes_as_text(desk):
    odd = {"a/b~c": 1, 'quo"te': "x", "": "empty", "$.x": True, "ключ": [1, {"a": None}], "'": 0}
    desk.take_records({**GOOD, **odd, "none": None, "nested": {"a": {"b": 1.5}}})

    assert desk.column("attributes") == [
        {
            "a/b~c": "1",
            'quo"te': "x",
            "": "empty",
            "$.x": "true",
            "ключ": '[1,{"a":null}]',
            "'": "0",
            "nested": '{"a":{"b":1.5}}',
        }
    ]


def test_attributes_and_unknown_names_are_merged(desk):
    desk.take_records({**GOOD, "cart": 3, "attributes": {"cart": "1", "flag": True, "o": {"x": 1}}})

    assert desk.column("attributes") == [{"cart": "3", "flag": "true", "o": '{"x":1}'}]


def test_deep_nesting_is_kept_as_text(desk):
    depth = 50_000
    deep = (
        b'{"time":"2026-07-20T14:05:00Z","service":"a","deep":' + b"[" * depth + b"]" * depth + b"}"
    )
    report = desk.take(deep + b"\n")

    assert report.stored == 1
    assert desk.column("length(attributes['deep'])") == [2 * depth]


def test_the_option_names_the_service_of_records_that_name_none(desk):
    unnamed = {"time": GOOD["time"]}
    report = desk.take_records(GOOD, unnamed, service="web")

    assert report.stored == 2
    assert desk.column("service") == ["checkout", "web"]


def test_a_record_without_any_service_is_set_aside(desk):
    desk.take_records({"time": GOOD["time"]}, GOOD)

    assert desk.rejected() == [(1, "no service: name it in the record, or with --service")]


def test_a_user_agent_tells_bots_unless_the_record_does(desk):
    bot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
    desk.take_records(
        {**GOOD, "user_agent": bot},
        {**GOOD, "user_agent": bot, "is_bot": False},
        {**GOOD, "attributes": {"user_agent.original": bot}},
        {**GOOD, "user_agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/139.0"},
        {**GOOD, "user_agent": 7},
    )

    assert desk.column("is_bot") == [True, False, True, False, False]


def test_a_map_computes_a_column_from_names_of_the_records(desk):
    desk.take_records(
        {"@timestamp": GOOD["time"], "took": 0.25, "code": "A", "id": "007"},
        {"@timestamp": GOOD["time"], "took": 1, "code": "B", "id": "008"},
        {"@timestamp": GOOD["time"], "took": "long", "code": "B", "id": "009"},
        service="web",
        maps={
            "time": '"@timestamp"',
            "duration_ms": "took * 1000",
            "status": "CASE code WHEN 'A' THEN 200 ELSE 500 END",
            "tenant": "id",
        },
    )

    assert desk.rows("duration_ms, status, tenant") == [(250.0, 200, "007"), (1000.0, 500, "008")]
    assert desk.rejected() == [(3, "took is not a number, which --map needs")]


@pytest.mark.parametrize("logs", [False, True], ids=["requests", "logs"])
@pytest.mark.parametrize(
    "bad", [b'{"time": "2026-07-20T14:05', b"{]", b'{"user_agent": "x" "y"}', b'["user_agent"]']
)
def test_a_broken_line_beside_user_agents_is_set_aside_alone(desk, bad, logs):
    good = b'{"time":"2026-07-20T14:05:00Z","service":"web","user_agent":"GPTBot/1.2"}\n'
    report = desk.take(good + bad + b"\n" + good, logs=logs)

    assert (report.stored, report.rejected) == (2, 1)
    assert desk.rejected() == [(2, "not a JSON object")]
    if not logs:
        assert desk.column("is_bot") == [True, True]


def test_a_broken_line_beside_a_mapped_column_is_set_aside_alone(desk):
    good = b'{"time":"2026-07-20T14:05:00Z","service":"web","seconds":2}\n'
    report = desk.take(good + b'{"seconds": 3\n' + good, maps={"duration_ms": "seconds * 1000"})

    assert (report.stored, report.rejected) == (2, 1)
    assert desk.column("duration_ms") == [2000, 2000]


def test_a_time_in_the_future_is_set_aside(desk):
    times = ["2026-08-01T12:15:00Z", "2026-08-01T12:15:00.000001Z", "2098-01-01T00:00:00Z"]
    report = desk.take_records(*({**GOOD, "time": time} for time in times))

    reason = "time is in the future: check the clock or the time zone"
    assert (report.stored, report.last) == (1, datetime(2026, 8, 1, 12, 15, tzinfo=UTC))
    assert desk.rejected() == [(2, reason), (3, reason)]
