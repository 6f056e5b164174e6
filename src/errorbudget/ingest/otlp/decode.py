"""Which rows come of a payload, and which of its records are set aside, and why?"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any, Final, Self

import orjson
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.logs.v1 import logs_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

from errorbudget.ingest.allowed import EVERYBODY, Allowed
from errorbudget.ingest.otlp.answer import Signal
from errorbudget.ingest.otlp.body import JSON, Sifted, protobuf_of_json
from errorbudget.ingest.otlp.records import log, moment
from errorbudget.ingest.otlp.refusal import Unreadable
from errorbudget.ingest.otlp.resource import NOBODY, Sender, sender
from errorbudget.ingest.otlp.settings import Limits, Settings
from errorbudget.ingest.otlp.spans import SERVED, request
from errorbudget.ingest.otlp.values import Attributes
from errorbudget.ingest.otlp.wire import LOGS, TRACES, LogRecord, Span
from errorbudget.ingest.rejected import SHOWN, Rejected

_SECOND: Final = 1_000_000_000
_SPAN_ID: Final = 8
_TRACE_ID: Final = 16
_NO_SPAN: Final = bytes(_SPAN_ID)
"""https://www.w3.org/TR/trace-context/#parent-id: one that all would share."""
_GARBLED: Final = "its attributes or its body cannot be read"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """What a payload holds: rows as lines of JSON, and the records that are set aside."""

    rows: bytes
    """One JSON object a line, named by column; `time` is in microseconds since 1970."""
    taken: int
    rejected: tuple[Rejected, ...]


class Decoding:
    """Reads payloads by the same settings, and remembers what repeats in them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._attributes = Attributes(settings.limits)

    def decoded(
        self,
        signal: Signal,
        body: bytes,
        media: str,
        now: datetime,
        allowed: Allowed = EVERYBODY,
    ) -> Decoded:
        """The rows of an unzipped body. Raises Unreadable."""
        believed = _Believed.around(now, self.settings.limits)
        try:
            found = self._logs if signal == "logs" else self._requests
            return _decoded(self._redacted(found(body, media, believed, allowed)))
        except DecodeError as cause:
            raise Unreadable(f"the body is not OTLP {signal} in protobuf: {cause}") from cause

    def _redacted(
        self, outcomes: Iterable[Row | Rejected | None]
    ) -> Iterable[Row | Rejected | None]:
        redaction = self.settings.redaction
        if not redaction:
            return outcomes
        return (redaction.treat(one) if isinstance(one, dict) else one for one in outcomes)

    def _requests(
        self, body: bytes, media: str, believed: "_Believed", allowed: Allowed
    ) -> Iterator[Row | Rejected | None]:
        sifted = _sifted(body, media, ExportTraceServiceRequest, trace_pb2.Span)
        yield from sifted.rejected.values()
        number = (at for at in count(1) if at not in sifted.rejected)
        reading, conventions = self._attributes, self.settings.conventions
        for resource in TRACES.FromString(sifted.body).resource_spans:
            who, barred = self._sender(resource.resource, allowed)
            for scope in resource.scope_spans:
                for span in scope.spans:
                    at = next(number)
                    if span.kind not in SERVED:
                        continue
                    if objection := barred or _objection(span, believed):
                        yield _rejected(at, objection, span, trace_pb2.Span)
                        continue
                    try:
                        yield request(span, who, reading, conventions)
                    except DecodeError:
                        yield _rejected(at, _GARBLED, span, trace_pb2.Span)

    def _logs(
        self, body: bytes, media: str, believed: "_Believed", allowed: Allowed
    ) -> Iterator[Row | Rejected]:
        sifted = _sifted(body, media, ExportLogsServiceRequest, logs_pb2.LogRecord)
        yield from sifted.rejected.values()
        number = (at for at in count(1) if at not in sifted.rejected)
        reading, conventions = self._attributes, self.settings.conventions
        for resource in LOGS.FromString(sifted.body).resource_logs:
            who, barred = self._sender(resource.resource, allowed)
            for scope in resource.scope_logs:
                for record in scope.log_records:
                    at = next(number)
                    if objection := barred or believed.objection(moment(record)):
                        yield _rejected(at, objection, record, logs_pb2.LogRecord)
                        continue
                    try:
                        yield log(record, who, reading, conventions)
                    except DecodeError:
                        yield _rejected(at, _GARBLED, record, logs_pb2.LogRecord)

    def _sender(self, resource: bytes, allowed: Allowed) -> tuple[Sender, str]:
        """Who sent the records of a resource, and why they are not taken, if they are not."""
        try:
            who = sender(resource, self._attributes, self.settings.conventions)
        except DecodeError:
            return NOBODY, "its resource cannot be read"
        return who, allowed.objection(who.service, who.environment)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Believed:
    """The times that are believed, in nanoseconds since 1970."""

    earliest: int
    latest: int

    @classmethod
    def around(cls, now: datetime, limits: Limits) -> Self:
        earliest, latest = now - limits.behind, now + limits.ahead
        return cls(
            earliest=int(earliest.timestamp()) * _SECOND, latest=int(latest.timestamp()) * _SECOND
        )

    def objection(self, time: int) -> str:
        """Why a time is not believed; empty when it is."""
        if self.earliest <= time <= self.latest:
            return ""
        if time == 0:
            return "it has no time"
        if time < self.earliest:
            return "its time is older than this server takes"
        return "its time is too far in the future; check the sender's clock"


def _objection(span: Span, believed: _Believed) -> str:
    if len(span.span_id) != _SPAN_ID or len(span.trace_id) != _TRACE_ID:
        return "it has no span id of 8 bytes or no trace id of 16"
    if span.span_id == _NO_SPAN:
        return "its span id is all zeros, which is no id"
    return believed.objection(span.start_time_unix_nano)


def _sifted(body: bytes, media: str, message: type[Message], record: type[Message]) -> Sifted:
    if media == JSON:
        return protobuf_of_json(body, message, record)
    return Sifted(body=body, rejected={})


def _rejected(number: int, reason: str, record: Span | LogRecord, kind: type[Message]) -> Rejected:
    try:
        text = str(kind.FromString(record.SerializeToString()))
    except DecodeError:
        text = ""
    return Rejected(line=number, reason=reason, text=text[:SHOWN])


def _decoded(outcomes: Iterable[Row | Rejected | None]) -> Decoded:
    lines: list[bytes] = []
    rejected: list[Rejected] = []
    for outcome in outcomes:
        if isinstance(outcome, dict):
            lines.append(orjson.dumps(outcome, option=orjson.OPT_APPEND_NEWLINE))
        elif outcome is not None:
            rejected.append(outcome)
    return Decoded(rows=b"".join(lines), taken=len(lines), rejected=tuple(rejected))
