"""What broke? Puts together everything that is known of one burn."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import sqrt
from typing import Final, Protocol

import numpy as np

from errorbudget import clock
from errorbudget.burn import attribution, concentration
from errorbudget.burn.bars import Bars
from errorbudget.burn.breakdown import Breakdown
from errorbudget.burn.onset import Onset, onset
from errorbudget.burn.rules import DAY
from errorbudget.errors import Failure
from errorbudget.ledger.window import Span, minute_ceil, minute_floor, moment
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.program.budgets.book import Book
from errorbudget.program.burning import burning
from errorbudget.program.burning.burns import BurnStanding, standings
from errorbudget.program.explaining.explanation import Explanation
from errorbudget.program.explaining.scene import Scene
from errorbudget.program.explaining.witnesses import Witnesses
from errorbudget.source import Source
from errorbudget.store.changes import Changes

HOUR: Final = 60
MINUTE: Final = timedelta(minutes=1)
LOOKBACK: Final = 180
"""Minutes before a burn in which its onset is sought, or as many as it lasts."""

_CALM: Final = ("none", "unknown")

FEW: Final = 20
"""With fewer failures a burn has no shape to speak of."""


class Books(Protocol):
    """Where the documents that count, and their books, are found."""

    def document(self, service: str) -> ObjectiveDocument:
        """The document that counts for a service. Raises Failure."""
        ...

    def book(self, documents: Sequence[ObjectiveDocument], *, at: datetime) -> Book:
        """The books of these documents' own objectives, brought to a moment."""
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
        objective: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        at: datetime,
    ) -> Explanation:
        """The burn from `since` to `until`, or the one that is current at `at`.

        Raises Failure for a service or an objective that nobody knows.
        """
        scene = self._scene(service, objective, since, until, at)
        valid, bad = scene.counts(scene.span)
        found = self._source.breakdown(
            scene.indicator,
            scene.document.burn.group_by,
            scene.kept(scene.span) or [Span(scene.span.end, scene.span.end)],
            scene.compared,
        )
        allowance = float(scene.document.objectives[objective].target.allowance)
        where = attribution.attribution(found, allowance, _dispersion(scene))
        told = self._witnesses.evidence(scene)
        return Explanation(
            burn=scene.burn,
            span=scene.span,
            valid=valid,
            bad=bad,
            bars=_bars(scene),
            onset=scene.onset,
            where=where,
            who=concentration.concentration(found.tenants, allowance, _usual(scene)),
            changes=told.changes,
            logs=told.logs,
            limits=(*_limits(scene, bad, found), *_unplaced(bad, where), *told.limits),
        )

    def _scene(
        self,
        service: str,
        objective: str,
        since: datetime | None,
        until: datetime | None,
        at: datetime,
    ) -> Scene:
        document = self._books.document(service)
        if objective not in document.objectives:
            known = ", ".join(document.objectives)
            raise Failure(f"{service}: no objective {objective!r}; write one of: {known}")
        if since is not None and until is not None and until <= since:
            raise Failure("--to is not after --from; write a later moment")
        book = self._books.book([document], at=until or at)
        row = list(document.objectives).index(objective)
        burn = standings(book, until or at)[row]
        end = minute_ceil(until or at)
        start = minute_floor(since) if since else end - _worst(burn)
        asked = since is not None or burn.alert not in _CALM
        began = _onset(book, row, start, end, sure=asked)
        if since is None and began is not None:
            start, end = minute_floor(began.at), _ended(book, row, began, end)
        clean = start if began is None else min(start, minute_floor(began.earliest))
        first = book.life(document).first_request
        before = Span(min(clean, max(clean - DAY, clean if first is None else first)), clean)
        return Scene(
            book=book, row=row, burn=burn, span=Span(start, end), before=before, onset=began
        )


def _worst(burn: BurnStanding) -> int:
    """The minutes of the horizon that surely burns fastest; an hour where none does."""
    sure = [(horizon.interval[0], horizon.minutes) for horizon in burn.horizons if horizon.interval]
    return max(sure, key=lambda pair: (pair[0], -pair[1]), default=(0.0, HOUR))[1]


def _onset(book: Book, row: int, start: int, end: int, *, sure: bool) -> Onset | None:
    """When what burns in [start, end) began; `sure` where an alert or a person says it burns."""
    first = start - max(LOOKBACK, end - start)
    minutes = np.arange(first, end)
    valid, bad = book.counts(np.full(minutes.size, row), minutes, minutes + 1)
    return onset(moment(first), MINUTE, valid, bad, since=moment(start), sure=sure)


def _ended(book: Book, row: int, began: Onset, end: int) -> int:
    """The minute in which it stopped, unless too few requests failed until then to say where."""
    first, stopped = minute_floor(began.at), min(end, minute_ceil(began.until))
    _, bad = book.counts(np.array([row]), np.array([first]), np.array([stopped]))
    return stopped if bad[0] >= FEW else end


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


def _limits(scene: Scene, bad: int, found: Breakdown) -> list[str]:
    limits = list[str]()
    if scene.burn.alert in _CALM:
        limits.append(f"No alert stands at {clock.text(scene.burn.at)}: this may be no burn.")
    if 0 < bad < FEW:
        limits.append(f"Only {bad} requests failed: too few for a shape to be sure.")
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


def _unplaced(bad: int, where: tuple[attribution.Finding, ...]) -> list[str]:
    return ["No attribute stands out."] if bad and not where else []
