"""What did the sender post? Unzips a body and turns OTLP's JSON into protobuf."""

import base64
import binascii
import zlib
from collections.abc import Iterator
from typing import Any, Final

import orjson
from google.protobuf import json_format
from google.protobuf.message import Message

from errorbudget.ingest.otlp.refusal import TooLarge, TypeUnknown, Unreadable

PROTOBUF: Final = "application/x-protobuf"
JSON: Final = "application/json"
_GZIP: Final = 31
"""zlib's window bits for a gzip header and the largest window."""
_IDS: Final = ("traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id")
_TOLD: Final = 300
"""Characters of what is wrong: a parser may quote the whole body."""
_UNREAD: Final = ("links", "events")
"""Parts of a span that say nothing of the request; links hold ids too."""


def media_type(content_type: str) -> str:
    """The content type without its parameters. Raises TypeUnknown unless OTLP has it."""
    media = content_type.partition(";")[0].strip().lower()
    if media in (PROTOBUF, JSON):
        return media
    raise TypeUnknown(f"content type {media!r} is not OTLP; send {PROTOBUF} or {JSON}")


def unzipped(body: bytes, encoding: str, most: int) -> bytes:
    """The body as it was before its content encoding. Raises TooLarge, TypeUnknown, Unreadable."""
    if len(body) > most:
        raise _too_large(most)
    coding = encoding.strip().lower()
    if coding in ("", "identity"):
        return body
    if coding != "gzip":
        raise TypeUnknown(f"content encoding {coding!r} is not OTLP; send gzip or none")
    return _gunzipped(body, most)


def _gunzipped(body: bytes, most: int) -> bytes:
    stream = zlib.decompressobj(_GZIP)
    try:
        text = stream.decompress(body, most + 1)
    except zlib.error as cause:
        raise Unreadable(f"the body is not gzip: {cause}") from cause
    if len(text) > most:
        raise _too_large(most)
    if not stream.eof:
        raise Unreadable("the gzip body ends too early")
    return text


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"the body has more than {most:,} bytes; send smaller batches")


def protobuf_of_json(body: bytes, message: Message) -> bytes:
    """OTLP's JSON as the same message in protobuf. Raises Unreadable naming what is wrong."""
    try:
        tree = orjson.loads(body)
        _ids_as_base64(tree)
        read = json_format.ParseDict(tree, message, ignore_unknown_fields=True)
        return read.SerializeToString()
    except (ValueError, TypeError, AttributeError, json_format.ParseError) as cause:
        name = message.DESCRIPTOR.name
        why = str(cause)[:_TOLD]
        raise Unreadable(f"the body is not {name} in OTLP's JSON: {why}") from cause


def _ids_as_base64(tree: Any) -> None:
    """OTLP writes ids in hex where protobuf's JSON has base64."""
    for record in _records(tree):
        for unread in _UNREAD:
            record.pop(unread, None)
        for name in _IDS:
            if name in record:
                record[name] = _base64(record[name])


def _records(tree: Any) -> Iterator[dict[str, Any]]:
    """Every span or log record of a payload, at whichever of its two names each level has."""
    levels = (
        ("resourceSpans", "resource_spans", "resourceLogs", "resource_logs"),
        ("scopeSpans", "scope_spans", "scopeLogs", "scope_logs"),
        ("spans", "logRecords", "log_records"),
    )
    nodes = [tree]
    for names in levels:
        nodes = [child for node in nodes for name in names for child in node.get(name) or ()]
    return iter(nodes)


def _base64(text: str) -> str:
    try:
        return base64.b64encode(bytes.fromhex(text)).decode()
    except (ValueError, binascii.Error) as cause:
        raise ValueError(f"{text!r} is not an id in hex") from cause
