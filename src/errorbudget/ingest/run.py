"""Takes a file in: piece by piece, each one transaction, going on where an earlier run stopped."""

import hashlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import duckdb

from errorbudget.errors import Failure
from errorbudget.ingest import access_log, ndjson, parquet, pieces, tables
from errorbudget.ingest.ahead import Item, Work
from errorbudget.ingest.ahead import staged as staged_ahead
from errorbudget.ingest.detection import Format, format_of, sample
from errorbudget.ingest.history import Counts, Way, count, counted, remember, ways
from errorbudget.ingest.intake import Intake
from errorbudget.ingest.mapping import Maps, Type, checked
from errorbudget.ingest.pieces import Piece, Place, Text
from errorbudget.ingest.redaction import NOTHING, Redaction
from errorbudget.ingest.rejected import Rejected, forget_after, keep
from errorbudget.ingest.report import Report
from errorbudget.ingest.resume import file_hash, known_prefix
from errorbudget.ingest.staging import AHEAD, LOGS, REQUESTS, Kind, Progress, Stage, Staged
from errorbudget.ingest.statements import literal, statement
from errorbudget.ledger.window import moment
from errorbudget.request import Receipt

PIECE: Final = 8 << 20
"""Bytes of a text file that are staged at once."""

ROWS: Final = 100_000
"""Rows of a Parquet file that are staged at once."""


def ingest(  # noqa: PLR0913 -- one keyword for each option of the command
    intake: Intake,
    file: Path,
    *,
    rejected: Path,
    now: datetime,
    form: str = "auto",
    service: str = "",
    maps: Mapping[str, str] | None = None,
    logs: bool = False,
    progress: Progress | None = None,
    piece_bytes: int = PIECE,
    redaction: Redaction = NOTHING,
) -> Report:
    """Take a file in, each record once. `rejected` is the folder for what cannot be read.

    `now` tells which times lie in the future.
    Raises Failure when the file as a whole cannot be read, or an option does not fit it.
    """
    order = _Order(
        intake=intake,
        file=file,
        rejected=rejected,
        now=now,
        service=service,
        maps=maps or {},
        kind=LOGS if logs else REQUESTS,
        progress=progress or (lambda _done, _total: None),
        piece_bytes=piece_bytes,
        redaction=redaction,
    )
    with Text(file) as text:
        lines = sample(text)
        if not lines:
            return Report()
        found = format_of(file, lines, form, logs=logs)
        if found == "parquet":
            return _take_parquet(order, text)
        return _take_text(order, text, found, _reading(order, found, text, lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """What was asked for."""

    intake: Intake
    file: Path
    rejected: Path
    now: datetime
    service: str
    maps: Mapping[str, str]
    kind: Kind
    progress: Progress
    piece_bytes: int
    redaction: Redaction


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """How one text format is read: its pieces, and the SQL over a piece once it is staged."""

    columns: Mapping[str, Type]
    pieces: Callable[[Place], Iterator[Piece]]
    source: Callable[[Mapping[str, Type], Piece, bool], str]
    prepare: str | None = None
    has_agents: Callable[[Piece], bool]


def _reading(order: _Order, found: Format, text: Text, lines: list[bytes]) -> _Reading:
    if found == "combined":
        return _of_access_log(order, text)

    def has_agents(piece: Piece) -> bool:
        return b"user_agent" in piece.data

    def source(reads: Mapping[str, Type], piece: Piece, agents: bool) -> str:
        return ndjson.source(order.kind, reads, piece.first_line, agents=agents)

    if found == "ndjson":
        return _Reading(
            columns=ndjson.columns(lines),
            pieces=lambda start: pieces.pieces(text, start, order.piece_bytes),
            source=source,
            has_agents=has_agents,
        )
    table = tables.table(text, order.file)
    return _Reading(
        columns=table.types,
        pieces=lambda start: tables.pieces(text, start, order.piece_bytes, table),
        source=source,
        has_agents=has_agents,
    )


def _of_access_log(order: _Order, text: Text) -> _Reading:
    if not order.service:
        raise Failure(
            f"{order.file}: an access log does not say which service it is of",
            "name it with --service",
        )
    return _Reading(
        columns={column: type_ for column, (_, type_) in access_log.COLUMNS.items()},
        pieces=lambda start: pieces.pieces(text, start, order.piece_bytes),
        source=lambda reads, piece, _: access_log.source(reads, piece.first_line),
        prepare=statement("access_log"),
        has_agents=lambda _: True,
    )


def _take_text(order: _Order, text: Text, found: Format, reading: _Reading) -> Report:
    maps = checked(order.maps, reading.columns)
    way = _way(order, found, maps)
    receipt, place = _known(order, text, way, named=_named(maps, reading.columns))
    taking = _Taking(order, receipt, way)

    def work(stage: Stage, piece: Piece, table: str) -> Staged:
        _load(stage.connection, order.intake.staging, piece, reading.prepare)
        agents = reading.has_agents(piece)
        return stage.stage(reading.source(maps.reads, piece, agents), table, agents=agents)

    def alone(piece: Piece) -> bool:
        return piece.unfinished

    for group in _ahead(order, maps, reading.pieces(place), work, alone):
        for piece, staged in group:
            end = piece.end
            taking.note(
                staged,
                [*piece.rejected, *_explained(staged.rejected, piece)],
                key=end.hash.hexdigest(),
                position=end.position,
                line=end.line,
            )
        taking.store()
        order.progress(text.done(), text.total)
    order.progress(text.total, text.total)
    return taking.report()


def _ahead(
    order: _Order,
    maps: Maps,
    items: Iterable[Item],
    work: Work[Item],
    alone: Callable[[Item], bool] = lambda _: False,
) -> Iterator[list[tuple[Item, Staged]]]:
    def stage(connection: duckdb.DuckDBPyConnection) -> Stage:
        return Stage(
            connection,
            order.kind,
            order.service,
            maps,
            latest=order.now + AHEAD,
            earliest=moment(order.intake.kept().from_minute),
            redaction=order.redaction,
        )

    return staged_ahead(order.intake.connection, order.kind, stage, items, work, alone)


def _withdraw(order: _Order, receipt: Receipt) -> None:
    order.intake.withdraw("logs" if order.kind is LOGS else "requests", receipt)


def _way(order: _Order, form: str, maps: Maps) -> Way:
    told = [f"--map {target}={sql}" for target, sql in sorted(maps.expressions.items())]
    return Way(form=form, service=order.service, maps=" ".join(told))


def _named(maps: Maps, columns: Iterable[str]) -> bool:
    """Whether records name their services themselves."""
    return "service" in maps.expressions or "service" in columns


def _known(order: _Order, text: Text, way: Way, *, named: bool) -> tuple[Receipt | None, Place]:
    """How far a file is known. What it said in a line that was half written then is withdrawn."""
    while True:
        text.seek(0)
        receipt, place, torn = known_prefix(text, _receipts(order, named=named))
        if receipt:
            _check_way(order, receipt, way)
        if receipt is None or not torn:
            return receipt, place
        _withdraw(order, receipt)
        rest = [r.line for r in order.intake.receipts() if r.feed == receipt.feed]
        forget_after(_rejected_file(order, receipt.feed), max(rest, default=0))


def _receipts(order: _Order, *, named: bool) -> list[Receipt]:
    """The receipts that may be of this file: read as the same kind and, unnamed, service."""
    known = ways(order.intake.connection)

    def fits(receipt: Receipt) -> bool:
        way = known.get(receipt.feed)
        return named or way is None or way.service == order.service

    return [
        receipt
        for receipt in order.intake.receipts()
        if receipt.position and receipt.feed.startswith(f"{order.kind.name}:") and fits(receipt)
    ]


def _check_way(order: _Order, receipt: Receipt, asked: Way) -> None:
    """Rows that are stored stay as they were read. Raises Failure when asked to read otherwise."""
    way = ways(order.intake.connection).get(receipt.feed)
    if way and (difference := way.difference(asked)):
        raise Failure(
            f"{order.file}: was taken in before, {difference}; its rows stay as they are",
            "give the same options again, or take it into another home (ERRORBUDGET_HOME)",
        )


def _rejected_file(order: _Order, feed: str) -> Path:
    return order.rejected / f"{feed.partition(':')[2]}.ndjson"


def _load(
    connection: duckdb.DuckDBPyConnection, staging: Path, piece: Piece, prepare: str | None
) -> None:
    """Hand a piece to the database as lines."""
    file = staging / f"piece-{piece.first_line}.txt"
    file.write_bytes(piece.data)
    connection.execute(statement("raw_lines").format(file=literal(str(file))))
    file.unlink()
    if prepare:
        connection.execute(prepare)


def _explained(rejected: list[Rejected], piece: Piece) -> list[Rejected]:
    if not piece.unfinished:
        return rejected
    return [
        Rejected(line=r.line, reason=f"the file ends within this line: {r.reason}", text=r.text)
        for r in rejected
    ]


class _Taking:
    """A file on its way in: its feed, its counts, and the file of what was set aside."""

    def __init__(self, order: _Order, receipt: Receipt | None, way: Way) -> None:
        self._order = order
        self._way = way
        self._feed = receipt.feed if receipt else ""
        self._known = counted(order.intake.connection, receipt)
        self._counts = self._known
        self._stored = 0
        self._repeated = 0
        self._due: tuple[Receipt, Counts] | None = None
        if receipt:
            forget_after(self._rejected_file(), receipt.line)

    def note(
        self, staged: Staged, rejected: list[Rejected], *, key: str, position: int, line: int
    ) -> None:
        """Count what was staged up to a place of the file, and keep what was set aside."""
        self._name_feed(key)
        keep(self._rejected_file(), rejected, shown=not self._order.redaction)
        read = staged.rows + len(rejected)
        self._counts = self._counts.plus(read, len(rejected), staged.first, staged.last)
        if staged.rows:
            receipt = Receipt(feed=self._feed, key=key, position=position, line=line)
            self._due = receipt, self._counts

    def store(self) -> None:
        """Store what is staged, with a receipt; without rows there is none: it is read again."""
        if self._due is None:
            return
        receipt, counts = self._due
        intake, kind = self._order.intake, self._order.kind
        count(intake.connection, receipt, counts)
        added = intake.add_logs(receipt) if kind is LOGS else intake.add_requests(receipt)
        self._stored += added.stored
        self._repeated += added.duplicates
        self._due = None

    @contextmanager
    def whole(self) -> Generator[None]:
        """Take everything of this file back when it fails: one in its place has other bytes."""
        try:
            yield
        except Failure:
            if self._feed:
                _withdraw(self._order, Receipt(feed=self._feed, key="", position=1, line=0))
                forget_after(self._rejected_file(), 0)
            raise

    def report(self) -> Report:
        """What came of it, records of earlier runs included: they are duplicates now."""
        known, counts = self._known, self._counts
        file = self._rejected_file()
        return Report(
            read=counts.read,
            stored=self._stored,
            duplicates=known.read - known.rejected + self._repeated,
            rejected=counts.rejected,
            first=counts.first,
            last=counts.last,
            rejected_file=file if counts.rejected and file.exists() else None,
        )

    def _name_feed(self, key: str) -> None:
        """Name a new feed after the file and the hash of its first piece."""
        if self._feed:
            return
        taken = {receipt.feed for receipt in self._order.intake.receipts()}
        while not self._feed or self._feed in taken:
            feed = f"{self._order.kind.name}:{self._order.file.name[:80]}-{key[:12]}"
            self._feed, key = feed, hashlib.sha256(key.encode()).hexdigest()
        forget_after(self._rejected_file(), 0)
        remember(self._order.intake.connection, self._feed, self._way)

    def _rejected_file(self) -> Path:
        return _rejected_file(self._order, self._feed)


def _take_parquet(order: _Order, text: Text) -> Report:
    copy = parquet.staged_copy(order.file, order.intake.staging)
    try:
        return _take_rows(order, text, copy)
    finally:
        copy.unlink(missing_ok=True)


def _take_rows(order: _Order, text: Text, copy: Path) -> Report:
    connection = order.intake.connection
    types = parquet.described(connection, copy, order.file)
    maps = checked(order.maps, parquet.mappable(types))
    text.seek(0)
    digest, total = file_hash(text).hexdigest(), parquet.rows(connection, copy)
    way = _way(order, "parquet", maps)
    receipt = _parquet_receipt(order, digest, named=_named(maps, types))
    if receipt:
        _check_way(order, receipt, way)
    taking = _Taking(order, receipt, way)

    def work(stage: Stage, span: range, table: str) -> Staged:
        source = parquet.source(copy, types, maps.reads, span)
        with parquet.reading(order.file, copy):
            return stage.stage(source, table, agents=True)

    starts = range(receipt.line if receipt else 0, total, ROWS)
    spans = (range(start, min(start + ROWS, total)) for start in starts)
    with taking.whole():
        for group in _ahead(order, maps, spans, work):
            for span, staged in group:
                stop = span.stop
                key = _rows_key(digest, stop)
                taking.note(staged, staged.rejected, key=key, position=stop, line=stop)
            taking.store()
            order.progress(text.total * group[-1][0].stop // total, text.total)
    return taking.report()


def _rows_key(digest: str, rows: int) -> str:
    """The key of the first rows of a Parquet file, which only ever changes as a whole."""
    return hashlib.sha256(f"{digest}:{rows}".encode()).hexdigest()


def _parquet_receipt(order: _Order, digest: str, *, named: bool) -> Receipt | None:
    known = [r for r in _receipts(order, named=named) if r.key == _rows_key(digest, r.position)]
    return max(known, key=lambda receipt: receipt.position, default=None)
