"""The embedded warehouse: takes requests, logs and corrections in, and counts them."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import duckdb

from errorbudget import clock
from errorbudget.change import Appearance
from errorbudget.ledger.tally import Counts, Tallies
from errorbudget.ledger.window import ALWAYS, Span, moment
from errorbudget.request import Added, Corrected, Kept, Receipt
from errorbudget.source import Appeared, Failing, Liveness, Logs, Stirred, Touched, Version
from errorbudget.source.duckdb import (
    breaking_down,
    counting,
    joining,
    keeping,
    news,
    recounting,
    witnessing,
)
from errorbudget.source.duckdb.connection import MEMORY, open_file
from errorbudget.source.duckdb.living import Feeds
from errorbudget.source.duckdb.statements import statement
from errorbudget.source.duckdb.together import Together

if TYPE_CHECKING:
    from errorbudget.burn.breakdown import Breakdown
    from errorbudget.burn.correlation import Split, Way
    from errorbudget.objective.criterion import Criterion
    from errorbudget.objective.indicator import Counting, Indicator, Operations, Requests

Verdict = Literal["bad", "good", "excluded"]
_Kind = Literal["requests", "logs", "corrections"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A service that has sent requests: its first and last minute, and how many there are."""

    service: str
    first: int
    last: int
    requests: int

    def as_dict(self) -> dict[str, str | int]:
        """The service as JSON has it."""
        return {
            "service": self.service,
            "first": clock.text(moment(self.first)),
            "last": clock.text(moment(self.last)),
            "requests": self.requests,
        }


class Warehouse:
    """One DuckDB file; every batch is one transaction: its rows and what is known of them."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        staging: Path,
        turn: threading.Lock | None = None,
    ) -> None:
        self.connection = connection
        self.staging = staging
        self._turn = turn or threading.Lock()
        self._is_steady = False
        self._together: Together | None = None

    @classmethod
    def open(cls, path: Path, *, memory: int = MEMORY) -> Self:
        """The warehouse at `path`, made when missing; `memory` is bytes of DuckDB's own.

        Raises HomeBusy when in use.
        """
        staging, spill = path.parent / "staging", path.parent / "spill"
        connection = open_file(path, staging=staging, spill=spill, memory=memory)
        for left_over in (staging, spill):
            shutil.rmtree(left_over, ignore_errors=True)
            left_over.mkdir()
        warehouse = cls(connection, staging)
        warehouse._make_tables()
        return warehouse

    def another(self) -> Self:
        """The same warehouse for another thread: all read at once, and take turns in writing."""
        return type(self)(self.connection.cursor(), self.staging, self._turn)

    @contextmanager
    def snapshot(self) -> Generator[None]:
        """One view for everything that is read in the block, whatever is stored meanwhile.

        A block within another has the view of that.
        """
        if self._is_steady:
            yield
            return
        self.connection.execute("begin transaction read only")
        self._is_steady = True
        try:
            yield
        finally:
            self._is_steady = False
            self.connection.execute("rollback")

    @contextmanager
    def together(self, asked: Sequence[Sequence[Counting]]) -> Generator[None]:
        """Answer in the block what these ask in as few questions as can be, from one view."""
        with self.snapshot():
            self._together = Together(self.connection, asked)
            try:
                yield
            finally:
                self._together = None

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def receipts(self) -> list[Receipt]:
        """The newest receipt of each feed, oldest first."""
        rows = self.connection.execute(statement("receipts")).fetchall()
        return [Receipt(feed=feed, key=key, position=at, line=line) for feed, key, at, line in rows]

    def services(self) -> list[Seen]:
        """Every service that has ever sent a request."""
        rows = self.connection.execute(statement("services")).fetchall()
        return [Seen(service=name, first=a, last=z, requests=n) for name, a, z, n in rows]

    def versions(self, service: str, environment: str, before: datetime) -> list[Version]:
        """The versions that had served requests before a moment, in the order they first did."""
        until = before.astimezone(UTC).replace(tzinfo=None)
        values = {"service": service, "environment": environment, "before": until}
        rows = self.connection.execute(statement("versions"), values).fetchall()
        return [
            Version(version=name, first_at=first.replace(tzinfo=UTC), requests=count)
            for name, first, count in rows
        ]

    def served(self, service: str, environment: str, since: datetime, until: datetime) -> int:
        """How many requests a service served in an environment in [since, until)."""
        span = {"since": since, "until": until}
        values = {name: at.astimezone(UTC).replace(tzinfo=None) for name, at in span.items()}
        where = {"service": service, "environment": environment}
        rows = self.connection.execute(statement("served"), values | where).fetchall()
        return int(rows[0][0])

    def appeared(self, since: int) -> Appeared:
        """Versions that requests of batches after `since` name; a look that finds none is cheap."""
        newest = int(self._one("newest_batch")[0])
        if newest <= since:
            return Appeared(versions=(), newest=newest)
        rows = self.connection.execute(statement("appeared"), {"since": since}).fetchall()
        versions = tuple(
            Appearance(
                service=service,
                environment=environment,
                version=version,
                first_at=first.replace(tzinfo=UTC),
            )
            for service, environment, version, first in rows
        )
        return Appeared(versions=versions, newest=newest)

    def known_request_ids(
        self,
        service: str,
        request_ids: Sequence[str],
        request_id: Criterion | None = None,
        *,
        within: Span = ALWAYS,
    ) -> tuple[str, ...]:
        """Those of the ids that a request of the service has; `request_id` is the document's."""
        expression = request_id.sql if request_id else "trace_id"
        sql = statement("known_request_ids").format(request_id=expression)
        wanted = list(dict.fromkeys(request_ids))
        with counting.evaluating():
            values = {"service": service, "request_ids": wanted}
            edges = {"first": within.start, "until": within.end}
            found = self.connection.execute(sql, values | edges)
            known = {row[0] for row in found.fetchall()}
        return tuple(id_ for id_ in wanted if id_ in known)

    def stirred(self, since: int) -> Stirred:
        """Services whose counts or liveness batches after `since` may have changed."""
        newest = int(self._one("newest_batch")[0])
        if newest <= since:
            return Stirred(services=frozenset(), newest=newest)
        rows = self.connection.execute(statement("stirred"), {"since": since}).fetchall()
        return Stirred(services=frozenset(row[0] for row in rows), newest=newest)

    def kept(self, requests: Requests | None = None) -> Kept:
        """From when on there are requests to count, whichever they are."""
        del requests
        return self._together.kept if self._together else keeping.kept(self.connection)

    def older(self, requests: int, logs: int) -> keeping.Pruned:
        """What lies before these minutes."""
        return keeping.older(self.connection, requests, logs)

    def prune(self, requests: int, logs: int, first: Callable[[], None]) -> keeping.Pruned:
        """Drop requests and log records before these minutes; nothing is stored after `first`."""
        receipt = Receipt(feed="", key="", position=0, line=0)
        with self._batch("corrections", receipt, first) as batch:
            return keeping.prune(self.connection, batch, requests, logs)

    def compact(self, before: int) -> None:
        """Tell in fewer rows what happened before a minute."""
        with self._transaction():
            keeping.compact(self.connection, before)

    def forget_receipts(self, now: int) -> None:
        """Forget, as of a minute, which batches of senders are too old to be sent again."""
        with self._transaction():
            keeping.forget_receipts(self.connection, now)

    def turn(self, requests: Requests) -> None:
        """Nothing of its own: who counts here holds the home's lock, as for every row of it."""
        del requests

    def touched(self, requests: Requests, since: int) -> Touched:
        """Minutes whose counts batches after `since` may have changed."""
        if self._together:
            return self._together.touched(requests, since)
        return news.touched(self.connection, requests, since)

    def tally(self, indicators: Sequence[Counting], minutes: Counts | None) -> list[Tallies]:
        """Counts of each indicator; None counts every minute. Raises CriterionFailed."""
        if self._together:
            return self._together.tally(indicators, minutes)
        return counting.tally(self.connection, indicators, minutes)

    def operations_touched(self, operations: Operations, since: int) -> Touched:
        """Minutes whose operations batches after `since` may have changed."""
        return joining.operations_touched(self.connection, operations, since)

    def operations(self, operations: Operations, minutes: Counts | None) -> Tallies:
        """Counts of operations, joined by id; None counts every minute. Raises CriterionFailed."""
        return joining.operations(self.connection, operations, minutes)

    def breakdown(
        self,
        indicator: Indicator,
        columns: Sequence[str],
        burn: Sequence[Span],
        before: Sequence[Span],
    ) -> Breakdown:
        """The requests of a burn and of the time before it, by these columns and by tenant."""
        return breaking_down.breakdown(self.connection, indicator, columns, burn, before)

    def split(self, indicator: Counting, span: Span, *, through: str | None = None) -> Split:
        """Counts by minute, version and route; of another service's versions, where asked."""
        return witnessing.split(self.connection, indicator, span, through)

    def paths(
        self, indicator: Counting, span: Span, others: Sequence[str], requests: int
    ) -> Mapping[str, Way]:
        """In how many requests of a span each of these services took part."""
        return witnessing.paths(self.connection, indicator, span, others, requests)

    def logs(self, indicator: Counting, before: Span, burn: Span) -> Logs:
        """The log records of a burn and of the span right before it; of very many, a sample."""
        return witnessing.logs(self.connection, indicator, before, burn)

    def logged_first(
        self, services: Sequence[str], request_ids: Sequence[str], span: Span
    ) -> Mapping[str, datetime]:
        """When the first log record of each of these requests was written, where there is one."""
        values = {
            "services": [*services],
            "request_ids": [*request_ids],
            "first": span.start,
            "until": span.end,
        }
        found = self.connection.execute(statement("logged_first"), values).fetchall()
        return {id_: first.replace(tzinfo=UTC) for id_, first in found}

    def failing(self, indicator: Counting, spans: Sequence[Span], most: int) -> Failing:
        """The newest bad requests of some spans of minutes. Raises CriterionFailed."""
        return counting.failing(self.connection, indicator, spans, most)

    def counted_again(
        self, indicator: Indicator, spans: Sequence[Span], left_out: Sequence[Span]
    ) -> str:
        """SQL that counts spans again, numbered from 1, for a person to ask of the file."""
        return recounting.of_spans(self.connection, indicator, spans, left_out)

    def liveness(self, requests: Requests) -> Liveness:
        """When the feeds of these requests were alive."""
        if self._together:
            return self._together.liveness(requests)
        return Feeds(self.connection, requests.services).liveness(requests)

    def add_requests(self, receipt: Receipt) -> Added:
        """Store the temporary table `staged_requests`; a batch seen before adds nothing."""
        return self._add("requests", receipt)

    def add_logs(self, receipt: Receipt) -> Added:
        """Store the temporary table `staged_logs`; a batch seen before adds nothing."""
        return self._add("logs", receipt)

    def withdraw(self, kind: Literal["requests", "logs"], receipt: Receipt) -> None:
        """Take back what a feed brought from the batch of a receipt on, as if it had not come."""
        at = {"kind": kind, "feed": receipt.feed, "position": receipt.position}
        key, position, line = self._one("receipt_before", **at) or ("", 0, 0)
        before = Receipt(feed=receipt.feed, key=key, position=position, line=line)
        rows = self.connection.execute(statement("batches_from"), at).fetchall()
        withdrawn = {"withdrawn": [row[0] for row in rows]}
        # A batch of its own tells those who count that something changed.
        with self._batch(kind, before) as batch:
            self._one(f"touch_withdrawn_{kind}", batch=batch, **withdrawn)
            for table in (kind, "touched", "feed", "alive", "receipt"):
                self.connection.execute(statement("withdraw").format(table=table), withdrawn)

    def add_corrections(
        self,
        service: str,
        request_ids: Sequence[str],
        verdict: Verdict,
        reason: str,
        now: datetime,
        request_id: Criterion | None = None,
    ) -> Corrected:
        """Judge known requests by hand; `request_id` is the document's, else `trace_id`."""
        known = self.known_request_ids(service, request_ids, request_id)
        if known:
            self._store_corrections(service, list(known), verdict, reason, now)
        unknown = dict.fromkeys(id_ for id_ in request_ids if id_ not in known)
        return Corrected(corrected=len(known), unknown=tuple(unknown))

    def _store_corrections(
        self, service: str, request_ids: list[str], verdict: Verdict, reason: str, now: datetime
    ) -> None:
        receipt = Receipt(feed=service, key="", position=0, line=0)
        values = {
            "service": service,
            "request_ids": request_ids,
            "verdict": verdict,
            "reason": reason,
            "now": now.astimezone(UTC).replace(tzinfo=None),
        }
        with self._batch("corrections", receipt) as batch:
            self.connection.execute(statement("insert_corrections"), {"batch": batch} | values)

    def _add(self, kind: Literal["requests", "logs"], receipt: Receipt) -> Added:
        count, first, last = self._one(f"staged_{kind}")
        if self._is_known(kind, receipt):
            return Added(stored=0, duplicates=count)
        with self._batch(kind, receipt) as batch:
            if not count:
                return Added(stored=0, duplicates=0)
            stored = self._store(kind, batch, _minute(first), _minute(last))
            self._note_feed(kind, receipt, batch, first, last)
        return Added(stored=stored, duplicates=count - stored)

    def _store(self, kind: Literal["requests", "logs"], batch: int, first: int, last: int) -> int:
        if kind == "logs":
            return self._one("insert_logs", batch=batch)[0]
        sql = statement("insert_requests").format(mark=statement("mark"))
        values = {"batch": batch, "first": first, "last": last}
        stored = self.connection.execute(sql, values).fetchall()[0][0]
        self._one("insert_touched", batch=batch)
        return stored

    def _note_feed(
        self, kind: _Kind, receipt: Receipt, batch: int, first: datetime, last: datetime
    ) -> None:
        self._one(f"insert_feed_of_{kind}", batch=batch, feed=receipt.feed)
        self._one(
            "insert_alive",
            batch=batch,
            kind=kind,
            feed=receipt.feed,
            is_file=receipt.position > 0,
            first=_minute(first),
            last=_minute(last),
            newest=last,
        )

    @contextmanager
    def _batch(
        self, kind: _Kind, receipt: Receipt, first: Callable[[], None] = lambda: None
    ) -> Generator[int]:
        """A transaction that ends with the receipt: a kill leaves all of a batch or nothing."""
        with self._transaction(first):
            batch = int(self._one("next_batch")[0])
            yield batch
            self._one(
                "insert_receipt",
                batch=batch,
                kind=kind,
                feed=receipt.feed,
                key=receipt.key,
                position=receipt.position,
                line=receipt.line,
            )

    @contextmanager
    def _transaction(self, first: Callable[[], None] = lambda: None) -> Generator[None]:
        # Batches are numbered in the order in which they become visible: one after the other.
        with self._turn:
            first()
            self.connection.execute("begin")
            try:
                yield
            except BaseException:
                self.connection.execute("rollback")
                raise
            self.connection.execute("commit")

    def _is_known(self, kind: _Kind, receipt: Receipt) -> bool:
        values = {"feed": receipt.feed, "key": receipt.key, "position": receipt.position}
        return bool(self._one("receipt_known", kind=kind, **values)[0])

    def _one(self, name: str, **values: object) -> tuple[Any, ...]:
        """The first row that a statement of this package answers with."""
        row = self.connection.execute(statement(name), values).fetchone()
        return row or ()

    def _make_tables(self) -> None:
        known = self.connection.execute("select count(*) from duckdb_tables()").fetchone()
        if known == (0,):
            with self._transaction():
                self.connection.execute(statement("schema"))
        self.connection.execute(statement("pruned"))
        self.connection.execute(statement("settled"))
        self.connection.execute(statement("marked"))


def _minute(moment: datetime) -> int:
    """The whole minutes since 1970 of a UTC moment without a zone."""
    return int(moment.replace(tzinfo=UTC).timestamp() // 60)
