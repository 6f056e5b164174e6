"""What does a log record say, is it an error, and which request does it belong to?"""

from typing import Any, Final

from errorbudget.ingest.otlp.resource import Sender, first
from errorbudget.ingest.otlp.settings import Conventions
from errorbudget.ingest.otlp.values import Attributes
from errorbudget.ingest.otlp.wire import LogRecord

_ERROR: Final = 17
"""https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber"""
_LEVELS: Final = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
_ERROR_WORDS: Final = frozenset(
    ("ERR", "ERROR", "SEVERE", "CRIT", "CRITICAL", "ALERT", "EMERG", "EMERGENCY", "FATAL", "PANIC")
)


def moment(record: LogRecord) -> int:
    """When it happened, or else was first seen, in nanoseconds since 1970; 0 when nothing says."""
    return record.time_unix_nano or record.observed_time_unix_nano


def log(
    record: LogRecord, sender: Sender, reading: Attributes, conventions: Conventions
) -> dict[str, Any]:
    """A log record by column. Raises DecodeError."""
    attributes = reading.texts(record.attributes)
    if record.span_id:
        attributes["span_id"] = record.span_id.hex()
    return {
        "time": moment(record) // 1_000,
        "service": sender.service,
        "request_id": first(attributes, conventions.request_id) or record.trace_id.hex(),
        "level": record.severity_text or _level(record.severity_number),
        "is_error": _is_error(record.severity_number, record.severity_text),
        "message": reading.text(record.body),
        "template": first(attributes, conventions.template),
        "attributes": {**sender.kept, **attributes},
    }


def _level(number: int) -> str:
    return _LEVELS[min(number - 1, 23) // 4] if number > 0 else ""


def _is_error(number: int, level: str) -> bool:
    return number >= _ERROR if number > 0 else level.strip().upper() in _ERROR_WORDS
