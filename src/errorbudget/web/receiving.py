"""How do bodies come in? Several at once, but never more of them than there is room for."""

import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final

from anyio import CapacityLimiter, to_thread
from fastapi import Request

from errorbudget import clock
from errorbudget.ingest.allowed import Allowed
from errorbudget.ingest.fingerprints import fingerprint
from errorbudget.ingest.frame import Batch
from errorbudget.ingest.posted import Posted, PostedLimits, Reading
from errorbudget.ingest.redaction import NOTHING, Redaction
from errorbudget.ingest.rejected import keep_some
from errorbudget.ingest.stream import Stream
from errorbudget.source.duckdb.warehouse import Warehouse
from errorbudget.web.failing import TooLarge, TooMany

READINGS: Final = 2
"""Posted bodies that are read at the same time; DuckDB uses all cores for each."""
AT_ONCE: Final = 8
"""Bodies that are decoded or flushed at the same time."""


class Room:
    """How many bytes of bodies may be in memory at once."""

    def __init__(self, most: int, at_once: int) -> None:
        self._most = most
        self._at_once = at_once
        self._taken = 0
        self.limiter = CapacityLimiter(AT_ONCE)

    @asynccontextmanager
    async def body(self, request: Request) -> AsyncGenerator[bytes]:
        """A request's body, counted as long as the block lasts. Raises TooLarge, TooMany."""
        told = request.headers.get("content-length", "")
        self._refuse_large(int(told) if told.isdigit() else 0)
        parts, length = list[bytes](), 0
        try:
            async for part in request.stream():
                length += len(part)
                self._take(len(part))
                self._refuse_large(length)
                parts.append(part)
            yield b"".join(parts)
        finally:
            self._taken -= length

    def _refuse_large(self, length: int) -> None:
        if length > self._most:
            raise TooLarge(f"the body has more than {self._most:,} bytes; send smaller batches")

    def _take(self, length: int) -> None:
        # Only the event loop's thread counts, so no lock is needed.
        self._taken += length
        if self._taken > self._at_once:
            raise TooMany(
                f"bodies of more than {self._at_once // 2**20} MiB are being read",
                "send again in a second",
                retry_after=1,
            )

    async def work(self, function: Any, *arguments: Any) -> Any:
        """Run a function in one of the threads that are kept for senders."""
        return await to_thread.run_sync(function, *arguments, limiter=self.limiter)


class PostedDoor:
    """Where NDJSON comes in: read, set aside, on disk, acknowledged."""

    def __init__(
        self,
        stream: Stream,
        warehouse: Warehouse,
        rejected: Path,
        limits: PostedLimits,
        redaction: Redaction = NOTHING,
    ) -> None:
        self._stream = stream
        self._rejected = rejected
        self._redaction = redaction
        self._keeping = threading.Lock()
        self._readings = SimpleQueue[Reading]()
        for _ in range(READINGS):
            own = warehouse.another()
            self._readings.put(Reading(own.connection, own.staging, limits, redaction, own.kept))

    def receive(
        self,
        body: bytes,
        *,
        feed: str,
        key: str,
        service: str,
        allowed: Allowed,
    ) -> dict[str, Any]:
        """Take a body in and acknowledge it. Raises Failure, Busy, DiskRefused."""
        now = clock.now()
        with self._reading() as reading:
            posted = reading.read(body, now, service=service, allowed=allowed)
        is_new = posted.taken > 0 and self._accept(posted, body, feed, key)
        if posted.rejected and (is_new or not posted.taken):
            self._keep(posted, now)
        return _told(posted, is_new=is_new)

    @contextmanager
    def _reading(self) -> Generator[Reading]:
        reading = self._readings.get()
        try:
            yield reading
        finally:
            self._readings.put(reading)

    def _accept(self, posted: Posted, body: bytes, feed: str, key: str) -> bool:
        batch = Batch(
            feed=feed,
            rows=posted.rows,
            key=key,
            fingerprint=fingerprint(feed.encode(), key.encode() or body),
        )
        return self._stream.accept("requests", batch)

    def _keep(self, posted: Posted, now: datetime) -> None:
        with self._keeping:
            file = self._rejected / f"posted-{now:%Y-%m-%d}.ndjson"
            keep_some(file, posted.rejected, shown=not self._redaction)


def _told(posted: Posted, *, is_new: bool) -> dict[str, Any]:
    """What `errorbudget ingest` says of a file; rows known by their span id still count once."""
    return {
        "read": posted.taken + len(posted.rejected),
        "stored": posted.taken if is_new else 0,
        "duplicates": 0 if is_new else posted.taken,
        "rejected": len(posted.rejected),
        "from": clock.text(posted.first) if posted.first else None,
        "to": clock.text(posted.last) if posted.last else None,
        "reasons": sorted({one.reason for one in posted.rejected})[:10],
    }
