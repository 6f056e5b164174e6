"""Statements of account: where each objective's bad requests of a quarter went."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from errorbudget import clock
from errorbudget.change import Change
from errorbudget.errors import Failure
from errorbudget.ledger.tally import DAY
from errorbudget.ledger.window import Span, minute_ceil, minute_floor, moment
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.policy.hindsight import (
    Kind,
    Learned,
    Line,
    Shipped,
    Statement,
    Verdict,
    rollbacks,
    statement,
)
from errorbudget.policy.reconciliation import Asked, answers
from errorbudget.program.budgets.book import Book
from errorbudget.program.budgets.budgets import Budgets
from errorbudget.program.trail.reading import decisions
from errorbudget.review.quarter import Quarter, zone
from errorbudget.store.home import Home
from errorbudget.store.postmortems import Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One objective's statement of one quarter, and what was decided on its changes."""

    document: ObjectiveDocument
    objective: str
    quarter: Span
    until: int
    told: Statement
    changes: Mapping[str, tuple[Change, Asked | None]]

    @property
    def allowed(self) -> Fraction:
        """Bad requests allowed for what was requested until now."""
        return self.document.objectives[self.objective].target.allowance * self.told.valid

    def as_dict(self) -> dict[str, Any]:
        """The account as JSON has it."""
        return {
            "service": self.document.name,
            "objective": self.objective,
            "target": str(self.document.objectives[self.objective].target),
            "quarter": {
                "start": clock.text(moment(self.quarter.start)),
                "end": clock.text(moment(self.quarter.end)),
            },
            "as_of": clock.text(moment(self.until)),
            "valid": self.told.valid,
            "bad": self.told.bad,
            "allowed": float(self.allowed),
            "usual": float(self.told.usual),
            "lines": [self._line(line) for line in self.told.lines],
            "hindsight": self._hindsight(),
        }

    def _line(self, line: Line) -> dict[str, Any]:
        change, answer = self.changes.get(line.change or "", (None, None))
        return {
            "kind": line.kind.value,
            "change": line.change,
            "version": change.version if change else None,
            "from": clock.text(moment(line.start)),
            "to": clock.text(moment(line.end)),
            "valid": line.valid,
            "seen": line.seen,
            "bad": line.bad,
            "share": float(line.bad / self.allowed) if self.allowed else None,
            "postmortem": line.postmortem or None,
            "decided_by": answer.entry if answer else None,
            "verdict": line.verdict.value if line.kind is Kind.CHANGE else None,
        }

    def _hindsight(self) -> dict[str, int]:
        told = [line.verdict for line in self.told.lines if line.kind is Kind.CHANGE]
        return {verdict.value: told.count(verdict) for verdict in Verdict}


class Accounts:
    """Looking back at what permitted changes cost."""

    def __init__(self, home: Home, budgets: Budgets) -> None:
        self._home = home
        self._budgets = budgets

    def read(
        self, service: str, quarter: str | None = None, *, at: datetime, learned: bool = True
    ) -> list[Account]:
        """The statement of each objective for a quarter (`2026Q3`), or the one of `at`.

        `learned`: as its postmortems have it, where there are some. Raises Failure for an unknown
        service, or a quarter that has not begun.
        """
        document = self._budgets.document(service)
        span, last = _span(document, quarter, at), max(minute_ceil(at), 1)
        if span.start >= last:
            raise Failure(f"--quarter: {quarter} has not begun by {clock.text(at)}")
        until = min(span.end, last)
        book = self._budgets.book([document], at=moment(until))
        asked = [one for one in decisions(self._home) if one.service in document.services]
        return [
            self.account(book, row, span, until=until, asked=asked, learned=learned)
            for row in range(len(document.objectives))
        ]

    def over(self, service: str, objective: str, span: Span, *, at: datetime) -> Account:
        """One objective's statement of any span, as far as it has passed. Raises Failure."""
        document = self._budgets.document(service)
        until = min(span.end, max(minute_ceil(at), span.start + 1))
        book = self._budgets.book([document], at=moment(until))
        asked = [one for one in decisions(self._home) if one.service in document.services]
        row = list(document.objectives).index(objective)
        return self.account(book, row, span, until=until, asked=asked)

    def account(
        self,
        book: Book,
        row: int,
        span: Span,
        *,
        until: int,
        asked: Sequence[Asked],
        learned: bool = False,
    ) -> Account:
        """The statement of a book's row for a span, as far as `until`; `asked` of its services.

        `learned`: what has a postmortem that speaks of this span stands there by its count.
        """
        promise = book.promises[row]
        changes = [
            one
            for service in promise.document.services
            for one in self._home.changes.list(
                service, since=moment(span.start), until=moment(until)
            )
        ]
        changes.sort(key=lambda one: one.started_at)
        given = answers(changes, asked)
        first = span.start // DAY
        valid, bad = book.minutes(row, first, (until - 1) // DAY - first + 1)
        within = slice(span.start - first * DAY, until - first * DAY)
        kept = self._home.postmortems.list(promise.document.name) if learned else ()
        counts = valid[within], bad[within], _shipped(changes, given)
        return Account(
            document=promise.document,
            objective=promise.objective,
            quarter=span,
            until=until,
            told=statement(span.start, *counts, [*_learned(kept, promise.objective, span)]),
            changes={one.id: (one, answer) for one, answer in zip(changes, given, strict=True)},
        )


def _learned(kept: Sequence[Kept], objective: str, span: Span) -> Iterator[Learned]:
    """What postmortems say that their incidents cost an objective in a quarter."""
    edges = [clock.text(moment(edge)) for edge in (span.start, span.end)]
    for one in kept:
        costs = (cost for cost in one.told["impact"]["costs"] if cost["objective"] == objective)
        for window in (window for cost in costs for window in cost["windows"]):
            if [window["from"], window["to"]] == edges and round(window["excess"]):
                yield Learned(key=one.id, start=one.start, end=one.end, bad=round(window["excess"]))


def _shipped(changes: Sequence[Change], given: Sequence[Asked | None]) -> list[Shipped]:
    back = rollbacks([f"{one.service} {one.version}" for one in changes])
    return [
        Shipped(
            id=one.id,
            start=minute_floor(one.started_at),
            end=minute_floor(one.finished_at or one.started_at) + 1,
            rolls_back=rolls_back,
            permitted=answer.permitted if answer else None,
        )
        for one, answer, rolls_back in zip(changes, given, back, strict=True)
    ]


def _span(document: ObjectiveDocument, quarter: str | None, at: datetime) -> Span:
    """The quarter as the people of a document live it. Raises Failure."""
    place = zone(document)
    return (quarter_of(quarter) if quarter else Quarter.of(at, place)).span(place)


def quarter_of(text: str) -> Quarter:
    """The quarter that `--quarter` names. Raises Failure."""
    try:
        return Quarter.parse(text)
    except ValueError as cause:
        raise Failure(f"--quarter: {cause}") from cause
