"""Which request does a span tell of? HTTP, RPC and messaging conventions, old names and new."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

from errorbudget.ingest.bots import is_bot
from errorbudget.ingest.otlp.outcome import status
from errorbudget.ingest.otlp.resource import Sender, first
from errorbudget.ingest.otlp.settings import Conventions
from errorbudget.ingest.otlp.values import Attributes
from errorbudget.ingest.otlp.wire import CONSUMER, ERROR, SERVER, Span

SERVED: Final = frozenset((SERVER, CONSUMER))
"""The kinds of span that serve somebody; all others are somebody's steps."""
_OPERATION: Final = ("messaging.operation.type", "messaging.operation", "messaging.operation.name")
_PATH: Final = ("url.path", "http.target")
_DESTINATION: Final = (
    "messaging.destination.template",
    "messaging.destination.name",
    "messaging.destination",
)
_USER_AGENT: Final = ("user_agent.original", "http.user_agent")
_STATUS_NAMES: Final = {1: "OK", ERROR: "ERROR"}

bot_agent = lru_cache(maxsize=4_096)(is_bot)


def request(
    span: Span, sender: Sender, reading: Attributes, conventions: Conventions
) -> dict[str, Any] | None:
    """A span's request by column; None when it only fetches messages. Raises DecodeError."""
    attributes = reading.texts(span.attributes)
    if _only_fetches(span, attributes):
        return None
    method = attributes.get("http.request.method") or attributes.get("http.method") or ""
    return {
        "time": span.start_time_unix_nano // 1_000,
        "service": sender.service,
        "route": _route(span, attributes),
        "method": method or first(attributes, _OPERATION),
        "status": status(attributes, span.status.code, is_http=method != ""),
        "duration_ms": _duration(span.start_time_unix_nano, span.end_time_unix_nano),
        "tenant": first(attributes, conventions.tenant) or sender.tenant,
        "version": sender.version,
        "region": sender.region,
        "environment": sender.environment,
        "trace_id": span.trace_id.hex(),
        "span_id": span.span_id.hex(),
        "is_bot": _is_bot(attributes),
        "attributes": _kept(span, attributes, sender, conventions.ignored),
    }


def _only_fetches(span: Span, attributes: Mapping[str, str]) -> bool:
    """Whether a consumer asked for messages: older conventions call that a consumer span too."""
    return span.kind == CONSUMER and first(attributes, _OPERATION) == "receive"


def _duration(start: int, end: int) -> float | None:
    """Milliseconds, from whole nanoseconds; None where the span has no end after its start."""
    return (end - start) / 1_000_000 if end >= start else None


def _route(span: Span, attributes: Mapping[str, str]) -> str:
    return (
        attributes.get("http.route")
        or _path(attributes)
        or _remote_procedure(attributes)
        or first(attributes, _DESTINATION)
        or span.name
    )


def _path(attributes: Mapping[str, str]) -> str:
    path = first(attributes, _PATH)
    if path:
        return path.partition("?")[0]
    url = first(attributes, ("url.full", "http.url"))
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def _remote_procedure(attributes: Mapping[str, str]) -> str:
    """`service/method`; the newer convention has both in one attribute."""
    method, service = attributes.get("rpc.method", ""), attributes.get("rpc.service", "")
    return f"{service}/{method}" if service and "/" not in method else method.lstrip("/")


def _is_bot(attributes: Mapping[str, str]) -> bool:
    if attributes.get("user_agent.synthetic.type"):
        return True
    agent = first(attributes, _USER_AGENT)
    return agent != "" and bot_agent(agent)


def _kept(
    span: Span, attributes: Mapping[str, str], sender: Sender, ignored: frozenset[str]
) -> dict[str, str]:
    kept = {name: text for name, text in attributes.items() if name not in ignored}
    kept.update(sender.kept)
    if span.kind == CONSUMER:
        kept["span.kind"] = "consumer"
    code = span.status.code
    if code in _STATUS_NAMES:
        # How exporters to other protocols write a span's status:
        # https://opentelemetry.io/docs/specs/otel/common/mapping-to-non-otlp/#span-status
        kept["otel.status_code"] = _STATUS_NAMES[code]
        if span.status.message:
            kept["otel.status_description"] = span.status.message
    return kept
