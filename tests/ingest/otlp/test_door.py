"""From a sender's bytes to the answer, and to the warehouse."""

import gzip
import json
from base64 import b64encode
from contextlib import suppress
from datetime import timedelta

import orjson
import pytest
from google.protobuf import json_format
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

import otel
from errorbudget.ingest.frame import Batch
from errorbudget.ingest.journal import Busy, DiskRefused
from errorbudget.ingest.otlp import Door, Export, Limits, Settings, refused
from errorbudget.ingest.otlp.decode import Decoding
from errorbudget.ingest.otlp.refusal import Refused, TooLarge, TypeUnknown, Unreadable

JSON = "application/json"


def export(message, **fields):
    is_log = type(message).__name__ == "ExportLogsServiceRequest"
    known = {
        "signal": "logs" if is_log else "traces",
        "body": message.SerializeToString(),
        "content_type": otel.PROTOBUF,
    }
    return Export(**(known | fields))


def otlp_json(message):
    """OTLP's JSON: ids in hex, 64 bit numbers as text."""
    tree = json_format.MessageToDict(message)
    for of_resource in tree["resourceSpans"]:
        for scope in of_resource["scopeSpans"]:
            for span, known in zip(scope["spans"], message.resource_spans[0].scope_spans[0].spans,
                                   strict=True):  # fmt: skip
                span |= {"traceId": known.trace_id.hex(), "spanId": known.span_id.hex()}
                span["kind"] = known.kind
    return tree


def stored(warehouse, columns="*", table="requests"):
    return warehouse.connection.execute(f"select {columns} from {table} order by all").fetchall()


def test_a_span_is_acknowledged_and_then_a_request_of_the_warehouse(door, stream, warehouse):
    said = {"http.request.method": "GET", "http.route": "/", "http.response.status_code": 500}
    answer = door.receive(export(otel.traces(otel.span(said))), otel.NOW)

    assert (answer.status, answer.content_type, answer.body) == (200, otel.PROTOBUF, b"")
    assert (answer.taken, answer.rejected, answer.repeated) == (1, 0, False)
    assert stored(warehouse) == []
    assert stream.load() == 1
    assert stored(warehouse, "service, route, status, duration_ms, cast(time as varchar)") == [
        ("shop", "/", 500, 12.345678, "2026-07-20 14:04:59")
    ]
    assert stored(warehouse, "feed, service", "feed") == [("otlp", "shop")]


def test_a_log_record_is_acknowledged_and_then_in_the_warehouse(door, stream, warehouse):
    record = LogRecord(time_unix_nano=otel.NOW_NS, severity_number=17, trace_id=b"t" * 16)
    door.receive(export(otel.logs(record)), otel.NOW)
    stream.load()

    columns = "service, request_id, level, is_error"
    assert stored(warehouse, columns, "logs") == [("shop", "74" * 16, "ERROR", True)]


def test_json_is_read_as_protobuf_is(door, stream, warehouse):
    said = {"http.request.method": "GET", "http.response.status_code": 500, "ok": True, "f": 0.5}
    message = otel.traces(otel.span(said), otel.span(said))
    tree = otlp_json(message) | {"resourceMetrics": [], "new": {"field": 1}}
    span = tree["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    span |= {"flags": 257, "links": [{"traceId": "zz"}], "newField": [1]}
    assert isinstance(span["startTimeUnixNano"], str)
    decoding = Decoding(Settings())

    from_json = decoding.decoded("traces", orjson.dumps(tree), JSON, otel.NOW)
    from_protobuf = decoding.decoded("traces", message.SerializeToString(), otel.PROTOBUF, otel.NOW)

    assert from_json == from_protobuf
    assert from_json.taken == 2


def test_an_answer_to_json_is_json(door):
    late = otel.span(start_time_unix_nano=otel.NOW_NS - 10**18)
    body = orjson.dumps(otlp_json(otel.traces(late)))
    answer = door.receive(
        Export(signal="traces", body=body, content_type="application/json; charset=utf-8"), otel.NOW
    )

    assert answer.content_type == JSON
    assert json.loads(answer.body) == {
        "partialSuccess": {
            "rejectedSpans": "1",
            "errorMessage": "set aside, not counted: its time is older than this server takes",
        }
    }


def test_a_time_that_is_not_believed_is_set_aside_and_told(door, stream, warehouse, tmp_path):
    def begun(**ago):
        return otel.NOW_NS - int(timedelta(**ago).total_seconds()) * 10**9

    times = (begun(days=3), begun(days=3, seconds=1), begun(minutes=-15), begun(minutes=-16), 0)
    spans = [otel.span(start_time_unix_nano=time) for time in times]
    answer = door.receive(export(otel.traces(*spans, otel.span(span_id=b""))), otel.NOW)
    stream.load()

    told = ExportTraceServiceResponse.FromString(answer.body).partial_success
    kept = (tmp_path / "rejected" / "otlp-traces-2026-07-20.ndjson").read_text().splitlines()
    assert told.rejected_spans == answer.rejected == 4
    assert "older than this server takes; its time is too far in the future" in told.error_message
    assert [(json.loads(line)["line"], json.loads(line)["reason"]) for line in kept] == [
        (2, "its time is older than this server takes"),
        (4, "its time is too far in the future; check the sender's clock"),
        (5, "it has no time"),
        (6, "it has no span id of 8 bytes or no trace id of 16"),
    ]
    assert 'name: "a span"' in json.loads(kept[0])["text"]
    assert len(stored(warehouse)) == answer.taken == 2


def test_rejected_log_records_are_told(door):
    answer = door.receive(export(otel.logs(LogRecord())), otel.NOW)

    told = ExportLogsServiceResponse.FromString(answer.body).partial_success
    assert (told.rejected_log_records, answer.taken) == (1, 0)


@pytest.mark.parametrize("pause", [False, True])
def test_a_batch_sent_again_counts_once(door, stream, warehouse, pause):
    record = LogRecord(time_unix_nano=otel.NOW_NS, severity_number=17)
    exports = [export(otel.traces(otel.span())), export(otel.logs(record))]

    assert [door.receive(each, otel.NOW).repeated for each in exports] == [False, False]
    if pause:
        stream.load()
    assert [door.receive(each, otel.NOW).repeated for each in exports] == [True, True]

    stream.load()
    assert len(stored(warehouse)) == len(stored(warehouse, table="logs")) == 1


def test_a_span_sent_again_in_another_batch_counts_once(door, stream, warehouse):
    span = otel.span()
    door.receive(export(otel.traces(span)), otel.NOW)
    door.receive(export(otel.traces(span, otel.span())), otel.NOW)
    stream.load()
    door.receive(export(otel.traces(otel.span(), span)), otel.NOW)
    stream.load()

    assert len(stored(warehouse)) == 3
    assert stream.state.duplicates == 2


def test_a_batch_with_a_key_is_known_by_it_among_any_number_of_others(door, stream, warehouse):
    for _ in range(2):
        door.receive(export(otel.traces(otel.span()), key="k1"), otel.NOW)
    door.receive(export(otel.traces(otel.span()), key="k2"), otel.NOW)
    stream.load()
    # As after many other batches, when the short memory has forgotten this one:
    rows = Decoding(Settings()).decoded(
        "traces", otel.traces(otel.span()).SerializeToString(), otel.PROTOBUF, otel.NOW
    )
    stream.accept("requests", Batch(feed="otlp", key="k1", rows=rows.rows))
    stream.load()

    assert len(stored(warehouse)) == 2
    assert stored(warehouse, "key", "receipt") == [("k1",), ("k2",)]


def test_each_sender_vouches_for_its_own_services(door, stream, warehouse):
    for feed in ("one", "two", "one"):
        message = otel.traces(otel.span(), resource={"service.name": f"of {feed}"})
        door.receive(export(message, feed=feed), otel.NOW)
    stream.load()

    assert stored(warehouse, "feed, service", "feed") == [("one", "of one"), ("two", "of two")]
    assert stored(warehouse, "service, count(*)", "requests group by service") == [
        ("of one", 2),
        ("of two", 1),
    ]


def test_a_body_may_be_zipped(door):
    message = otel.traces(otel.span())
    zipped = gzip.compress(message.SerializeToString())

    assert door.receive(export(message, body=zipped, content_encoding="gzip"), otel.NOW).taken == 1


@pytest.mark.parametrize(
    ("fields", "failure", "status"),
    [
        ({"body": b"\xff\xff"}, Unreadable, 400),
        ({"body": b"{", "content_type": JSON}, Unreadable, 400),
        ({"body": b"[1]", "content_type": JSON}, Unreadable, 400),
        ({"body": b'{"resourceSpans":3}', "content_type": JSON}, Unreadable, 400),
        ({"body": b"x" * 1001}, TooLarge, 413),
        ({"body": gzip.compress(b"\0" * 1001), "content_encoding": "gzip"}, TooLarge, 413),
        ({"body": b"x", "content_encoding": "gzip"}, Unreadable, 400),
        ({"body": gzip.compress(b"x" * 99)[:-3], "content_encoding": "gzip"}, Unreadable, 400),
        ({"content_encoding": "zstd"}, TypeUnknown, 415),
        ({"content_type": "text/plain"}, TypeUnknown, 415),
        ({"content_type": ""}, TypeUnknown, 415),
    ],
)
def test_a_body_that_cannot_be_taken_is_refused(stream, tmp_path, fields, failure, status):
    door = Door(stream, tmp_path, Settings(limits=Limits(body_bytes=1000)))

    with pytest.raises(Refused) as raised:
        door.receive(export(otel.traces(otel.span()), **fields), otel.NOW)

    assert type(raised.value) is failure
    answer = refused(raised.value, fields.get("content_type", otel.PROTOBUF))
    assert (answer.status, answer.retry_after) == (status, None)


def nested(levels):
    said = "x"
    for _ in range(levels):
        said = [said]
    return {"nested": said}


def bomb(levels):
    """A span whose attribute no protobuf library would write: more levels than it reads."""
    raw = otel.value("x").SerializeToString()
    for _ in range(levels):
        raw = field(5, field(1, raw))
    span = otel.span().SerializeToString()
    return span + field(9, field(1, b"k") + field(2, raw))


def field(number, raw):
    size, length = len(raw), bytearray()
    while size > 127:
        length.append(size & 127 | 128)
        size >>= 7
    return bytes([number << 3 | 2]) + bytes([*length, size]) + raw


def test_a_bomb_of_nested_values_is_set_aside_or_cut(door, stream, warehouse):
    shallow = export(otel.traces(otel.span(nested(20))))
    assert door.receive(shallow, otel.NOW).taken == 1

    good = field(2, otel.span().SerializeToString())
    resource = field(1, otel.traces(otel.span()).resource_spans[0].resource.SerializeToString())
    body = field(1, resource + field(2, field(2, bomb(200)) + good))
    answer = door.receive(export(otel.traces(), body=body), otel.NOW)
    assert (answer.taken, answer.rejected) == (1, 1)

    tree: object = {"stringValue": "x"}
    for _ in range(300):
        tree = {"arrayValue": {"values": [tree]}}
    spans = [{"attributes": [{"key": "k", "value": tree}]}]
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode()
    with pytest.raises(Unreadable):
        door.receive(Export(signal="traces", body=body, content_type=JSON), otel.NOW)


@pytest.mark.parametrize(
    "wrong",
    [
        {"startTimeUnixNano": "-5"},
        {"endTimeUnixNano": "99999999999999999999999"},
        {"spanId": "zz"},
        {"traceId": 5},
        {"attributes": "none"},
    ],
)
def test_a_span_that_is_no_json_of_otlp_costs_no_other(door, stream, warehouse, tmp_path, wrong):
    tree = otlp_json(otel.traces(otel.span(), otel.span(), otel.span(span_id=bytes(8))))
    (scope,) = tree["resourceSpans"][0]["scopeSpans"]
    scope["spans"][0] |= wrong
    body = json.dumps(tree).encode()

    answer = door.receive(Export(signal="traces", body=body, content_type=JSON), otel.NOW)
    stream.load()

    kept = (tmp_path / "rejected" / "otlp-traces-2026-07-20.ndjson").read_text().splitlines()
    assert (answer.taken, answer.rejected, len(stored(warehouse))) == (1, 2, 1)
    assert [json.loads(line)["line"] for line in kept] == [1, 3]
    assert "it is not OTLP's JSON" in json.loads(answer.body)["partialSuccess"]["errorMessage"]


def test_a_log_record_that_is_no_json_of_otlp_costs_no_other(door):
    records = [{"severityNumber": "x"}, {"timeUnixNano": str(otel.NOW_NS)}, {}]
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}).encode()

    answer = door.receive(Export(signal="logs", body=body, content_type=JSON), otel.NOW)

    assert (answer.taken, answer.rejected) == (1, 2)


def test_records_of_a_resource_that_cannot_be_read_are_set_aside(door):
    good = otel.traces(otel.span()).resource_spans[0].SerializeToString()
    spans = field(2, field(2, otel.span().SerializeToString()))
    body = field(1, field(1, b"\xff") + spans) + field(1, good)

    answer = door.receive(export(otel.traces(), body=body), otel.NOW)

    assert (answer.taken, answer.rejected) == (1, 1)


def test_a_refusal_is_a_status_message_in_the_senders_encoding():
    failure = Unreadable("x" * 200)

    assert json.loads(refused(failure, JSON).body) == {"message": "x" * 200}
    assert refused(failure, otel.PROTOBUF).body == b"\x12\xc8\x01" + b"x" * 200


@pytest.mark.parametrize(("failure", "status"), [(Busy, 429), (DiskRefused, 503)])
def test_a_sender_is_told_when_to_come_again(failure, status):
    answer = refused(failure("full", retry_after=7), otel.PROTOBUF)

    assert (answer.status, answer.retry_after) == (status, 7)


@settings(deadline=None)  # the first call imports and learns
@given(
    body=st.binary(max_size=300),
    signal=st.sampled_from(["traces", "logs"]),
    media=st.sampled_from([otel.PROTOBUF, JSON]),
)
def test_arbitrary_bytes_are_read_or_refused(body, signal, media):
    decoding = Decoding(Settings())
    with suppress(Unreadable):
        decoding.decoded(signal, body, media, otel.NOW)


@settings(deadline=None)  # the first call imports and learns
@given(data=st.data())
def test_a_payload_with_flipped_bytes_is_read_or_refused(data):
    said = {"http.route": "/cart/{id}", "list": ["a", {"b": 1}], "n": 7}
    body = bytearray(otel.traces(otel.span(said)).SerializeToString())
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    decoding = Decoding(Settings())
    with suppress(Unreadable):
        for row in otel.rows(decoding.decoded("traces", bytes(body), otel.PROTOBUF, otel.NOW)):
            assert row["status"] is None or 0 <= row["status"] <= 999


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["spans", "scopeSpans", "traceId", "spanId", "kind", "attributes", "key",
                         "value", "stringValue", "intValue", "startTimeUnixNano", "status"]),
        inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


@settings(deadline=None)  # the first call imports and learns
@given(of_resource=JSON_VALUES)
def test_json_of_any_shape_is_read_or_refused(of_resource):
    body = json.dumps({"resourceSpans": of_resource}).encode()
    with suppress(Unreadable):
        Decoding(Settings()).decoded("traces", body, JSON, otel.NOW)


def test_json_ids_that_protobuf_would_write_are_not_hex(door):
    span = {"traceId": b64encode(b"t" * 16).decode(), "spanId": "00f067aa0ba902b7", "kind": 2}
    body = orjson.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})

    with pytest.raises(Unreadable, match="is not an id in hex"):
        door.receive(Export(signal="traces", body=body, content_type=JSON), otel.NOW)
