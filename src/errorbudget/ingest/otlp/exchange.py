"""What happens between a sender's bytes and the answer: read, set aside, on disk, acknowledged."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from errorbudget.errors import Failure
from errorbudget.ingest.allowed import EVERYBODY, Allowed
from errorbudget.ingest.fingerprints import fingerprint
from errorbudget.ingest.frame import Batch
from errorbudget.ingest.journal import Busy, DiskRefused
from errorbudget.ingest.otlp.answer import Signal, refusal, success
from errorbudget.ingest.otlp.body import JSON, PROTOBUF, media_type, unzipped
from errorbudget.ingest.otlp.decode import Decoded, Decoding
from errorbudget.ingest.otlp.refusal import Refused
from errorbudget.ingest.otlp.settings import Settings
from errorbudget.ingest.rejected import Rejected, keep_some
from errorbudget.ingest.stream import RowKind, Stream

_KIND: Final[dict[Signal, RowKind]] = {"traces": "requests", "logs": "logs"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What a sender posted."""

    signal: Signal
    body: bytes
    content_type: str
    content_encoding: str = ""
    feed: str = "otlp"
    """Who vouches for being alive by sending; a server gives the name of the sender's token."""
    key: str = ""
    """The Idempotency-Key, where the sender gave one."""
    allowed: Allowed = EVERYBODY
    """Whom the sender may tell of; what it tells of others is set aside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the sender is told."""

    status: int
    content_type: str
    body: bytes
    retry_after: int | None = None
    taken: int = 0
    rejected: int = 0
    repeated: bool = False
    """Whether the batch had been acknowledged before; its rows count once."""


class Door:
    """Where exports come in: reads them by its settings and hands their rows to a stream."""

    def __init__(self, stream: Stream, rejected: Path, settings: Settings | None = None) -> None:
        self._stream = stream
        self._rejected = rejected
        self._settings = settings or Settings()
        self._decoding = Decoding(self._settings)
        self._one_at_a_time = threading.Lock()

    def receive(self, export: Export, now: datetime) -> Answer:
        """Take an export in and acknowledge it. Raises Refused, Busy, DiskRefused."""
        media = media_type(export.content_type)
        body = unzipped(export.body, export.content_encoding, self._settings.limits.body_bytes)
        decoded = self._decoding.decoded(export.signal, body, media, now, export.allowed)
        repeated = decoded.taken > 0 and not self._accept(export, body, decoded)
        if decoded.rejected and not repeated:
            self._keep(f"otlp-{export.signal}-{now:%Y-%m-%d}.ndjson", decoded.rejected)
        return Answer(
            status=200,
            content_type=media,
            body=success(export.signal, media, decoded.rejected),
            taken=decoded.taken,
            rejected=len(decoded.rejected),
            repeated=repeated,
        )

    def _accept(self, export: Export, body: bytes, decoded: Decoded) -> bool:
        # Times are in nanoseconds: two bodies that are equal are one body that was sent again.
        told_apart_by = export.key.encode() or body
        batch = Batch(
            feed=export.feed,
            rows=decoded.rows,
            key=export.key,
            fingerprint=fingerprint(export.feed.encode(), told_apart_by),
        )
        return self._stream.accept(_KIND[export.signal], batch)

    def _keep(self, name: str, rejected: Sequence[Rejected]) -> None:
        with self._one_at_a_time:
            keep_some(self._rejected / name, rejected, shown=not self._settings.redaction)


def refused(failure: Failure, content_type: str) -> Answer:
    """The answer to an export that raised a failure, in the encoding the sender used."""
    is_json = content_type.partition(";")[0].strip().lower() == JSON
    media = JSON if is_json else PROTOBUF
    return Answer(
        status=_status(failure),
        content_type=media,
        body=refusal(str(failure), media),
        retry_after=failure.retry_after if isinstance(failure, Busy) else None,
    )


def _status(failure: Failure) -> int:
    match failure:
        case Refused():
            return failure.status
        case DiskRefused():
            return 503
        case Busy():
            return 429
        case _:
            return 500
