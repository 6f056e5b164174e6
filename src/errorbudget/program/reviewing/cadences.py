"""What would another cadence have meant for the last year of a service? Lived through again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from errorbudget.errors import Failure
from errorbudget.ledger.tally import DAY
from errorbudget.ledger.window import Calendar, Span, minute_ceil, minute_floor, moment
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.objective.indicator import requests
from errorbudget.program.budgets.book import Book, Standing
from errorbudget.program.budgets.budgets import Budgets
from errorbudget.program.budgets.closing import ClosingDays
from errorbudget.program.gate.sight import returns
from errorbudget.program.reviewing.replaying import STEP, seen
from errorbudget.review.cadence import Cadence, Lived, Reset, kept_by, told
from errorbudget.review.freezing import Held, freezes
from errorbudget.review.quarter import zone
from errorbudget.source import Source
from errorbudget.store.home import Home

YEAR: Final = 365 * DAY
"""Minutes that are lived through again."""


class Cadences:
    """Ways to keep accounts, tried on what there was."""

    def __init__(self, home: Home, source: Source, budgets: Budgets) -> None:
        self._home = home
        self._source = source
        self._budgets = budgets

    def simulate(self, service: str, *, at: datetime) -> dict[str, Any]:
        """The last year by each cadence: freezes, what would be left now, and when it returns.

        Raises Failure for an unknown service, or one that has sent no request.
        """
        document = self._budgets.document(service)
        span = self._lived(document, at)
        days = ClosingDays(self._home, [document])
        ways = {f"{document.name}/{name}": one for name, one in _ways(document).items()}
        looked = seen(self._source, days, ways, dict.fromkeys(ways, span))
        now = self._now(days, ways, moment(span.end))
        lived = [
            Lived(
                cadence=Cadence(key.rpartition("/")[2]),
                held=Held(freezes=tuple(freezes(looked[key], STEP, span.end))),
                remaining=worst.budget.remaining if worst else None,
                judged=worst.objective if worst else "",
                resets=resets,
            )
            for key, (worst, resets) in now.items()
        ]
        return told(document.name, span, lived)

    def _lived(self, document: ObjectiveDocument, at: datetime) -> Span:
        """The last year, as far as there were requests."""
        life = self._source.liveness(requests(document))
        if life.first_request is None or life.as_of is None:
            services = ", ".join(document.services)
            raise Failure(
                f"{document.name}: there is no history: no request of {services} was taken in",
                "Take some in with `errorbudget ingest FILE --service S`.",
            )
        end = min(minute_ceil(at), minute_floor(life.as_of) + 1)
        start = max(end - YEAR, life.first_request)
        if start >= end:
            raise Failure(f"--at: no request of {document.name} had come by then")
        return Span(start, end)

    def _now(
        self, days: ClosingDays, ways: Mapping[str, ObjectiveDocument], at: datetime
    ) -> dict[str, tuple[Standing | None, list[Reset]]]:
        """Of each way, its worst budget at a moment, and when that returns."""
        book = Book(
            self._source,
            days,
            [one.model_copy(update={"name": key}) for key, one in ways.items()],
        )
        book.bring_to(at)
        standings = book.budgets(at)
        found: dict[str, tuple[Standing | None, list[Reset]]] = {}
        for key in ways:
            mine = [(row, one) for row, one in enumerate(standings) if one.document.name == key]
            known = [pair for pair in mine if pair[1].budget.remaining is not None]
            if not known:
                found[key] = None, []
                continue
            row, worst = min(known, key=lambda pair: pair[1].budget.remaining or 0)
            found[key] = worst, _resets(book, row, worst)
        return found


def _ways(document: ObjectiveDocument) -> dict[Cadence, ObjectiveDocument]:
    return kept_by(document, zone(document))


def _resets(book: Book, row: int, standing: Standing) -> list[Reset]:
    """When a calendar window begins anew; of a sliding one each day on which something returns."""
    name, budget = standing.objective, standing.budget
    coming = returns(book, [row], [standing])[name]
    found: list[Reset] = []
    before = budget.remaining
    for one in coming:
        if isinstance(budget.window, Calendar) or before is None or one.remaining > before:
            found.append(Reset(minute=minute_floor(one.at), remaining=one.remaining))
        before = one.remaining
    return found
