"""How do acknowledged batches reach the warehouse? A journal takes them, and a thread loads it."""

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, Self

import duckdb

from errorbudget.errors import Failure
from errorbudget.ingest.frame import Batch, Frame
from errorbudget.ingest.intake import Intake
from errorbudget.ingest.journal import Journal, JournalLimits, Segment
from errorbudget.ingest.statements import literal, statement
from errorbudget.request import Receipt

RowKind = Literal["requests", "logs"]
KINDS: Final[tuple[RowKind, ...]] = ("requests", "logs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often the journal is loaded, and how much may wait in it."""

    every: float = 2.0
    """Seconds between loads; a full segment is loaded at once."""
    limits: JournalLimits = field(default_factory=JournalLimits)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamState:
    """How the stream is doing, for health checks and metrics."""

    unloaded: int
    """Bytes acknowledged and not yet in the warehouse."""
    loaded: int
    """Rows stored since the stream was opened."""
    duplicates: int
    """Rows that were known already."""
    set_aside: int
    """Segments that could not be read back; they lie in the journal's `unreadable` folder."""
    problem: str
    """Why the last load failed; empty when it did not. It is tried again."""


class Stream:
    """Takes batches in: on disk when acknowledged, in the warehouse soon after, each row once."""

    def __init__(self, folder: Path, intake: Intake, pace: Pace) -> None:
        self._folder = folder
        self._intake = intake
        self._pace = pace
        self._journals: dict[RowKind, Journal] = {
            kind: Journal.open(folder / kind, pace.limits) for kind in KINDS
        }
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._loaded = self._duplicates = self._set_aside = 0
        self._problem = ""
        self._turn = threading.Condition()
        self._begun = self._ended = 0

    @classmethod
    def open(cls, folder: Path, intake: Intake, pace: Pace | None = None) -> Self:
        """The stream whose journal lies in `folder`; `intake` is used by its thread alone."""
        return cls(folder, intake, pace or Pace())

    @property
    def journals(self) -> dict[RowKind, Journal]:
        """What is acknowledged and not yet loaded, by kind of row."""
        return self._journals

    @property
    def state(self) -> StreamState:
        """How the stream is doing now."""
        return StreamState(
            unloaded=sum(journal.unloaded for journal in self._journals.values()),
            loaded=self._loaded,
            duplicates=self._duplicates,
            set_aside=self._set_aside,
            problem=self._problem,
        )

    def accept(self, kind: RowKind, batch: Batch) -> bool:
        """Return when the batch is on disk; False when it was already. Raises Busy, DiskRefused."""
        journal = self._journals[kind]
        is_new = journal.append(batch)
        if journal.is_long:
            self._wake.set()
        return is_new

    def start(self) -> None:
        """Load what is acknowledged, again and again, in a thread."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="errorbudget-load")
        self._thread.start()

    def close(self) -> None:
        """Load what is left, as far as that works, and stop; the rest stays for the next run."""
        self._stopping.set()
        self._wake.set()
        if self._thread:
            self._thread.join()
        self._attempt()
        for journal in self._journals.values():
            journal.close()

    def load(self) -> int:
        """Move everything acknowledged so far into the warehouse; the number of rows stored."""
        before = self._loaded
        for kind, journal in self._journals.items():
            for segment in journal.rotate():
                self._load_segment(kind, journal, segment)
        return self._loaded - before

    def settle(self, patience: float) -> bool:
        """Wait until what was acknowledged before is in the warehouse; whether it is."""
        if not self.state.unloaded:
            return True
        with self._turn:
            wanted = self._begun + 1
            self._wake.set()
            return self._turn.wait_for(lambda: self._ended >= wanted, patience)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.wait(self._pace.every)
            self._wake.clear()
            if not self._attempt():
                self._stopping.wait(self._pace.every)

    def _attempt(self) -> bool:
        with self._turn:
            self._begun += 1
        try:
            self.load()
        except (duckdb.Error, OSError, Failure) as cause:
            self._problem = f"{type(cause).__name__}: {cause}"
            return False
        self._problem = ""
        with self._turn:
            self._ended = self._begun
            self._turn.notify_all()
        return True

    def _load_segment(self, kind: RowKind, journal: Journal, segment: Segment) -> None:
        for part in _parts(segment):
            if not self._stage(kind, segment, part):
                journal.set_aside(segment, self._folder / "unreadable")
                self._set_aside += 1
                return
            self._store(kind, segment, part)
        journal.discard(segment)

    def _stage(self, kind: RowKind, segment: Segment, part: list[Frame]) -> bool:
        file = self._intake.staging / segment.path.name
        _place(segment, part, file)
        sql = statement(f"segment_{kind}").format(file=literal(str(file)))
        try:
            self._intake.connection.execute(sql)
        except (duckdb.DataError, duckdb.ProgrammingError) as cause:
            self._problem = f"{segment.path.name}: {cause}"
            return False
        finally:
            file.unlink()
        return True

    def _store(self, kind: RowKind, segment: Segment, part: list[Frame]) -> None:
        # The segment's name is in no other receipt: loading it again after a kill adds nothing.
        first = part[0]
        receipt = Receipt(feed=first.feed, key=first.key or segment.path.stem, position=0, line=0)
        try:
            add = self._intake.add_logs if kind == "logs" else self._intake.add_requests
            added = add(receipt)
        finally:
            self._intake.connection.execute(f"drop table if exists staged_{kind}")
        self._loaded += added.stored
        self._duplicates += added.duplicates


def _parts(segment: Segment) -> Iterator[list[Frame]]:
    """Frames that share a receipt: those of one sender, or of one idempotency key."""
    parts: dict[tuple[str, str], list[Frame]] = {}
    for frame in segment.frames:
        parts.setdefault((frame.feed, frame.key), []).append(frame)
    yield from parts.values()


def _place(segment: Segment, part: list[Frame], file: Path) -> None:
    """Put the rows of some frames where the warehouse may read; a whole segment costs nothing."""
    file.unlink(missing_ok=True)
    if len(part) == len(segment.frames) and segment.path.stat().st_size == segment.size:
        os.link(segment.path, file)
        return
    with segment.path.open("rb") as source, file.open("wb") as out:
        for frame in part:
            source.seek(frame.start)
            out.write(source.read(frame.end - frame.start))
