"""What did the sender post? Unzips a body and turns OTLP's JSON into protobuf."""

import base64
import binascii
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

import orjson
from google.protobuf import json_format
from google.protobuf.message import Message

from errorbudget.ingest.otlp.refusal import TooLarge, TypeUnknown, Unreadable
from errorbudget.ingest.rejected import SHOWN, Rejected

PROTOBUF: Final = "application/x-protobuf"
JSON: Final = "application/json"
_GZIP: Final = 31
"""zlib's window bits for a gzip header and the largest window."""
_IDS: Final = ("traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id")
_TOLD: Final = 300
"""Characters of what is wrong: a parser may quote the whole body."""
_UNREAD: Final = ("links", "events")
"""Parts of a span that say nothing of the request; links hold ids too."""
_WRONG: Final = (ValueError, TypeError, AttributeError, json_format.ParseError)
"""What reading JSON that is not OTLP's may raise."""


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
    return _gunzipped(body, most) if refuse_coding(encoding) == "gzip" else body


def refuse_coding(encoding: str) -> str:
    """The content encoding, where it is one that is read. Raises TypeUnknown."""
    coding = encoding.strip().lower()
    if coding not in ("", "identity", "gzip"):
        raise TypeUnknown(f"content encoding {coding!r} is not read; send gzip or none")
    return coding


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Sifted:
    """A payload in protobuf, without the records that cannot be read, by their numbers from 1."""

    body: bytes
    rejected: Mapping[int, Rejected]


def protobuf_of_json(body: bytes, message: type[Message], record: type[Message]) -> Sifted:
    """OTLP's JSON as the same message in protobuf; one wrong `record` costs no other.

    Raises Unreadable naming what is wrong, where nothing can be read.
    """
    try:
        try:
            return Sifted(body=_read(orjson.loads(body), message()), rejected={})
        except _WRONG:
            tree = orjson.loads(body)
            rejected = _take_out(tree, record)
            return Sifted(body=_read(tree, message()), rejected=rejected)
    except _WRONG as cause:
        name = message.DESCRIPTOR.name
        raise Unreadable(f"the body is not {name} in OTLP's JSON: {_why(cause)}") from cause


def _read(tree: Any, message: Message) -> bytes:
    for records in _lists(tree):
        for record in records:
            _ids_as_base64(record)
    return json_format.ParseDict(tree, message, ignore_unknown_fields=True).SerializeToString()


def _take_out(tree: Any, kind: type[Message]) -> dict[int, Rejected]:
    """Take the records that cannot be read out of a payload. Raises ValueError if none can."""
    number, kept, rejected = count(1), 0, dict[int, Rejected]()
    for records in _lists(tree):
        good = list[Any]()
        for record in records:
            at = next(number)
            try:
                alone = dict(record)
                _ids_as_base64(alone)
                json_format.ParseDict(alone, kind(), ignore_unknown_fields=True)
                good.append(record)
            except _WRONG as cause:
                reason = f"it is not OTLP's JSON: {_why(cause)}"
                rejected[at] = Rejected(line=at, reason=reason, text=_shown(record))
        records[:] = good
        kept += len(good)
    if rejected and not kept:
        raise ValueError(next(iter(rejected.values())).reason)
    return rejected


def _why(cause: Exception) -> str:
    """A parser may quote the whole body."""
    return str(cause)[:_TOLD]


def _shown(record: Any) -> str:
    try:
        return orjson.dumps(record)[:SHOWN].decode(errors="replace")
    except TypeError:  # nested more deeply than can be written
        return ""


def _ids_as_base64(record: dict[str, Any]) -> None:
    """OTLP writes ids in hex where protobuf's JSON has base64."""
    for unread in _UNREAD:
        record.pop(unread, None)
    for name in _IDS:
        if name in record:
            record[name] = _base64(record[name])


def _lists(tree: Any) -> Iterator[list[Any]]:
    """Every list of spans or log records, at whichever of its two names each level has."""
    levels = (
        ("resourceSpans", "resource_spans", "resourceLogs", "resource_logs"),
        ("scopeSpans", "scope_spans", "scopeLogs", "scope_logs"),
    )
    nodes = [tree]
    for names in levels:
        nodes = [child for node in nodes for name in names for child in node.get(name) or ()]
    lists = (node.get(name) for node in nodes for name in ("spans", "logRecords", "log_records"))
    return (records for records in lists if records)


def _base64(text: str) -> str:
    try:
        return base64.b64encode(bytes.fromhex(text)).decode()
    except (ValueError, binascii.Error) as cause:
        raise ValueError(f"{text!r} is not an id in hex") from cause
