"""What has been acknowledged and not yet loaded? Batches on disk, in the order they came."""

import errno
import os
import secrets
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from errorbudget.errors import Failure, Kind
from errorbudget.ingest.fingerprints import Fingerprints
from errorbudget.ingest.frame import Batch, Frame, encoded, frames, placed

FULL: Final = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
"""What a system says when a disk, or what may be used of it, is full."""
_SEGMENTS: Final = "*.ndjson"


class Busy(Failure):
    """More is acknowledged than loaded; nothing is lost, and sending again later helps."""

    kind = Kind.BUSY

    def __init__(self, *lines: str, retry_after: int) -> None:
        super().__init__(*lines)
        self.retry_after = retry_after


class DiskRefused(Busy):
    """The disk is full or did not take the batch; what was acknowledged before is safe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLimits:
    """How much may lie in a journal."""

    segment: int = 64 * 2**20
    """Bytes after which a new segment begins; a segment is loaded in one transaction."""
    unloaded: int = 256 * 2**20
    """Bytes that may wait to be loaded before senders are told to wait."""
    spare: int = 64 * 2**20
    """Bytes left free on the disk, so that what is acknowledged can still be loaded."""
    retry_after: int = 5
    """Seconds after which a sender is told to come again."""


@dataclass(slots=True, kw_only=True)
class Segment:
    """One file of the journal: its whole frames, and where the last of them ends."""

    path: Path
    frames: list[Frame] = field(default_factory=list[Frame])
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What a journal found when it was opened."""

    batches: int
    """Acknowledged by an earlier run and not yet loaded."""
    torn: int
    """Bytes of batches that were never acknowledged, cut off."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Waiting:
    """A batch whose sender waits to hear that it is on disk; None waits for those before it."""

    batch: Batch | None
    settled: bool = False
    cause: OSError | None = None


class Journal:
    """Appends batches; several that come at once share one flush of the disk."""

    def __init__(self, folder: Path, limits: JournalLimits) -> None:
        self._folder = folder
        self._limits = limits
        self._known = Fingerprints(folder / "known")
        self._turn = threading.Condition()
        self._queue: list[_Waiting] = []
        self._writing = False
        self._file = -1
        self._current: Segment | None = None
        self._closed: list[Segment] = []
        self._number = 0
        self.recovered = Recovered(batches=0, torn=0)

    @classmethod
    def open(cls, folder: Path, limits: JournalLimits | None = None) -> Self:
        """The journal in a folder, made when missing; what a kill cut short is cut off."""
        folder.mkdir(parents=True, exist_ok=True)
        journal = cls(folder, limits or JournalLimits())
        journal._recover()
        return journal

    def close(self) -> None:
        """Let go of the file; batches that are not loaded stay for the next run."""
        self.rotate()

    @property
    def unloaded(self) -> int:
        """Bytes acknowledged and not yet loaded."""
        with self._turn:
            return self._unloaded()

    @property
    def is_long(self) -> bool:
        """Whether the newest segment is worth loading at once."""
        return bool(self._closed) or (
            self._current is not None and self._current.size >= self._limits.segment
        )

    def append(self, batch: Batch) -> bool:
        """Return when the batch is on disk; False when it was already. Raises Busy, DiskRefused."""
        with self._turn:
            waiting = self._enqueue(batch)
            while not waiting.settled:
                if self._writing:
                    self._turn.wait()
                else:
                    self._commit()
        if waiting.cause:
            raise self._disk_refused(waiting.cause)
        return waiting.batch is not None

    def rotate(self) -> list[Segment]:
        """Begin a new segment; the ones before it, oldest first, are complete."""
        with self._turn:
            while self._writing:
                self._turn.wait()
            self._end_segment()
            return list(self._closed)

    def discard(self, segment: Segment) -> None:
        """Drop a segment whose rows have been loaded."""
        self._known.keep(frame.fingerprint for frame in segment.frames)
        segment.path.unlink()
        with self._turn:
            self._closed.remove(segment)

    def set_aside(self, segment: Segment, folder: Path) -> None:
        """Move a segment that cannot be loaded to where a person can look at it."""
        folder.mkdir(parents=True, exist_ok=True)
        segment.path.rename(folder / segment.path.name)
        self._known.keep(frame.fingerprint for frame in segment.frames)
        with self._turn:
            self._closed.remove(segment)

    def _enqueue(self, batch: Batch) -> _Waiting:
        if batch.fingerprint and batch.fingerprint in self._known:
            # The first copy may still be on its way to the disk: this one shares its fate.
            waiting = _Waiting(batch=None)
        else:
            self._refuse_when_behind(len(batch.rows))
            waiting = _Waiting(batch=batch)
            self._known.add([batch.fingerprint])
        self._queue.append(waiting)
        return waiting

    def _refuse_when_behind(self, more: int) -> None:
        queued = sum(len(each.batch.rows) for each in self._queue if each.batch)
        if self._unloaded() + queued + more > self._limits.unloaded:
            raise Busy(
                f"more than {self._limits.unloaded // 2**20} MB wait to be loaded",
                "send again later; nothing that was acknowledged is lost",
                retry_after=self._limits.retry_after,
            )

    def _commit(self) -> None:
        """Write what is queued; called with the lock held, which it lets go of while it writes."""
        taken, self._queue = self._queue, []
        self._writing = True
        self._turn.release()
        cause: OSError | None = OSError(errno.EINTR, os.strerror(errno.EINTR))
        try:
            self._write([each.batch for each in taken if each.batch])
            cause = None
        except OSError as refused:
            cause = refused
        finally:
            self._turn.acquire()
            self._writing = False
            self._settle(taken, cause)
            self._turn.notify_all()

    def _settle(self, taken: Sequence[_Waiting], cause: OSError | None) -> None:
        for waiting in taken:
            waiting.settled, waiting.cause = True, cause
        if cause:
            self._known.forget(each.batch.fingerprint for each in taken if each.batch)

    def _write(self, batches: Sequence[Batch]) -> None:
        if not batches:
            return
        self._keep_spare(sum(len(batch.rows) for batch in batches))
        segment = self._current or self._begin_segment()
        written, parts, end = list[Frame](), list[bytes](), segment.size
        for batch in batches:
            head, rows = encoded(batch)
            parts += (head, rows)
            written.append(placed(batch, end + len(head)))
            end = written[-1].end
        try:
            self._flush(b"".join(parts))
        except OSError:
            self._abandon(segment)
            raise
        segment.size = end
        segment.frames += written
        if end >= self._limits.segment:
            self._end_segment()

    def _keep_spare(self, more: int) -> None:
        disk = os.statvfs(self._folder)
        if disk.f_bavail * disk.f_frsize < self._limits.spare + more:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _flush(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._file, view) :]
        os.fdatasync(self._file)

    def _abandon(self, segment: Segment) -> None:
        """After a failed flush nobody knows what the disk holds: go back, and on in a new file."""
        with suppress(OSError):
            os.ftruncate(self._file, segment.size)
        self._end_segment()

    def _begin_segment(self) -> Segment:
        # The random part keeps a name from coming back after its segment was loaded and deleted:
        # it is the key of the receipt.
        self._number += 1
        path = self._folder / f"{self._number:012d}-{secrets.token_hex(8)}.ndjson"
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        self._current = Segment(path=path)
        _sync_folder(self._folder)
        return self._current

    def _end_segment(self) -> None:
        if self._current is None:
            return
        os.close(self._file)
        self._closed.append(self._current)
        self._current = None

    def _recover(self) -> None:
        torn = 0
        for path in sorted(self._folder.glob(_SEGMENTS)):
            segment = self._read(path)
            torn += path.stat().st_size - segment.size
            os.truncate(path, segment.size)
            self._closed.append(segment)
            self._number = int(path.name.partition("-")[0])
        batches = sum(len(segment.frames) for segment in self._closed)
        self.recovered = Recovered(batches=batches, torn=torn)

    def _read(self, path: Path) -> Segment:
        segment = Segment(path=path)
        with path.open("rb") as file:
            for frame in frames(file):
                segment.size = frame.end
                # A flush that failed and yet reached the disk was sent again, and lies here twice.
                if frame.fingerprint not in self._known:
                    segment.frames.append(frame)
                    self._known.add([frame.fingerprint])
        return segment

    def _unloaded(self) -> int:
        current = self._current.size if self._current else 0
        return current + sum(segment.size for segment in self._closed)

    def _disk_refused(self, cause: OSError) -> DiskRefused:
        full = "the disk is full" if cause.errno in FULL else f"the disk failed: {cause.strerror}"
        return DiskRefused(
            f"{self._folder}: {full}",
            "make room there; nothing that was acknowledged is lost",
            retry_after=self._limits.retry_after,
        )


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
