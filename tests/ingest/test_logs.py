"""What log records become."""

import pytest

from errorbudget.errors import Failure

TIME = "2026-07-20T14:05:00Z"


def take(desk, *records, **options):
    return desk.take_records(*records, logs=True, **options)


def test_a_record_is_stored_under_the_names_that_loggers_use(desk):
    take(
        desk,
        {"time": TIME, "service": "a", "level": "error", "message": "m", "trace_id": "t", "k": 1},
        {"timestamp": TIME, "severity_text": "WARN", "body": "b", "request_id": "r"},
        {"time": TIME, "severity_number": 17, "msg": "x", "template": "x <*>"},
        service="web",
    )

    columns = "service, request_id, level, is_error, message, template, attributes"
    assert desk.rows(columns, "logs") == [
        ("a", "t", "error", True, "m", "", {"k": "1"}),
        ("web", "r", "WARN", False, "b", "", {}),
        ("web", "", "17", True, "x", "x <*>", {}),
    ]


@pytest.mark.parametrize(
    ("level", "is_error"),
    [
        *(
            (level, True)
            for level in ("ERROR", "Error", "fatal", "CRITICAL", "panic", 17, 21, "18")
        ),
        *((level, False) for level in ("info", "WARNING", "debug", 13, 16, "", "errorless")),
    ],
)
def test_error_levels_are_words_or_severity_numbers_from_17(desk, level, is_error):
    take(desk, {"time": TIME, "level": level})

    assert desk.column("is_error", "logs") == [is_error]


def test_a_record_without_a_time_is_set_aside(desk):
    report = take(desk, {"level": "error"}, {"time": TIME})

    assert (report.read, report.stored, report.rejected) == (2, 1, 1)
    assert desk.rejected() == [(1, "no time")]


def test_the_same_bytes_may_be_read_as_requests_and_as_logs(desk):
    record = {"time": TIME, "service": "a"}
    reports = [desk.take_records(record), take(desk, record), take(desk, record)]

    assert [report.stored for report in reports] == [1, 1, 0]


@pytest.mark.parametrize(
    "text",
    [
        "2026-07-20 14:05:00 ERROR something broke\nand more\n",
        '192.0.2.7 - - [20/Jul/2026:14:05:00 +0000] "GET / HTTP/1.1" 200 512 "-" "-"\n',
    ],
    ids=["plain", "access log"],
)
def test_plain_text_is_refused_with_the_reason(desk, text):
    with pytest.raises(Failure, match="does not say which request"):
        desk.take(text, "app.log", logs=True)
