"""Requests, log records and corrections, on their way into the warehouse."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.ingest import corrections
from errorbudget.ingest.redaction import NOTHING, Redaction
from errorbudget.ingest.report import Report
from errorbudget.ingest.run import ingest
from errorbudget.objective.indicator import requests
from errorbudget.program.changes import Changes
from errorbudget.program.objectives.objectives import Objectives
from errorbudget.request import Corrected
from errorbudget.source.duckdb.warehouse import Warehouse
from errorbudget.store.home import Home


class Requests:
    """What was served, and what became known of it later."""

    def __init__(
        self,
        home: Home,
        warehouse: Warehouse,
        objectives: Objectives,
        redaction: Redaction = NOTHING,
    ) -> None:
        self._home = home
        self._redaction = redaction
        self._warehouse = warehouse
        self._objectives = objectives
        self._changes = Changes(home)

    def ingest(
        self,
        file: Path,
        *,
        form: str = "auto",
        service: str = "",
        maps: Mapping[str, str] | None = None,
        logs: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> Report:
        """Take one file in; what was taken before counts once, what cannot be read is set aside."""
        report = ingest(
            self._warehouse,
            file,
            form=form,
            service=service,
            maps=maps or {},
            logs=logs,
            rejected=self._home.rejected,
            now=clock.now(),
            progress=progress,
            redaction=self._redaction,
        )
        self._changes.recognise(self._warehouse)
        return report

    def correct(
        self,
        service: str,
        request_ids: Sequence[str],
        verdict: str,
        reason: str,
        *,
        now: datetime,
    ) -> Corrected:
        """Judge requests by hand; in the trail before it counts. Raises Failure."""
        if source := self._objectives.elsewhere(service):
            raise Failure(
                f"{service}: its document counts the source {source}, and only requests of the"
                " embedded warehouse can be judged by hand",
                "Write what became known where they are, in a column that its criteria read; or"
                " leave the time out with `exclude`.",
            )
        if service not in {seen.service for seen in self._warehouse.services()}:
            raise Failure(f"{service}: no request of such a service was ever taken in")
        document = self._objectives.observing(service)
        expression = requests(document).request_id if document else None
        corrections.check(verdict, reason)
        known = self._warehouse.known_request_ids(service, request_ids, expression)
        if known:
            body = {"service": service, "as": verdict, "reason": reason, "request_ids": [*known]}
            self._home.trail.append("correction", body, now)
        return corrections.correct(
            self._warehouse,
            service,
            request_ids,
            verdict,
            reason,
            now=now,
            request_id=expression,
        )
