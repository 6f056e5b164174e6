"""Which incidents are worth a postmortem: those that spent more than their document bears."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from typing import Final

import numpy as np

from errorbudget.errors import Failure
from errorbudget.ledger.tally import DAY, Counts
from errorbudget.ledger.window import Span, minute_ceil, minute_floor, moment
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.policy.hindsight import Kind
from errorbudget.program.budgets.budgets import Budgets
from errorbudget.program.burning.burns import BurnStanding, standings
from errorbudget.program.postmortems.costs import Cost
from errorbudget.program.postmortems.gathering import About, Gathering
from errorbudget.program.trail.accounts import Account, Accounts
from errorbudget.store.home import Home
from errorbudget.store.incidents import Incident
from errorbudget.store.postmortems import Kept

STANDS: Final = ("fire", "warn")
"""Alerts that say that it goes on."""
_MOST: Final = 0.7
"""The part of a line's bad requests that the one burn in it must have, to be what it is about."""
_LULLS: Final = 8
"""Stretches without a request that are looked into: to ask takes a moment each."""
_SILENT: Final = 10
"""Minutes without a request below which none is."""
NEAR: Final = 60
"""Minutes between two lines of an account that are of one incident."""


class Choosing:
    """Turns a burn, an incident, a time or a quarter into what a postmortem is about."""

    def __init__(self, home: Home, budgets: Budgets, gathering: Gathering) -> None:
        self._home = home
        self._budgets = budgets
        self._gathering = gathering

    def incident(self, number: int, *, at: datetime) -> About:
        """What an incident is about, by the objective that it cost most. Raises Failure."""
        with self._home.database.reading() as connection:
            found = self._home.incidents.get(connection, number)
        if found is None:
            raise Failure(
                f"there is no incident {number}; `errorbudget incident list` has them all"
            )
        document = self._budgets.document(found.service)
        until = minute_ceil(min(found.ended_at or at, at))
        around = Span(min(minute_floor(found.started_at), until), until)
        objective, _ = self._gathering.worst(document, around, at=at)
        return self.refined(document, objective, around, at=at, incident=found)

    def refined(
        self,
        document: ObjectiveDocument,
        objective: str,
        around: Span,
        *,
        at: datetime,
        incident: Incident | None = None,
    ) -> About:
        """The minutes that burned of a time that something speaks of."""
        open_ = incident is not None and incident.ended_at is None
        burning = open_ or self.stands(document, objective, at=at, until=around.end)
        span = self._gathering.burned(document, objective, around, at=at)
        return About(
            document=document,
            objective=objective,
            span=Span(span.start, max(span.end, minute_ceil(at))) if burning else span,
            incident=incident.id if incident else None,
            burning=burning,
        )

    def within(
        self, service: str, objective: str | None, since: datetime, until: datetime, *, at: datetime
    ) -> About:
        """Exactly the time that a person asks for. Raises Failure."""
        document = self._budgets.document(service)
        span = Span(minute_floor(since), max(minute_ceil(min(until, at)), minute_floor(since)))
        if not len(span):
            raise Failure("--from: no minute of that time has passed; write an earlier moment")
        if objective is None:
            objective, _ = self._gathering.worst(document, span, at=at)
        self.known(document, objective)
        return About(document=document, objective=objective, span=span)

    @staticmethod
    def known(document: ObjectiveDocument, objective: str) -> None:
        """Raise Failure where a document has no such objective."""
        if objective not in document.objectives:
            raise Failure(
                f"{document.name}: no objective {objective!r};"
                f" write one of: {', '.join(document.objectives)}"
            )

    def current(
        self, document: ObjectiveDocument, objective: str | None, *, at: datetime
    ) -> Iterator[About]:
        """What burns at a moment, of one objective or of all."""
        for burn in self._standing(document, at):
            mine = objective in (None, burn.standing.objective)
            if mine and burn.alert in STANDS and burn.onset is not None:
                around = Span(minute_floor(burn.onset), minute_ceil(at))
                yield self.refined(document, burn.standing.objective, around, at=at)

    def stands(
        self, document: ObjectiveDocument, objective: str, *, at: datetime, until: int
    ) -> bool:
        """Whether an alert still says at a moment that what lasted until a minute goes on."""
        if minute_ceil(at) - until > NEAR:
            return False
        return any(
            burn.alert in STANDS
            for burn in self._standing(document, at)
            if burn.standing.objective == objective
        )

    def due(
        self, document: ObjectiveDocument, quarter: str | None, *, at: datetime
    ) -> Iterator[About]:
        """What spent more than the document bears, of a quarter or of the current one, in order.

        Raises Failure for a quarter that has not begun.
        """
        seen = list[Span]()
        for about in sorted(self._candidates(document, quarter, at), key=_start):
            if any(_near(about.span, other) for other in seen):
                continue
            objective, cost = self._gathering.worst(document, about.span, at=at)
            if is_due(cost):
                seen.append(about.span)
                yield About(
                    document=document,
                    objective=objective,
                    span=about.span,
                    incident=about.incident,
                    burning=about.burning,
                )

    def _candidates(
        self, document: ObjectiveDocument, quarter: str | None, at: datetime
    ) -> Iterator[About]:
        """By their incidents, their accounts, their silences, and what burns now."""
        accounts = Accounts(self._home, self._budgets).read(
            document.name, quarter, at=at, learned=False
        )
        whole = Span(min(one.quarter.start for one in accounts), max(one.until for one in accounts))
        for one in self._home.incidents.list():
            started = minute_floor(one.started_at)
            if one.service in (document.name, *document.services) and started in whole:
                yield self.incident(one.id, at=at)
        for account in accounts:
            if account is accounts[0] and document.burn.silence:
                yield from self._silences(account)
            for span in _spans(account, document.postmortem.when_spent):
                about = self.refined(document, account.objective, span, at=at)
                yield about if self._holds(about, span) else replace(about, span=span)
        if minute_ceil(at) <= whole.end:
            yield from self.current(document, None, at=at)

    def _silences(self, account: Account) -> Iterator[About]:
        """The longest stretches without a request that somebody would have been told of."""
        document, name = account.document, account.objective
        span = Span(account.quarter.start, account.until)
        book = self._budgets.book([document], at=moment(span.end))
        row, first = list(document.objectives).index(name), span.start // DAY
        valid, _ = book.minutes(row, first, (span.end - 1) // DAY - first + 1)
        valid = valid[span.start - first * DAY : span.end - first * DAY]
        for start, end in _gaps(valid):
            gap = Span(span.start + start, span.start + end)
            if self._gathering.is_missed(document, name, gap):
                yield About(document=document, objective=name, span=gap)

    def _holds(self, about: About, line: Span) -> bool:
        """Whether one burn is what a line counted: several bursts have no one onset.

        What crept up for long before the line was the background's until then.
        """
        if about.span.start < line.start - NEAR:
            return False
        book = self._budgets.book([about.document], at=moment(line.end))
        row = np.array([list(about.document.objectives).index(about.objective)])
        within, whole = (
            int(book.counts(row, np.array([span.start]), np.array([span.end]))[1][0])
            for span in (about.span, line)
        )
        return within >= _MOST * whole

    def _standing(self, document: ObjectiveDocument, at: datetime) -> list[BurnStanding]:
        return standings(self._budgets.book([document], at=at), at)


def is_due(cost: Cost) -> bool:
    """Whether it spent more than its document bears, or as many requests surely never came."""
    least = cost.document.postmortem.when_spent
    return cost.most_of_a_window >= least


def same(kept: Sequence[Kept], about: About, *, exactly: bool) -> Kept | None:
    """The postmortem that is already about it; `exactly`: of these very minutes."""
    for one in kept:
        span = Span(one.start, max(one.end, one.start))
        apart = None not in (one.incident, about.incident) and one.incident != about.incident
        if (span == about.span if exactly else _near(span, about.span)) and not apart:
            return one
    return None


def _spans(account: Account, least: Fraction) -> Iterator[Span]:
    """Lines that follow one another closely are of one incident."""
    lines = [one for one in account.told.lines if one.bad and one.kind is not Kind.BACKGROUND]
    joined = list[tuple[Span, int]]()
    for line in lines:
        span = Span(line.start, max(line.end, line.start))
        if joined and span.start - joined[-1][0].end < NEAR:
            last, bad = joined[-1]
            joined[-1] = Span(last.start, max(last.end, span.end)), bad + line.bad
        else:
            joined.append((span, line.bad))
    for span, bad in joined:
        # Half of it: a rolling window allows less than a quarter, and lines are to the hour.
        if account.allowed and bad / account.allowed >= least / 4:
            yield span


def _gaps(valid: Counts) -> list[tuple[int, int]]:
    """The longest stretches of zeros between requests, as places."""
    came = np.flatnonzero(valid)
    starts, ends = came[:-1] + 1, came[1:]
    longest = np.argsort(starts - ends, kind="stable")[:_LULLS]
    return [
        (start, end)
        for start, end in zip(starts[longest].tolist(), ends[longest].tolist(), strict=True)
        if end - start >= _SILENT
    ]


def _near(one: Span, other: Span) -> bool:
    return one.start < other.end + NEAR and other.start < one.end + NEAR


def _start(about: About) -> tuple[datetime, int]:
    return moment(about.span.start), 0 if about.incident is not None else 1
