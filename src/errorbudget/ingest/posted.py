"""Which requests does a posted body of NDJSON hold? Read with the SQL that reads files."""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import duckdb

from errorbudget.errors import Failure
from errorbudget.ingest import ndjson, pieces
from errorbudget.ingest.allowed import EVERYBODY, Allowed
from errorbudget.ingest.mapping import Maps
from errorbudget.ingest.pieces import Piece, Text
from errorbudget.ingest.redaction import NOTHING, Redaction
from errorbudget.ingest.rejected import SHOWN, Rejected
from errorbudget.ingest.staging import AHEAD, REQUESTS, Stage
from errorbudget.ingest.statements import literal, statement
from errorbudget.ledger.window import moment
from errorbudget.request import Kept

_PIECE: Final = 4 << 20
_TABLE: Final = "posted"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedLimits:
    """What is taken of a posted body; a record beyond is set aside."""

    ahead: timedelta = AHEAD
    """How far in the future a time is believed."""
    behind: timedelta = timedelta(days=400)
    """How old a request may be: a posted body may tell of last year's quarter."""
    attributes: int = 128
    body_bytes: int = 16 * 2**20
    """Of a body once it is unzipped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What a body holds: rows as the journal keeps them, and the records that are set aside."""

    rows: bytes = b""
    taken: int = 0
    rejected: tuple[Rejected, ...] = ()
    first: datetime | None = None
    last: datetime | None = None

    def plus(self, other: "Posted") -> "Posted":
        """This and what comes after it."""
        both = (self, other)
        return Posted(
            rows=self.rows + other.rows,
            taken=self.taken + other.taken,
            rejected=self.rejected + other.rejected,
            first=min((one.first for one in both if one.first), default=None),
            last=max((one.last for one in both if one.last), default=None),
        )


@dataclass(slots=True)
class Reading:
    """Reads bodies, one at a time, on a connection of its own."""

    connection: duckdb.DuckDBPyConnection
    staging: Path
    limits: PostedLimits = field(default_factory=PostedLimits)
    redaction: Redaction = NOTHING
    kept: Callable[[], Kept] = Kept
    """From when on there are requests: what is older cannot be counted any more."""

    def read(
        self, body: bytes, now: datetime, *, service: str = "", allowed: Allowed = EVERYBODY
    ) -> Posted:
        """The requests of a body, zipped or not. Raises Failure where it is damaged or too long."""
        file = self.staging / f"posted-{secrets.token_hex(8)}.ndjson"
        file.write_bytes(body)
        try:
            with Text(file) as text:
                return self._read(text, now, service, allowed)
        finally:
            file.unlink()

    def _read(self, text: Text, now: datetime, service: str, allowed: Allowed) -> Posted:
        stage = Stage(
            self.connection,
            REQUESTS,
            service,
            Maps(),
            latest=now + self.limits.ahead,
            earliest=moment(self.kept().from_minute),
            redaction=self.redaction,
        )
        read = Posted()
        for piece in pieces.pieces(text, pieces.START, _PIECE):
            if piece.end.position > self.limits.body_bytes:
                raise TooLong(
                    f"the body has more than {self.limits.body_bytes:,} bytes; send smaller batches"
                )
            read = read.plus(self._piece(stage, piece, now, allowed))
        return read

    def _piece(self, stage: Stage, piece: Piece, now: datetime, allowed: Allowed) -> Posted:
        agents = b"user_agent" in piece.data
        self._load(piece)
        source = ndjson.source(REQUESTS, {}, piece.first_line, agents=agents)
        staged = stage.stage(source, _TABLE, agents=agents)
        rows = self.connection.execute(
            statement("posted").format(table=_TABLE),
            {
                "earliest": _plain(now - self.limits.behind),
                "attributes": self.limits.attributes,
            },
        ).fetchall()
        posted = _posted(rows, allowed)
        rejected = (*piece.rejected, *staged.rejected, *posted.rejected)
        return replace(posted, rejected=rejected)

    def _load(self, piece: Piece) -> None:
        file = self.staging / f"posted-{secrets.token_hex(8)}.txt"
        file.write_bytes(piece.data)
        try:
            self.connection.execute(statement("raw_lines").format(file=literal(str(file))))
        finally:
            file.unlink()


class TooLong(Failure):
    """A body larger than this server takes; sending it in parts helps."""


def _posted(rows: Iterable[tuple[Any, ...]], allowed: Allowed) -> Posted:
    lines, times = list[str](), list[datetime]()
    rejected = list[Rejected]()
    for line, reason, text, time, service, environment in rows:
        if objection := reason or allowed.objection(service, environment):
            rejected.append(Rejected(line=line, reason=objection, text=text[:SHOWN]))
        else:
            lines.append(f"{text}\n")
            times.append(time)
    return Posted(
        rows="".join(lines).encode(),
        taken=len(lines),
        rejected=tuple(rejected),
        first=min(times).replace(tzinfo=UTC) if times else None,
        last=max(times).replace(tzinfo=UTC) if times else None,
    )


def _plain(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
