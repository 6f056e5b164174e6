"""What became of the records that earlier runs took from a file, so that a report counts them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import duckdb

from errorbudget.request import Receipt

_TABLES: Final = """
create schema if not exists ingest;
create table if not exists ingest.history (
    feed varchar, position bigint, read bigint, rejected bigint, first timestamp, last timestamp
);
create table if not exists ingest.reading (
    feed varchar, form varchar, service varchar, maps varchar
);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a file was read: the options that decide what its bytes mean."""

    form: str
    service: str
    """Of the rows that name none."""
    maps: str

    def difference(self, asked: "Way") -> str:
        """The first option that differs in another way, and what it was; empty if none does."""
        if self.form != asked.form:
            return f"as {self.form}"
        if self.maps != asked.maps:
            return f"with {self.maps}" if self.maps else "without --map"
        if self.service != asked.service:
            return f"with --service {self.service}" if self.service else "without --service"
        return ""


def ways(connection: duckdb.DuckDBPyConnection) -> dict[str, Way]:
    """How the file behind each feed was read."""
    connection.execute(_TABLES)
    rows = connection.execute("select feed, form, service, maps from ingest.reading").fetchall()
    return {feed: Way(form=form, service=service, maps=maps) for feed, form, service, maps in rows}


def remember(connection: duckdb.DuckDBPyConnection, feed: str, way: Way) -> None:
    """Keep how a new file is read, before its first receipt: without one it means nothing."""
    values = {
        "feed": feed,
        "form": way.form,
        "service": way.service,
        "maps": way.maps,
    }
    connection.execute("delete from ingest.reading where feed = $feed", {"feed": feed})
    connection.execute("insert into ingest.reading values ($feed, $form, $service, $maps)", values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Records of a file from its beginning up to a position, and the times they span."""

    read: int = 0
    rejected: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def plus(
        self, read: int, rejected: int, first: datetime | None, last: datetime | None
    ) -> "Counts":
        """These counts and those of one more piece."""
        return Counts(
            read=self.read + read,
            rejected=self.rejected + rejected,
            first=min((t for t in (self.first, first) if t), default=None),
            last=max((t for t in (self.last, last) if t), default=None),
        )


def counted(connection: duckdb.DuckDBPyConnection, receipt: Receipt | None) -> Counts:
    """What became of everything that a receipt speaks of."""
    connection.execute(_TABLES)
    if receipt is None:
        return Counts()
    at = {"feed": receipt.feed, "position": receipt.position}
    row = connection.execute(
        """
        select read, rejected, first, last from ingest.history
        where feed = $feed and position = $position
        """,
        at,
    ).fetchone()
    if row is None:
        return Counts(read=receipt.line)
    read, rejected, first, last = row
    return Counts(read=read, rejected=rejected, first=_utc(first), last=_utc(last))


def count(connection: duckdb.DuckDBPyConnection, receipt: Receipt, counts: Counts) -> None:
    """Remember the counts up to a receipt, before it is written: without it they mean nothing."""
    values = {
        "feed": receipt.feed,
        "position": receipt.position,
        "read": counts.read,
        "rejected": counts.rejected,
        "first": _naive(counts.first),
        "last": _naive(counts.last),
    }
    connection.execute(
        "delete from ingest.history where feed = $feed and position = $position",
        {"feed": receipt.feed, "position": receipt.position},
    )
    connection.execute(
        "insert into ingest.history values ($feed, $position, $read, $rejected, $first, $last)",
        values,
    )


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None


def _naive(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment else None
