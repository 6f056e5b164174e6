"""What is the sender told? Success, partial success or refusal, in the encoding it used."""

from collections.abc import Sequence
from typing import Final, Literal

import orjson
from google.protobuf import json_format
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from errorbudget.ingest.otlp.body import JSON
from errorbudget.ingest.rejected import Rejected

Signal = Literal["traces", "logs"]

_REASONS_TOLD: Final = 3


def success(signal: Signal, media: str, rejected: Sequence[Rejected]) -> bytes:
    """The body of a 200: empty, or how many records were set aside and why."""
    if signal == "traces":
        spans = ExportTraceServiceResponse()
        if rejected:
            spans.partial_success.rejected_spans = len(rejected)
            spans.partial_success.error_message = _why(rejected)
        return _written(spans, media)
    records = ExportLogsServiceResponse()
    if rejected:
        records.partial_success.rejected_log_records = len(rejected)
        records.partial_success.error_message = _why(rejected)
    return _written(records, media)


def refusal(message: str, media: str) -> bytes:
    """The body of a 4xx or 5xx: a google.rpc.Status that holds only a message."""
    if media == JSON:
        return orjson.dumps({"message": message})
    text = message.encode()
    # https://github.com/googleapis/googleapis/blob/master/google/rpc/status.proto: field 2, text.
    return b"\x12" + _varint(len(text)) + text


def _why(rejected: Sequence[Rejected]) -> str:
    reasons = list(dict.fromkeys(record.reason for record in rejected))
    return "set aside, not counted: " + "; ".join(reasons[:_REASONS_TOLD])


def _written(message: Message, media: str) -> bytes:
    if media == JSON:
        return orjson.dumps(json_format.MessageToDict(message))
    return message.SerializeToString()


def _varint(number: int) -> bytes:
    """https://protobuf.dev/programming-guides/encoding/#varints"""
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])
