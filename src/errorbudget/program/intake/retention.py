"""Drops requests and log records when they are older than they are kept; counts stay."""

from datetime import datetime, timedelta
from typing import Any, Final

from errorbudget import clock
from errorbudget.ingest.rejected import forget_before
from errorbudget.ledger.tally import DAY
from errorbudget.ledger.window import minute_floor, moment
from errorbudget.program.budgets.book import Book
from errorbudget.program.budgets.closing import ClosingDays
from errorbudget.program.objectives.objectives import Objectives
from errorbudget.source.duckdb.warehouse import Warehouse
from errorbudget.store.home import Home

SETTLED: Final = timedelta(days=1)
"""After so long nobody needs to know which batch touched a minute."""


class Retention:
    """What is kept, and for how long."""

    def __init__(self, home: Home, warehouse: Warehouse, objectives: Objectives) -> None:
        self._home = home
        self._warehouse = warehouse
        self._objectives = objectives

    def prune(
        self, *, requests: timedelta | None, logs: timedelta | None, now: datetime
    ) -> dict[str, Any]:
        """Drop whole days that are older; None keeps all. Every budget is counted first.

        It is in the audit trail before anything is dropped.
        """
        request_minute, log_minute = _before(requests, now), _before(logs, now)
        # A log record is of no use to anybody once its request is gone.
        log_minute = max(log_minute, request_minute)
        older = self._warehouse.older(request_minute, log_minute)
        told = {
            "requests_before": clock.text(moment(request_minute)) if requests else None,
            "logs_before": clock.text(moment(log_minute)) if log_minute else None,
        }
        pruned = older
        if older.requests or older.logs:

            def first() -> None:
                self._count(now)
                self._home.trail.append("retention", told, now)

            pruned = self._warehouse.prune(request_minute, log_minute, first)
        self._forget_rejected(request_minute, log_minute)
        self._warehouse.compact(minute_floor(now - SETTLED))
        self._warehouse.forget_receipts(minute_floor(now))
        return told | {"requests": pruned.requests, "logs": pruned.logs}

    def _forget_rejected(self, request_minute: int, log_minute: int) -> None:
        """What senders had set aside holds texts too."""
        folder = self._home.rejected
        forget_before(folder, moment(request_minute).date())
        forget_before(folder, moment(log_minute).date(), of="otlp-logs-")

    def _count(self, now: datetime) -> None:
        # What another source holds is not dropped here, and its counts go by batches of its own.
        documents = [
            one for one in self._objectives.all() if not self._objectives.elsewhere(one.services[0])
        ]
        book = Book(self._warehouse, ClosingDays(self._home, documents), documents)
        book.bring_to(now)


def _before(span: timedelta | None, now: datetime) -> int:
    """The minute at which the first day that is kept begins; 0 where all are."""
    return 0 if span is None else minute_floor(now - span) // DAY * DAY
