"""Turns what a piece of a file says into staged rows, and what cannot be read into reasons."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import duckdb

from errorbudget.ingest.bots import is_bot
from errorbudget.ingest.mapping import Maps
from errorbudget.ingest.redaction import COLUMNS as TREATABLE
from errorbudget.ingest.redaction import NOTHING, Redaction
from errorbudget.ingest.rejected import SHOWN, Rejected
from errorbudget.ingest.statements import literal, statement

_CHECKS: Final = """
        when service = '' then 'no service: name it in the record, or with --service'
        when "~status" <> '' and not regexp_full_match("~status", '\\d{1,5}(\\.0*)?')
            then 'status is not a whole number from 0 to 99999'
        when "~duration_ms" <> ''
            and not coalesce(try_cast("~duration_ms" as double) between 0 and 31622400000, false)
            then 'duration_ms is not a number of milliseconds from 0 to a year'
        when "~is_bot" <> '' and try_cast("~is_bot" as boolean) is null
            then 'is_bot is neither true nor false'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a file holds: the columns that its records fill, and how they are checked and staged."""

    name: str
    columns: dict[str, tuple[str, ...]]
    """Each column, and the names under which records may give it."""
    checks: str
    texts: tuple[str, ...]
    """The columns that must be text or numbers, not objects or lists."""


_TEXTS: Final = (
    *("service", "route", "method", "tenant", "version", "region", "environment"),
    *("trace_id", "span_id"),
)

REQUESTS: Final = Kind(
    name="requests",
    columns={column: (column,) for column in ("time", *_TEXTS, "status", "duration_ms", "is_bot")},
    checks=_CHECKS,
    texts=_TEXTS,
)

LOGS: Final = Kind(
    name="logs",
    columns={
        "time": ("time", "timestamp"),
        "service": ("service",),
        "request_id": ("request_id", "trace_id"),
        "level": ("level", "severity", "severity_text", "severity_number"),
        "message": ("message", "body", "msg"),
        "template": ("template",),
    },
    checks="",
    texts=("service", "request_id", "level"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """What one piece gave: rows staged, the times they span, and the records set aside."""

    rows: int
    first: datetime | None
    last: datetime | None
    rejected: list[Rejected]


AHEAD: Final = timedelta(minutes=15)
"""How far the clock of a sender may be ahead of ours."""

_START: Final = datetime(1971, 1, 1, tzinfo=UTC)
_EVER: Final = datetime(2099, 12, 31, 23, 59, tzinfo=UTC)


@dataclass(slots=True)
class Stage:
    """Stages pieces on one connection, for one kind of record, one service and one set of maps."""

    connection: duckdb.DuckDBPyConnection
    kind: Kind
    service: str
    maps: Maps
    latest: datetime = _EVER
    """What comes later lies in the future."""
    earliest: datetime = _START
    """What comes earlier is no longer kept."""
    redaction: Redaction = NOTHING
    _agents: dict[str, bool] = field(default_factory=dict[str, bool])

    def __post_init__(self) -> None:
        self.connection.execute("create or replace temp table bots (user_agent varchar)")

    def stage(self, source: str, table: str, *, agents: bool) -> Staged:
        """Stage what `source` reads in a new `table`; `agents` says that it has user agents.

        A table of no database is temporary: what is set aside or redacted never reaches a disk.
        """
        if agents:
            self._look_up_agents(source)
        judged = self._judged(source)
        known_bot = """coalesce("~user_agent" in (select user_agent from bots), false)"""
        self.connection.execute(
            statement(f"staged_{self.kind.name}").format(
                temporary=_temporary(table),
                table=table,
                judged=judged,
                is_bot=known_bot if agents else "false",
            )
        )
        rejected = self._set_aside(judged, table)
        if self.redaction:
            self._redact(table)
        sql = statement("staged").format(table=table)
        rows, first, last = self.connection.execute(sql).fetchall()[0]
        return Staged(rows=rows, first=_utc(first), last=_utc(last), rejected=rejected)

    def _redact(self, table: str) -> None:
        columns = [name for name in self.kind.columns if name in TREATABLE]
        replacing = self.redaction.replacing(columns)
        self.connection.execute(
            f"create or replace {_temporary(table)} table {table} as"  # noqa: S608
            f" select * replace ({replacing}) from {table}"
        )

    def _set_aside(self, judged: str, table: str) -> list[Rejected]:
        """Take the records that have a reason out of the staged rows."""
        execute = self.connection.execute
        found = execute(f"select count(reason) from {table}").fetchone()  # noqa: S608
        rejected = self._rejected(judged) if found != (0,) else []
        if rejected:
            execute(f"delete from {table} where reason is not null")  # noqa: S608
        execute(f"alter table {table} drop column reason")
        return rejected

    def _rejected(self, judged: str) -> list[Rejected]:
        sql = statement("rejected").format(judged=judged, shown=SHOWN)
        rows = self.connection.execute(sql).fetchall()
        return [Rejected(line=line, reason=reason, text=text) for line, reason, text in rows]

    def _judged(self, source: str) -> str:
        columns = self.kind.columns
        mapped = {c: sql for c, sql in self.maps.expressions.items() if c in columns}
        return statement("judged").format(
            source=source,
            values=", ".join(
                f'cast({mapped[c]} as varchar) as "~{c}"' if c in mapped else f'"~{c}"'
                for c in columns
            ),
            service=literal(self.service),
            moment=statement("moment"),
            latest=_literal(self.latest),
            earliest=_literal(self.earliest),
            checks=self.kind.checks,
        )

    def _look_up_agents(self, source: str) -> None:
        sql = f"""select distinct "~user_agent" from ({source}) where "~user_agent" <> ''"""  # noqa: S608
        met = [agent for (agent,) in self.connection.execute(sql).fetchall()]
        new = {agent: is_bot(agent) for agent in met if agent not in self._agents}
        self._agents |= new
        bots = [agent for agent, bot in new.items() if bot]
        if bots:
            self.connection.execute("insert into bots select unnest($bots)", {"bots": bots})


def _literal(moment: datetime) -> str:
    return literal(moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f"))


def _temporary(table: str) -> str:
    return "" if "." in table else "temp"


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None


Progress = Callable[[int, int], None]
