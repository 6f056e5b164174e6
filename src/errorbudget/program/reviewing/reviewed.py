"""One document in one quarter: everything that its review is made of, gathered once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from errorbudget.change import Change
from errorbudget.ledger.budget import Budget
from errorbudget.ledger.tally import DAY
from errorbudget.ledger.window import Calendar, Span, minute_floor, moment
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.policy.hindsight import Kind
from errorbudget.policy.reconciliation import Asked
from errorbudget.postmortem.usual import Counted
from errorbudget.program.budgets.book import Book
from errorbudget.program.proposing.proposals import HISTORY_DAYS
from errorbudget.program.trail.accounts import Account
from errorbudget.review import reading
from errorbudget.review.alerting import Alerts, Episode, judge
from errorbudget.review.composing import CompositeKept
from errorbudget.review.deciding import Approved, Cost, Decisions, Ship, costs, overall
from errorbudget.review.keeping import Kept
from errorbudget.review.quarter import Quarter, zone
from errorbudget.review.recalibration import WINDOW, WINDOWS, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A document in a quarter, as far as it is known."""

    document: ObjectiveDocument
    digest: str
    quarter: Quarter
    span: Span
    until: int
    """The quarter's end, or the minute up to which it is looked at."""
    bound: int | None
    """The minute since which a version has bound: what came before, no policy of ours judged."""

    @property
    def over(self) -> bool:
        """Whether the quarter is over."""
        return self.until == self.span.end

    @property
    def seen(self) -> Span:
        """The part of the quarter that is looked at."""
        return Span(self.span.start, self.until)


@dataclass(frozen=True, kw_only=True, eq=False)
class Objective:
    """One objective of a document in a quarter."""

    subject: Subject
    account: Account
    past: Counted
    kept: Kept
    budget: Budget
    """By its own window, as it stands at the end of what is looked at."""
    windows: Sequence[Window]
    """The last windows of four weeks, the oldest first."""

    @property
    def name(self) -> str:
        """The objective's name."""
        return self.account.objective

    @property
    def readings(self) -> list[reading.Reading]:
        """The budget against the calendar, at the end of each month."""
        subject, window = self.subject, self.budget.window
        return reading.readings(
            self.past,
            window,
            self.kept.allowance,
            subject.span,
            subject.until,
            _month_ends(subject, zone(subject.document)),
        )

    @property
    def overspent(self) -> tuple[int, int]:
        """On how many days its own window was overspent, and of how many."""
        subject = self.subject
        allowance = self.kept.allowance
        return reading.overspent_days(
            self.past, self.budget.window, allowance, subject.span, subject.until
        )

    def alerts(self, episodes: Sequence[Episode]) -> Alerts:
        """What alerts about it were worth."""
        within = self.past.part(self.subject.seen)
        share = self.subject.document.postmortem.when_spent
        return judge(
            episodes,
            self.account.told.lines,
            first=within.first,
            valid=within.valid,
            bad=within.bad,
            worth_telling=max(float(share * self.kept.allowed), 2),
        )


def objective(book: Book, row: int, subject: Subject, account: Account) -> Objective:
    """A row of a book that was brought to the end of what is looked at."""
    until, span = subject.until, subject.span
    budget = book.columns(moment(until))[row]
    own = budget.window.span(span.start + 1)
    if isinstance(budget.window, Calendar):
        # What the window before it overspent may be carried over.
        own = budget.window.before(own)
    oldest = min(
        own.start,
        subject.quarter.before.span(zone(subject.document)).start,
        until - WINDOWS * WINDOW,
        until - HISTORY_DAYS * DAY,
    )
    first = oldest // DAY
    valid, bad = book.minutes(row, first, (until - 1) // DAY - first + 1)
    known = until - first * DAY
    past = Counted(first=first * DAY, valid=valid[:known], bad=bad[:known])
    alive, minutes = _coverage(book, row, span.start, until)
    counted = past.within(Span(span.start, until))
    return Objective(
        subject=subject,
        account=account,
        past=past,
        kept=Kept(
            allowance=budget.allowance,
            valid=counted[0],
            bad=counted[1],
            minutes=minutes,
            minutes_alive=alive,
            over=subject.over,
        ),
        budget=budget,
        windows=list(_windows(book, row, past, until)),
    )


def composites(book: Book, subject: Subject) -> Iterator[CompositeKept]:
    """The document's promises over several services; of a book that keeps what is beside it."""
    for row, promise in enumerate(book.promises):
        told = book.composed(row, subject.seen)
        if told is not None and promise.part.owner == subject.document.name:
            alive, minutes = _coverage(book, row, subject.span.start, subject.until)
            yield CompositeKept(
                name=promise.objective,
                promise=subject.document.composites[promise.objective],
                told=told,
                minutes=minutes,
                minutes_alive=alive,
            )


def _coverage(book: Book, row: int, start: int, end: int) -> tuple[int, int]:
    edges = (np.array([edge], np.int64) for edge in (start, end, row))
    alive, minutes = book.lives.coverage(*edges)
    return int(alive[0]), int(minutes[0])


def _windows(book: Book, row: int, past: Counted, until: int) -> Iterator[Window]:
    since = int(book.lives.first_request[row])
    for back in range(WINDOWS, 0, -1):
        start, end = until - back * WINDOW, until - (back - 1) * WINDOW
        # A window that began before the first request is none of the service's.
        if start >= since // DAY * DAY:
            alive, minutes = _coverage(book, row, start, end)
            valid, bad = past.within(Span(start, end))
            yield Window(valid=valid, bad=bad, known=10 * alive >= 9 * minutes > 0)


def _month_ends(subject: Subject, place: str) -> list[int]:
    months, ends, end = Calendar("month", place), list[int](), subject.span.start
    while end < subject.until:
        end = min(months.span(end + 1).end, subject.until)
        ends.append(end)
    return ends


def decisions(
    subject: Subject,
    objectives: Sequence[Objective],
    told: Sequence[Mapping[str, Any]],
    approved: Sequence[Approved],
) -> Decisions:
    """What the gate was asked, and what it is worth now; `told` are the entries' bodies."""
    statements = {one.name: one.account.told for one in objectives}
    allowed = {one.name: one.kept.allowed for one in objectives}
    changes = _changes(objectives)
    ships = [
        _ship(change, answer, objectives, costs(change.id, statements, allowed))
        for change, answer in changes
    ]
    outcomes: dict[str, int] = {}
    for body in told:
        outcome = body["decision"]["decision"]
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    names = {name for change, _ in changes for name in (change.id, change.version)}
    refused = (body["change"] for body in told if body["decision"]["decision"] != "allow")
    return Decisions(
        asked=len(told),
        outcomes=outcomes,
        ships=tuple(ships),
        approvals=tuple(
            replace(
                one,
                shipped=one.change in names,
                costs=tuple(costs(one.change, statements, allowed)),
            )
            for one in approved
        ),
        held=tuple(dict.fromkeys(one for one in refused if one not in names)),
        gated_from=subject.bound if subject.document.policy else None,
    )


def _changes(objectives: Sequence[Objective]) -> list[tuple[Change, Asked | None]]:
    found = {id: pair for one in objectives for id, pair in one.account.changes.items()}
    return sorted(found.values(), key=lambda pair: pair[0].started_at)


def _ship(
    change: Change, answer: Asked | None, objectives: Sequence[Objective], cost: Sequence[Cost]
) -> Ship:
    permitted = answer.permitted if answer else None
    verdicts = [
        line.verdict
        for one in objectives
        for line in one.account.told.lines
        if line.kind is Kind.CHANGE and line.change == change.id
    ]
    return Ship(
        change=change.id,
        service=change.service,
        version=change.version,
        started=minute_floor(change.started_at),
        permitted=permitted,
        entry=answer.entry if answer else None,
        verdict=overall(verdicts, permitted=permitted),
        costs=tuple(cost),
    )


def largest(objective: Objective) -> Fraction | None:
    """The share of what the quarter allowed that its largest burn took."""
    lines = (one.bad for one in objective.account.told.lines if one.kind is not Kind.BACKGROUND)
    worst = max(lines, default=0)
    return worst / objective.kept.allowed if objective.kept.valid else None


def ended(at: datetime, place: str) -> Quarter:
    """The last quarter that was over at a moment, where people live by this zone."""
    return Quarter.of(at.astimezone(ZoneInfo(place)), place).before
