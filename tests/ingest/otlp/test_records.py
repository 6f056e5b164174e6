"""What a log record says."""

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

import otel
from errorbudget.ingest.otlp.settings import Conventions, Settings


def row(settings=None, **fields):
    said = otel.attributes(fields.pop("said", {}))
    record = LogRecord(**({"time_unix_nano": otel.NOW_NS} | fields), attributes=said)
    (only,) = otel.rows(otel.decoded(otel.logs(record), settings))
    return only


def test_a_log_record_is_tied_to_its_request_by_trace_id():
    record = row(
        trace_id=b"t" * 16,
        span_id=b"s" * 8,
        severity_number=17,
        severity_text="ERROR",
        body=otel.value("order 7 lost"),
        said={"log.record.template": "order <*> lost"},
    )

    assert record == {
        "time": otel.NOW_NS // 1000,
        "service": "shop",
        "request_id": "74" * 16,
        "level": "ERROR",
        "is_error": True,
        "message": "order 7 lost",
        "template": "order <*> lost",
        "attributes": {"log.record.template": "order <*> lost", "span_id": "73" * 8},
    }


@pytest.mark.parametrize(
    ("number", "text", "level", "is_error"),
    [
        (16, "", "WARN", False),
        (17, "", "ERROR", True),
        (21, "", "FATAL", True),
        (24, "", "FATAL", True),
        (1, "", "TRACE", False),
        (9, "notice", "notice", False),
        (9, "ERROR", "ERROR", False),
        (0, "ERROR", "ERROR", True),
        (0, "critical", "critical", True),
        (0, "info", "info", False),
        (0, "", "", False),
    ],
)
def test_an_error_is_severity_17_or_where_there_is_none_its_name(number, text, level, is_error):
    record = row(severity_number=number, severity_text=text)

    assert (record["level"], record["is_error"]) == (level, is_error)


def test_a_record_without_a_time_of_its_own_has_the_time_it_was_seen():
    record = row(time_unix_nano=0, observed_time_unix_nano=otel.NOW_NS - 5_000)

    assert record["time"] == otel.NOW_NS // 1000 - 5


def test_a_structured_body_is_json():
    assert row(body=otel.value({"order": 7, "lost": True}))["message"] == '{"order":7,"lost":true}'


def test_a_request_id_of_the_teams_own_goes_before_the_trace_id():
    settings = Settings(conventions=Conventions(request_id=("order.id",)))

    assert row(settings, trace_id=b"t" * 16, said={"order.id": "7"})["request_id"] == "7"


def test_a_record_outside_the_believed_time_is_set_aside():
    day = 86_400 * 10**9
    times = (otel.NOW_NS - 4 * day, otel.NOW_NS, otel.NOW_NS + day)
    records = [LogRecord(time_unix_nano=time) for time in times]

    decoded = otel.decoded(otel.logs(*records, LogRecord()))

    assert decoded.taken == 1
    assert [record.line for record in decoded.rejected] == [1, 3, 4]
