"""What would a change to a document have meant on the traffic there was? In words and numbers."""

from collections.abc import Mapping, Sequence
from typing import Final

from errorbudget.errors import Failure
from errorbudget.ledger.budget import Budget
from errorbudget.ledger.tally import DAY, Counts
from errorbudget.ledger.window import Calendar, Span, Window, minute_ceil, minute_floor, moment
from errorbudget.objective.difference import Lived, differences, lived_through
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.objective.indicator import requests
from errorbudget.objective.reading import read
from errorbudget.program.budgets.book import Book
from errorbudget.program.budgets.held import HeldDays
from errorbudget.source import Source
from errorbudget.store.documents import Version
from errorbudget.store.home import Home

QUARTER: Final = 91
"""Days of traffic that a change is tried on: thirteen weeks."""
_WEEK: Final = 7 * DAY


class Differing:
    """One version of a document against another."""

    def __init__(self, home: Home, source: Source) -> None:
        self._home = home
        self._source = source

    def between(
        self, new: bytes, name: str, *, old: bytes | None = None, digest: str = ""
    ) -> list[str]:
        """What `new` changes against `old`, against the version of that digest, or what binds.

        Raises DocumentInvalid, and Failure where there is no such version.
        """
        document = read(new, file=name)
        known = old if old is not None else self._version(document.name, digest, name).body
        before = read(known, file="the old version", kept=True)
        said = differences(before, document)
        return [*said, *self._in_numbers(before, document)] if said else []

    def _version(self, document: str, digest: str, file: str) -> Version:
        """A version that was applied, by the start of its digest; without one, what binds."""
        documents = self._home.documents
        if not digest:
            if found := documents.in_force(document):
                return found
            raise Failure(
                f"{file}: no version of {document} is in force to compare it with",
                "Name the other file: errorbudget objective diff OLD NEW.",
            )
        versions = {one.digest: one for one in documents.history(document)}
        same = [one for one in versions.values() if one.digest.startswith(digest)]
        if len(same) == 1:
            return same[0]
        there = ", ".join(one[:12] for one in versions) or "none"
        what = "several versions begin" if same else "no file, and no version begins"
        raise Failure(f"{digest}: {what} like this (of {document} there are: {there})")

    def _in_numbers(self, old: ObjectiveDocument, new: ObjectiveDocument) -> list[str]:
        life = self._source.liveness(requests(new))
        if life.first_request is None or life.as_of is None:
            services = ", ".join(new.services)
            return [f"In numbers: nothing, no request of {services} was taken in."]
        until = minute_ceil(life.as_of)
        first = max(minute_floor(moment(life.first_request)), until - QUARTER * DAY)
        span = Span(min(first, until), until)
        now, then = self._lived(old, span), self._lived(new, span)
        return lived_through(now, then, moment(span.start).date(), life.as_of.date())

    def _lived(self, document: ObjectiveDocument, span: Span) -> Mapping[str, Lived]:
        """What each objective's budget would have gone through; none without a request."""
        life = self._source.liveness(requests(document))
        if life.first_request is None:
            return {}
        book = Book(self._source, HeldDays(), [document])
        ends = [set(_ends(window, span)) for window in book.fleet.windows]
        of_row = [ends[window] for window in book.fleet.window.tolist()]
        found: dict[str, dict[Span, Budget]] = {one: {} for one in document.objectives}
        for end in sorted(set[int]().union(*of_row)):
            book.bring_to(moment(end))
            for row, standing in enumerate(book.budgets(moment(end))):
                if end in of_row[row]:
                    found[standing.objective][standing.budget.span] = standing.budget
        first_day, last_day = span.start // DAY, (span.end - 1) // DAY
        return {
            promise.objective: _told(
                [*found[promise.objective].values()],
                Span(life.first_request, max(span.end, life.first_request)),
                book.minutes(row, first_day, last_day - first_day + 1),
            )
            for row, promise in enumerate(book.promises)
        }


def _ends(window: Window, span: Span) -> list[int]:
    """Where windows are looked at: a calendar one's ends, a rolling one's once a week."""
    if not isinstance(window, Calendar):
        return list(range(span.end, span.start, -_WEEK))
    ends, end = list[int](), span.end
    while end > span.start:
        ends.append(end)
        end = window.span(end).start
    return ends


def _told(windows: Sequence[Budget], seen: Span, counts: tuple[Counts, Counts]) -> Lived:
    """The windows that passed whole, and how many requests of the quarter were bad."""
    whole = [one for one in windows if _is_whole(one, seen)]
    uses = [float(1 - one.remaining) for one in whole or windows[-1:] if one.remaining is not None]
    valid, bad = (int(column.sum()) for column in counts)
    return Lived(
        windows=len(uses) if whole else 0,
        overspent=sum(use > 1 for use in uses) if whole else 0,
        latest=uses[-1] if uses else None,
        valid=valid,
        bad=bad,
    )


def _is_whole(budget: Budget, seen: Span) -> bool:
    """Whether a window is over; a calendar one may have begun before the first request."""
    calendar = isinstance(budget.window, Calendar)
    return budget.span.end <= seen.end and (calendar or budget.span.start >= seen.start)
