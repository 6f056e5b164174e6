"""What is read of OTLP's messages: their fields by number, with attributes left as bytes.

Most attributes repeat from span to span. Bytes can be looked up among those read before, which
reads a payload faster than making a message of each; on the wire the two are the same.
https://github.com/open-telemetry/opentelemetry-proto/tree/main/opentelemetry/proto
"""

from collections.abc import Sequence
from typing import Final, Protocol, Self, cast

from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

_PACKAGE: Final = "errorbudget.otlp"
_TYPES: Final = {
    "bytes": Field.TYPE_BYTES,
    "fixed64": Field.TYPE_FIXED64,
    "int32": Field.TYPE_INT32,
    "string": Field.TYPE_STRING,
}
_MESSAGES: Final = {
    "Traces": {1: "resource_spans many SpansOfResource"},
    "SpansOfResource": {1: "resource bytes", 2: "scope_spans many SpansOfScope"},
    "SpansOfScope": {2: "spans many Span"},
    "Span": {
        1: "trace_id bytes",
        2: "span_id bytes",
        5: "name string",
        6: "kind int32",
        7: "start_time_unix_nano fixed64",
        8: "end_time_unix_nano fixed64",
        9: "attributes many bytes",
        15: "status Status",
    },
    "Status": {2: "message string", 3: "code int32"},
    "Logs": {1: "resource_logs many LogsOfResource"},
    "LogsOfResource": {1: "resource bytes", 2: "scope_logs many LogsOfScope"},
    "LogsOfScope": {2: "log_records many LogRecord"},
    "LogRecord": {
        1: "time_unix_nano fixed64",
        2: "severity_number int32",
        3: "severity_text string",
        5: "body bytes",
        6: "attributes many bytes",
        9: "trace_id bytes",
        10: "span_id bytes",
        11: "observed_time_unix_nano fixed64",
    },
}

SERVER: Final = 2
CONSUMER: Final = 5
ERROR: Final = 2


class Status(Protocol):
    """How its instrumentation says that a span ended."""

    message: str
    code: int


class Span(Protocol):
    """One operation of a trace."""

    trace_id: bytes
    span_id: bytes
    name: str
    kind: int
    start_time_unix_nano: int
    end_time_unix_nano: int
    attributes: Sequence[bytes]
    status: Status

    def SerializeToString(self) -> bytes:  # noqa: N802 -- as protobuf names it
        """The span as it is sent."""
        ...


class SpansOfScope(Protocol):
    """Spans of one instrumentation library."""

    spans: Sequence[Span]


class SpansOfResource(Protocol):
    """Spans of one sender."""

    resource: bytes
    scope_spans: Sequence[SpansOfScope]


class Traces(Protocol):
    """What is posted to /v1/traces."""

    resource_spans: Sequence[SpansOfResource]

    @classmethod
    def FromString(cls, body: bytes) -> Self:  # noqa: N802 -- as protobuf names it
        """The message in a body. Raises DecodeError."""
        ...


class LogRecord(Protocol):
    """One log record."""

    time_unix_nano: int
    observed_time_unix_nano: int
    severity_number: int
    severity_text: str
    body: bytes
    attributes: Sequence[bytes]
    trace_id: bytes
    span_id: bytes

    def SerializeToString(self) -> bytes:  # noqa: N802 -- as protobuf names it
        """The record as it is sent."""
        ...


class LogsOfScope(Protocol):
    """Log records of one logger."""

    log_records: Sequence[LogRecord]


class LogsOfResource(Protocol):
    """Log records of one sender."""

    resource: bytes
    scope_logs: Sequence[LogsOfScope]


class Logs(Protocol):
    """What is posted to /v1/logs."""

    resource_logs: Sequence[LogsOfResource]

    @classmethod
    def FromString(cls, body: bytes) -> Self:  # noqa: N802 -- as protobuf names it
        """The message in a body. Raises DecodeError."""
        ...


def _described() -> bytes:
    file = FileDescriptorProto(name="errorbudget/otlp.proto", package=_PACKAGE, syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, said in fields.items():
            field_name, *many, kind = said.split()
            field = message.field.add(name=field_name, number=number)
            field.label = Field.LABEL_REPEATED if many else Field.LABEL_OPTIONAL
            field.type = _TYPES.get(kind, Field.TYPE_MESSAGE)
            if kind not in _TYPES:
                field.type_name = f".{_PACKAGE}.{kind}"
    return file.SerializeToString()


_pool = DescriptorPool()
_pool.AddSerializedFile(_described())
TRACES = cast("type[Traces]", GetMessageClass(_pool.FindMessageTypeByName(f"{_PACKAGE}.Traces")))
LOGS = cast("type[Logs]", GetMessageClass(_pool.FindMessageTypeByName(f"{_PACKAGE}.Logs")))
