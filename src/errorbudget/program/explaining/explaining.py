"""What broke? Puts together everything that is known of one burn."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import sqrt
from typing import Protocol

import numpy as np

from errorbudget import clock
from errorbudget.burn import attribution, concentration
from errorbudget.burn.bars import Bars
from errorbudget.burn.breakdown import Breakdown
from errorbudget.burn.rules import DAY
from errorbudget.errors import Failure
from errorbudget.ledger.window import Span, minute_floor, moment
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.program.budgets.book import Book
from errorbudget.program.burning import burning
from errorbudget.program.burning.burns import BurnStanding, standings
from errorbudget.program.explaining.beginning import CALM, FEW, HOUR, beginning
from errorbudget.program.explaining.explanation import Explanation
from errorbudget.program.explaining.scene import Scene
from errorbudget.program.explaining.witnesses import Witnesses
from errorbudget.source import Source
from errorbudget.store.changes import Changes


class Books(Protocol):
    """Where the documents that count, and their books, are found."""

    def document(self, service: str) -> ObjectiveDocument:
        """The document that counts for a service. Raises Failure."""
        ...

    def book(self, documents: Sequence[ObjectiveDocument], *, at: datetime) -> Book:
        """The books of these documents' own objectives, brought to a moment."""
        ...

    def whole_book(self, documents: Sequence[ObjectiveDocument], *, at: datetime) -> Book:
        """The same, with what is watched beside their own objectives."""
        ...


class Explaining:
    """What is known of a burn, now or in the past."""

    def __init__(self, source: Source, books: Books, changes: Changes) -> None:
        self._source = source
        self._books = books
        self._witnesses = Witnesses(source, changes)

    def explain(
        self,
        service: str,
        objective: str | None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        at: datetime,
    ) -> Explanation:
        """The burn from `since` to `until`, or the one that is current at `at`.

        An objective need not be named where there is only one. A pool's member goes by its name in
        alerts, as in `shelf/cart`. Of operations over several services, the one with most of the
        excess is looked into. Raises Failure for a service or an objective that nobody knows.
        """
        scene = self._scene(service, objective, since, until, at)
        valid, bad = scene.counts(scene.span)
        promise = scene.document.objectives[scene.burn.standing.objective]
        allowance = float(promise.target.allowance)
        by_service = self._broken_down(scene, allowance)
        name, found = next(iter(by_service.items()))
        where = attribution.attribution(found, allowance, _dispersion(scene))
        told, usual = self._witnesses.evidence(scene, scene.indicators[name]), _usual(scene)
        return Explanation(
            burn=scene.burn,
            span=scene.span,
            valid=valid,
            bad=bad,
            usual=usual,
            unknown=scene.unknown,
            burns=_burns(scene, bad > valid * allowance),
            bars=_bars(scene),
            onset=scene.onset,
            where=where,
            within=name if len(by_service) > 1 else "",
            who=concentration.concentration(found.tenants, allowance, usual),
            changes=told.changes,
            logs=told.logs,
            limits=(
                *_limits(scene, bad, found),
                *_by_service(by_service),
                *_unplaced(bad, where),
                *told.limits,
            ),
        )

    def _broken_down(self, scene: Scene, allowance: float) -> Mapping[str, Breakdown]:
        """What each of the services has of it, the one with most of the excess first."""
        span = scene.kept(scene.span) or [Span(scene.span.end, scene.span.end)]
        found = {
            name: self._source.breakdown(one, scene.columns, span, scene.compared)
            for name, one in scene.indicators.items()
        }
        worst = sorted(found, key=lambda name: -_excess(found[name], allowance))
        return {name: found[name] for name in worst}

    def _scene(
        self,
        service: str,
        objective: str | None,
        since: datetime | None,
        until: datetime | None,
        at: datetime,
    ) -> Scene:
        book, row = self._row(service, objective, until or at)
        if since is not None and until is not None and until <= since:
            raise Failure("--to is not after --from; write a later moment")
        document = book.promises[row].document
        burn = _standing(book, row, until or at)
        span, began = beginning(book, row, burn, since, until or at)
        clean = span.start if began is None else min(span.start, minute_floor(began.earliest))
        first = book.life(document).first_request
        before = Span(min(clean, max(clean - DAY, clean if first is None else first)), clean)
        return Scene(
            book=book,
            row=row,
            burn=burn,
            span=span,
            before=before,
            onset=began,
            asked=since is not None,
        )

    def _row(self, service: str, objective: str | None, at: datetime) -> tuple[Book, int]:
        """Books that have the objective of a document, a pool's member or a composite; its row."""
        document = self._document(service)
        objective = _named(document, service, objective)
        member = service if service == f"{document.name}/{service.rpartition('/')[2]}" else ""
        if objective in document.objectives and not member:
            book = self._books.book([document], at=at)
            return book, list(document.objectives).index(objective)
        book = self._books.whole_book([document], at=at)
        for row, promise in enumerate(book.promises):
            same = promise.document.name == (member or document.name)
            if same and promise.objective == objective:
                return book, row
        raise Failure(f"{service}: {objective} is not watched for it alone; ask {document.name}")

    def _document(self, service: str) -> ObjectiveDocument:
        """The document that counts for a service, or for a member by its name in alerts."""
        try:
            return self._books.document(service)
        except Failure:
            pool, _, member = service.rpartition("/")
            if not pool:
                raise
            document = self._books.document(pool)
            if member not in document.services:
                raise
            return document


def _standing(book: Book, row: int, at: datetime) -> BurnStanding:
    """How a row burns, whether it stands on its own or as a member."""
    promise = book.promises[row]
    told = standings(book, at)
    return next(
        one
        for burn in told
        for one in (burn, *burn.members)
        if one.standing.document.name == promise.document.name
        and one.standing.objective == promise.objective
    )


def _excess(found: Breakdown, allowance: float) -> float:
    """Failures beyond those that the time before lets expect."""
    return float((found.sums.bad - found.sums.expected(found.sums.usual(allowance))).sum())


def _named(document: ObjectiveDocument, service: str, objective: str | None) -> str:
    """The objective that is asked about; the only one need not be named. Raises Failure."""
    known = [*document.objectives, *document.composites]
    if objective is None and len(document.objectives) == 1:
        return known[0]
    if objective is None or objective not in known:
        what = "several objectives" if objective is None else f"no objective {objective!r}"
        raise Failure(f"{service}: {what}; write one of: {', '.join(known)}")
    return objective


def _dispersion(scene: Scene) -> float:
    learnt = burning.Dispersions(scene.book, moment(scene.span.end))
    return float(learnt(np.array([scene.row]))[0])


def _bars(scene: Scene) -> Bars:
    """As long before the burn as it lasts, and an hour at least."""
    span = scene.span
    start = min(max(span.start - len(span), scene.before.start), span.end - HOUR)
    minutes = np.arange(start, span.end)
    rows = np.full(minutes.size, scene.row)
    return Bars.of(start, *scene.book.counts(rows, minutes, minutes + 1))


def _usual(scene: Scene) -> float:
    """Requests that usually come in the time of the burn."""
    view = burning.usual(scene.book, moment(scene.span.end)).view
    return float(view.expected(np.array([scene.row]), scene.span.start, scene.span.end)[0])


def _burns(scene: Scene, beyond: bool) -> bool:
    """Whether something burns, or is silent; `beyond` where more failed than the budget allows."""
    if scene.asked:
        return beyond and scene.onset is not None
    return scene.burn.silent or scene.burn.alert not in CALM


def _limits(scene: Scene, bad: int, found: Breakdown) -> list[str]:
    limits = [scene.unknown] if scene.unknown else []
    if scene.burn.alert in CALM:
        limits.append(f"No alert stands at {clock.text(scene.burn.at)}: this may be no burn.")
    if 0 < bad < FEW:
        count = "1 request" if bad == 1 else f"{bad} requests"
        limits.append(f"Only {count} failed: too few for a shape to be sure.")
    seen, whole = sum(map(len, scene.compared)), len(scene.before)
    if not found.sums.valid_before.sum():
        limits.append("There is no request in the 24 hours before to compare with.")
    elif whole < DAY:
        limits.append(f"Compared with {whole:,} minutes before; there are no more.")
    elif seen < whole:
        error = 1 / sqrt(max(int(found.sums.bad_before.sum()), 1))
        limits.append(
            f"Compared with {seen:,} of the {whole:,} minutes before, spread over them: the usual"
            f" rate is known to ±{error:.1%}; the burn's own requests are counted one by one."
        )
    return limits


def _by_service(found: Mapping[str, Breakdown]) -> list[str]:
    """Of operations over several services, what each has of the failures, the worst first."""
    if len(found) < 2:
        return []
    counts = (
        f"{name} {int(one.sums.bad.sum()):,} of {int(one.sums.valid.sum()):,} failed"
        for name, one in found.items()
    )
    told = "what is said of places, tenants, changes and logs is of the first"
    return [f"By service, {', '.join(counts)}; {told}."]


def _unplaced(bad: int, where: tuple[attribution.Finding, ...]) -> list[str]:
    return ["No attribute stands out."] if bad and not where else []
