"""What would a document have done over the history there is? Replays budgets, alerts and changes.

A day at a time, with the rules that watch, and tallies of its own: the history may be of any
length, and nothing that is in force learns of it.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from errorbudget.burn.rules import DAY
from errorbudget.change import Change
from errorbudget.errors import Failure
from errorbudget.ledger.window import minute_ceil, minute_floor, moment
from errorbudget.objective.document import ObjectiveDocument, RiskClass
from errorbudget.objective.indicator import requests
from errorbudget.objective.reading import read
from errorbudget.policy.risk import RiskFinding
from errorbudget.program.budgets.book import Book
from errorbudget.program.budgets.held import HeldDays
from errorbudget.program.proposing.replay import Backtest, Replay
from errorbudget.program.proposing.retelling import known_incidents, retold
from errorbudget.source import Source
from errorbudget.store.home import Home

Progress = Callable[[int, int], None]
"""Days done, and days in all."""

_UNKNOWN_RISK: Final = RiskFinding(
    risk_class=RiskClass.HIGH, because="unclassified, which counts as high", classified=False
)


class Backtests:
    """Documents against the past."""

    def __init__(self, home: Home, source: Source) -> None:
        self._home = home
        self._source = source

    def run(self, document: ObjectiveDocument, progress: Progress | None = None) -> Backtest:
        """Replay a document from its first request to its last. Raises Failure without any."""
        book = Book(self._source, HeldDays(), [document])
        since, until = self._stretch(document)
        test = Backtest(document=document, since=since, until=until)
        replay = Replay(book, test)
        changes = list(self._changes(document, since, until))
        first, last = minute_floor(since), minute_ceil(until)
        days = list(range(first, last, DAY))
        risks = self._risks(changes)
        for done, start in enumerate(days):
            end = min(start + DAY, last)
            today = [one for one in changes if start <= minute_ceil(one.started_at) < end]
            for change in today:
                replay.judge(change, risks.get((change.service, change.id), _UNKNOWN_RISK))
            replay.day(start, end)
            if progress:
                progress(done + 1, len(days))
        return test

    def retell(
        self,
        body: bytes,
        name: str,
        *,
        incidents: Sequence[Any] | None = None,
        progress: Progress | None = None,
    ) -> dict[str, Any]:
        """The same of a document's bytes, as JSON has it. Raises DocumentInvalid, Failure."""
        known = None if incidents is None else known_incidents(incidents)
        return retold(self.run(read(body, file=name), progress), known)

    def _stretch(self, document: ObjectiveDocument) -> tuple[datetime, datetime]:
        life = self._source.liveness(requests(document))
        if life.first_request is None or life.as_of is None:
            services = ", ".join(document.services)
            raise Failure(
                f"{document.name}: there is no history: no request of {services} was taken in",
                "Take some in with `errorbudget ingest FILE --service S`.",
            )
        return moment(life.first_request), life.as_of

    def _changes(
        self, document: ObjectiveDocument, since: datetime, until: datetime
    ) -> Iterator[Change]:
        for one in self._home.changes.list(since=since, until=until):
            belongs = not document.environment or one.environment in ("", document.environment)
            if one.service in document.services and belongs:
                yield one

    def _risks(self, changes: Sequence[Change]) -> dict[tuple[str, str], RiskFinding]:
        """The risk of changes as the gate found it when it was asked."""
        if not changes:
            return {}
        found: dict[tuple[str, str], RiskFinding] = {}
        for entry in self._home.trail.entries():
            fields = entry.fields()
            if fields.get("kind") == "decision":
                body = fields["body"]
                risk = body["decision"]["risk"]
                found[body["service"], body["change"]] = RiskFinding(
                    risk_class=RiskClass(risk["counts_as"]), because=risk["because"]
                )
        return found
