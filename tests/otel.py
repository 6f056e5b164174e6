"""Payloads made of OpenTelemetry's own messages, and the rows that come of them."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from errorbudget.ingest.otlp.decode import Decoded, Decoding
from errorbudget.ingest.otlp.settings import Settings

NOW = datetime(2026, 7, 20, 14, 5, tzinfo=UTC)
NOW_NS = int(NOW.timestamp()) * 10**9
PROTOBUF = "application/x-protobuf"
RESOURCE = {"service.name": "shop"}

Said = Mapping[str, Any]


def value(said: Any) -> AnyValue:
    match said:
        case bool():
            return AnyValue(bool_value=said)
        case int():
            return AnyValue(int_value=said)
        case float():
            return AnyValue(double_value=said)
        case bytes():
            return AnyValue(bytes_value=said)
        case list():
            return AnyValue(array_value=ArrayValue(values=[value(each) for each in said]))
        case dict():
            return AnyValue(kvlist_value=KeyValueList(values=attributes(said)))
        case _:
            return AnyValue(string_value=said)


def attributes(said: Said) -> list[KeyValue]:
    return [KeyValue(key=name, value=value(each)) for name, each in said.items()]


def span(said: Said | None = None, **fields: Any) -> Span:
    """A server span that ended 12.345678 ms after it began, a second ago."""
    known = {
        "trace_id": secrets.token_bytes(16),
        "span_id": secrets.token_bytes(8),
        "kind": Span.SPAN_KIND_SERVER,
        "name": "a span",
        "start_time_unix_nano": NOW_NS - 10**9,
        "end_time_unix_nano": NOW_NS - 10**9 + 12_345_678,
    }
    return Span(**(known | fields), attributes=attributes(said or {}))


def traces(*spans: Span, resource: Said = RESOURCE) -> ExportTraceServiceRequest:
    message = ExportTraceServiceRequest()
    of_resource = message.resource_spans.add()
    of_resource.resource.attributes.extend(attributes(resource))
    of_resource.scope_spans.add().spans.extend(spans)
    return message


def logs(*records: Any, resource: Said = RESOURCE) -> ExportLogsServiceRequest:
    message = ExportLogsServiceRequest()
    of_resource = message.resource_logs.add()
    of_resource.resource.attributes.extend(attributes(resource))
    of_resource.scope_logs.add().log_records.extend(records)
    return message


def rows(decoded: Decoded) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in decoded.rows.splitlines()]


def decoded(message: Any, settings: Settings | None = None) -> Decoded:
    signal = "traces" if isinstance(message, ExportTraceServiceRequest) else "logs"
    decoding = Decoding(settings or Settings())
    return decoding.decoded(signal, message.SerializeToString(), PROTOBUF, NOW)
