"""What an incident cost each objective: of which windows, and what share of their budgets."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, Final

import numpy as np

from errorbudget import clock
from errorbudget.ledger.forecast import RANGE
from errorbudget.ledger.tally import DAY
from errorbudget.ledger.window import Calendar, Rolling, Span, Window, dates, minute_ceil, moment
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.postmortem.impact import Burned, Event, Impact, Lost, lost
from errorbudget.postmortem.usual import HISTORY, Counted, Usual
from errorbudget.program.budgets.book import Book
from errorbudget.program.budgets.budgets import Budgets
from errorbudget.program.burning import burning
from errorbudget.review.quarter import zone

HERE: Final = "this"
"""The key of the incident that is asked about."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Cost:
    """What one incident cost one objective."""

    document: ObjectiveDocument
    objective: str
    counted: Counted
    usual: Usual
    burned: Burned
    windows: Sequence[tuple[Window, Span, Fraction, tuple[float, float]]]
    """Each window it lies in, bad requests that this allows, and between what that is."""
    lost: Lost | None

    @property
    def impact(self) -> Impact:
        """All that the incident cost."""
        return self.burned.within().of(HERE)

    @property
    def share(self) -> Fraction:
        """Of the calendar quarter's budget, or that of the quarter it has most of."""
        shares = [share for window, share in self._shares() if _is_quarter(window)]
        return max(shares, default=Fraction(0))

    @property
    def most_of_a_window(self) -> Fraction:
        """The largest share of any window's budget that went, demand that surely was lost too."""
        never_came = Fraction(self.lost.low) if self.lost else Fraction(0)
        least = min((allowed for _, _, allowed, _ in self.windows if allowed), default=None)
        unserved = never_came / least if least else Fraction(0)
        return max([unserved, *(share for _, share in self._shares())])

    def _shares(self) -> Iterator[tuple[Window, Fraction]]:
        for window, span, allowed, _ in self.windows:
            excess = self.burned.within(span).of(HERE).excess
            yield window, excess / allowed if allowed else Fraction(0)

    def as_dict(self) -> dict[str, Any]:
        """The cost as JSON has it."""
        target = self.document.objectives[self.objective].target
        return {
            "objective": self.objective,
            "target": str(target),
            **self.impact.as_dict(),
            "usual_rate": float(self.usual.calm.share),
            "few": self.impact.interval_matters,
            "windows": [self._window(*one) for one in self.windows],
        }

    def _window(
        self, window: Window, span: Span, allowed: Fraction, between: tuple[float, float]
    ) -> dict[str, Any]:
        impact = self.burned.within(span).of(HERE)
        first, last = dates(window, span)
        fewest, most = between
        return {
            "kind": window.kind,
            "name": _name(window),
            "from": clock.text(moment(span.start)),
            "to": clock.text(moment(span.end)),
            "dates": [first.isoformat(), last.isoformat()],
            "allowed": float(allowed),
            "gross": float(impact.gross),
            "excess": float(impact.excess),
            "share": float(impact.excess / allowed) if allowed else None,
            "share_gross": float(impact.gross / allowed) if allowed else None,
            "share_interval": [impact.low / most, impact.high / fewest] if fewest else None,
        }


class Costs:
    """Counts an incident beside the others of its service."""

    def __init__(self, budgets: Budgets) -> None:
        self._budgets = budgets

    def read(
        self, document: ObjectiveDocument, span: Span, others: Sequence[Event], *, at: datetime
    ) -> list[Cost]:
        """What a span cost each objective of a document, as known at a moment."""
        book = self._budgets.book([document], at=at)
        before = self._budgets.book([document], at=moment(span.start))
        return [
            self._cost((book, before), row, name, span, others, at)
            for row, name in enumerate(document.objectives)
        ]

    def _cost(
        self,
        books: tuple[Book, Book],
        row: int,
        name: str,
        span: Span,
        others: Sequence[Event],
        at: datetime,
    ) -> Cost:
        book, before = books
        document, end = book.promises[row].document, minute_ceil(at)
        windows = _windows(book.promises[row].account.window, zone(document), span)
        first = min(span.start - HISTORY, *(one.start for _, one in windows))
        last = max(span.end, *(min(one.end, end) for _, one in windows))
        counted = _counted(book, row, first, last)
        met = [one for one in others if _meets(one.span, counted.span)]
        earlier = [one.span for one in met if one.span.start < span.start]
        usual = Usual(counted, span.start, earlier)
        cuts = [edge for _, one in windows for edge in (one.start, one.end)]
        return Cost(
            document=document,
            objective=name,
            counted=counted,
            usual=usual,
            burned=Burned(
                counted,
                usual,
                [Event(HERE, span), *met],
                cuts=cuts,
                dispersion=_dispersion(before, row, span),
            ),
            windows=[
                (window, one, *_allowed(book, row, counted, one, at)) for window, one in windows
            ],
            lost=_lost(before, row, _heard(book, row, span), counted),
        )


def _counted(book: Book, row: int, first: int, last: int) -> Counted:
    day = first // DAY
    valid, bad = book.minutes(row, day, (last - 1) // DAY - day + 1)
    kept = slice(first - day * DAY, last - day * DAY)
    return Counted(first=first, valid=valid[kept], bad=bad[kept])


def _windows(own: Window, place: str, span: Span) -> list[tuple[Window, Span]]:
    """The document's windows that the span lies in, and its people's quarters if others."""
    last = max(span.end, span.start + 1)
    quarter = Calendar("quarter", place)
    told: list[tuple[Window, Span]] = [(quarter, one) for one in _whole(quarter, span)]
    if isinstance(own, Rolling):
        told.append((own, own.span(last)))
    elif own != quarter:
        told += [(own, one) for one in _whole(own, span)]
    return told


def _whole(window: Calendar, span: Span) -> list[Span]:
    found, end = list[Span](), span.start
    while end < max(span.end, span.start + 1):
        found.append(window.span(end + 1))
        end = found[-1].end
    return found


def _allowed(
    book: Book, row: int, counted: Counted, window: Span, at: datetime
) -> tuple[Fraction, tuple[float, float]]:
    """Bad requests that a window allows, those still expected among them, and the range of it."""
    end = min(max(minute_ceil(at), window.start), window.end)
    valid, _ = counted.within(Span(window.start, end))
    allowance, coming, off = book.promises[row].account.allowance, 0.0, 0.0
    if end < window.end:
        view, rows = burning.usual(book, at).view, np.array([row])
        coming = max(float(view.expected(rows, end, window.end)[0]), 0.0)
        off = RANGE * float(view.error_over(np.array(window.end - end))[row])
    share = float(allowance)
    fewest = share * (valid + max(coming * (1 - off), 0.0))
    return allowance * (valid + round(coming)), (fewest, share * (valid + coming * (1 + off)))


def _dispersion(book: Book, row: int, span: Span) -> float:
    learnt = burning.Dispersions(book, moment(span.start))
    return float(learnt(np.array([row]))[0])


def _heard(book: Book, row: int, span: Span) -> Span:
    """As far as requests could be seen: a file ends, and what comes after it is not missing."""
    part = book.promises[row].part
    last = book.as_of(part)
    if last is None or book.heard(part) is not None:
        return span
    return Span(span.start, min(span.end, max(minute_ceil(last), span.start)))


def _lost(before: Book, row: int, span: Span, counted: Counted) -> Lost | None:
    """By what usually came, as far as was known when it began; None where nothing is known."""
    if not len(span):
        return None
    at = moment(span.start)
    view, rows = burning.usual(before, at).view, np.array([row])
    expected = float(view.expected(rows, span.start, span.end)[0])
    valid, _ = counted.within(span)
    return lost(expected, valid, float(view.error[row, 0]))


def _meets(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _is_quarter(window: Window) -> bool:
    return isinstance(window, Calendar) and window.unit == "quarter"


def _name(window: Window) -> str:
    if isinstance(window, Calendar):
        return window.unit
    days, rest = divmod(window.minutes, DAY)
    return f"{days} days" if not rest else f"{window.minutes} minutes"
