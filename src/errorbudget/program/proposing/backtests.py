"""What would a document have done over the history there is? Replays budgets, alerts and changes.

A day at a time, with the rules that watch, and tallies of its own: the history may be of any
length, and nothing that is in force learns of it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from errorbudget.burn.rules import DAY, Level
from errorbudget.change import Change
from errorbudget.errors import Failure
from errorbudget.ledger.window import minute_ceil, minute_floor, moment
from errorbudget.objective.document import ObjectiveDocument, RiskClass
from errorbudget.objective.indicator import indicator, requests
from errorbudget.objective.reading import read
from errorbudget.policy.risk import RiskFinding
from errorbudget.program.budgets.book import Book
from errorbudget.program.budgets.held import HeldDays
from errorbudget.program.explaining.explaining import Explaining
from errorbudget.program.proposing.replay import MOST_EXPLAINED, Backtest, Replay
from errorbudget.program.proposing.retelling import known_incidents, retold
from errorbudget.source import Source
from errorbudget.source.duckdb.profiling import Profiler
from errorbudget.source.sources import EMBEDDED
from errorbudget.store.home import Home

Progress = Callable[[int, int], None]
"""Days done, and days in all."""

_UNKNOWN_RISK: Final = RiskFinding(
    risk_class=RiskClass.HIGH, because="unclassified, which counts as high", classified=False
)


_LOUDEST: Final = Level.FIRE.name.lower()


_UNKNOWN_MEANS: Final = {
    "scope": "where that decides, the request is left out",
    "valid": "where that decides, the request counts",
    "good": "where that decides, the request is bad",
}
"""What a criterion comes to that cannot be told."""


class Rehearsed:
    """The books of a document as if it were in force, counted once, in memory."""

    def __init__(self, source: Source, document: ObjectiveDocument) -> None:
        self._source = source
        self._document = document
        self._days = HeldDays()

    def document(self, service: str) -> ObjectiveDocument:
        """The document, whatever else speaks for a service."""
        del service
        return self._document

    def book(self, documents: Sequence[ObjectiveDocument], *, at: datetime) -> Book:
        """The books of documents, brought to a moment."""
        book = Book(self._source, self._days, documents)
        book.bring_to(at)
        return book

    def whole_book(self, documents: Sequence[ObjectiveDocument], *, at: datetime) -> Book:
        """The same: what is watched beside a document's own objectives is not rehearsed."""
        return self.book(documents, at=at)

    def unread(self) -> Book:
        """The document's books, not brought to any moment yet."""
        return Book(self._source, self._days, [self._document])


class Backtests:
    """Documents against the past."""

    def __init__(self, home: Home, source: Source, profiler: Profiler) -> None:
        self._home = home
        self._source = source
        self._profiler = profiler

    def run(self, document: ObjectiveDocument, progress: Progress | None = None) -> Backtest:
        """Replay a document from its first request to its last. Raises Failure without any."""
        rehearsed = Rehearsed(self._source, document)
        since, until = self._stretch(document)
        test = Backtest(document=document, since=since, until=until)
        replay = Replay(rehearsed.unread(), test)
        changes = list(self._changes(document, since, until))
        first = minute_floor(since)
        last = max(minute_ceil(until), first + 1)
        edges = [first, *range((first // DAY + 1) * DAY, last, DAY), last]
        risks = self._risks(changes)
        for done, (start, end) in enumerate(pairwise(edges)):
            today = [one for one in changes if start <= minute_ceil(one.started_at) < end]
            for change in today:
                replay.judge(change, risks.get((change.service, change.id), _UNKNOWN_RISK))
            replay.day(start, end)
            if progress:
                progress(done + 1, len(edges) - 1)
        self._explain(test, Explaining(self._source, rehearsed, self._home.changes))
        return test

    def _explain(self, test: Backtest, explaining: Explaining) -> None:
        """Put beside alerts what was broken, the loudest first where there are very many."""
        loud = [place for place, one in enumerate(test.told) if one.is_news]
        loud.sort(key=lambda place: test.told[place].level != _LOUDEST)
        for place in loud[:MOST_EXPLAINED]:
            told = test.told[place]
            found = explaining.explain(test.document.name, told.objective, at=told.at)
            context = "; ".join(found.points()) or found.first_move()
            test.told[place] = replace(told, context=context)

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
        document = read(body, file=name)
        told = retold(self.run(document, progress), known)
        return told | {"warnings": [*told["warnings"], *self._unsent(document)]}

    def _unsent(self, document: ObjectiveDocument) -> Iterator[str]:
        """A line for each criterion over a column that no request ever had."""
        if requests(document).source != EMBEDDED:
            return
        for name in document.objectives:
            of = indicator(document, name)
            read = (("scope", of.requests.scope), ("valid", of.valid), ("good", of.good))
            for what, criterion in read:
                columns = sorted(criterion.columns) if criterion else []
                for column in self._profiler.never_sent(document.services, columns):
                    yield (
                        f"{name}: `{what}` reads {column}, which no request of"
                        f" {', '.join(document.services)} ever sent: {_UNKNOWN_MEANS[what]}."
                    )

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
