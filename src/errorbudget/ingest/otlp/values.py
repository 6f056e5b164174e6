"""What does an attribute say, as text? Arrays and maps become JSON."""

from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

import orjson
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from errorbudget.ingest.otlp.settings import Limits

CUT: Final = "…"
"""Stands where a value is nested deeper than the limits allow."""
_REMEMBERED: Final = 16_384
_LONGEST_REMEMBERED: Final = 256


class Attributes:
    """Reads attributes, and remembers those that repeat."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._known: dict[bytes, tuple[str, str]] = {}

    def texts(self, attributes: Iterable[bytes]) -> dict[str, str]:
        """The first attributes that the limits allow, by name. Raises DecodeError."""
        known, read = self._known.get, self._read
        return dict(
            [known(raw) or read(raw) for raw in islice(attributes, self._limits.attributes)]
        )

    def text(self, raw: bytes) -> str:
        """One value, such as the body of a log record. Raises DecodeError."""
        return _text(AnyValue.FromString(raw), self._limits.depth)[: self._limits.message]

    def _read(self, raw: bytes) -> tuple[str, str]:
        attribute = KeyValue.FromString(raw)
        pair = attribute.key, _text(attribute.value, self._limits.depth)[: self._limits.text]
        if len(raw) <= _LONGEST_REMEMBERED:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[raw] = pair
        return pair


def _text(value: AnyValue, depth: int) -> str:
    # Nearly every attribute is text: asking for it first spares asking which kind it is.
    return value.string_value or _other(value, depth)


def _other(value: AnyValue, depth: int) -> str:
    match value.WhichOneof("value"):
        case "int_value":
            return str(value.int_value)
        case "bool_value":
            return "true" if value.bool_value else "false"
        case "double_value":
            return repr(value.double_value)
        case "bytes_value":
            return value.bytes_value.hex()
        case "array_value" | "kvlist_value":
            return orjson.dumps(_plain(value, depth)).decode()
        case _:
            return ""


def _plain(value: AnyValue, depth: int) -> Any:
    """A value as Python has it."""
    if depth <= 0:
        return CUT
    match value.WhichOneof("value"):
        case "array_value":
            return [_plain(each, depth - 1) for each in value.array_value.values]
        case "kvlist_value":
            return {each.key: _plain(each.value, depth - 1) for each in value.kvlist_value.values}
        case "bytes_value":
            return value.bytes_value.hex()
        case "string_value" | "int_value" | "bool_value" | "double_value" as kind:
            return getattr(value, kind)
        case _:
            return None
