"""The books of many objectives: tallies in memory, brought up to date and evaluated together."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errorbudget.errors import Failure
from errorbudget.ledger.budget import Account, Budget, Needed, needed
from errorbudget.ledger.composite import Told
from errorbudget.ledger.coverage import Life, Lives
from errorbudget.ledger.fleet import Budgets, Fleet, evaluate
from errorbudget.ledger.sums import NotHeldError, Sums
from errorbudget.ledger.tally import DAY, Counts
from errorbudget.ledger.window import (
    Calendar,
    Rolling,
    Span,
    Window,
    minute_ceil,
    minute_floor,
    moment,
)
from errorbudget.objective import document as promised
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.objective.indicator import Indicator
from errorbudget.objective.signoff import revisiting
from errorbudget.program.budgets.habits import Habits
from errorbudget.program.budgets.held import Days
from errorbudget.program.budgets.part import Part, whole
from errorbudget.source import Source

LOG = logging.getLogger(__name__)

Minutes = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One objective of one document, and its budget."""

    document: ObjectiveDocument
    objective: str
    budget: Budget
    unseen: tuple[str, ...] = ()
    """Services of the document that nobody has ever sent a request of."""
    members: "tuple[Standing, ...]" = ()
    """The same of each service of a pool alone."""
    pool: str = ""
    """The document whose pool it is a member of; empty where it is no member."""
    composite: Told | None = None
    """What is known of its operations, where they go through several services."""
    problem: str = ""
    """Why its source tells nothing new; empty where it does."""

    def as_dict(self) -> dict[str, Any]:
        """The budget as JSON has it."""
        return {
            "service": self.document.name,
            "services": list(self.document.services),
            "objective": self.objective,
            "target": str(self.document.objectives[self.objective].target),
            "unseen": list(self.unseen),
            "problem": self.problem,
            **self.budget.as_dict(),
            "overdue": revisiting(self.document, moment(self.budget.end).date()),
            "pool": self.pool,
            "composite": self.composite.as_dict(self.budget) if self.composite else None,
            "members": [member.as_dict() for member in self.members],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One objective of one part: a row of the book."""

    part: Part
    objective: str
    indicator: Indicator
    series: str
    """The key of its tallies."""
    account: Account

    @property
    def document(self) -> ObjectiveDocument:
        """As it is shown and watched."""
        return self.part.document


class Book:
    """A row for each objective. Time only moves forward: another book is made for the past."""

    def __init__(
        self,
        source: Source,
        tallies: Days,
        documents: Sequence[ObjectiveDocument],
        beside: Sequence[Part] = (),
    ) -> None:
        """The rows of the documents come first, in their order, then those of what is `beside`."""
        self._source = source
        self._tallies = tallies
        self.documents = tuple(documents)
        self.parts = (*map(whole, documents), *beside)
        self.promises = tuple(_promises(self.parts))
        self.members = _members(self.promises)
        """By the row of a pool, the rows of its members."""
        self.shown = tuple(_shown(self.promises))
        """The rows that stand on their own, by document."""
        self.fleet = Fleet([promise.account for promise in self.promises])
        self._seen: int | None = None
        self._lives: dict[str, Life] = {}
        self._heard: dict[str, datetime | None] = {}
        self.news: Sequence[Part] = ()
        """The parts that the last `bring_to` found something new of."""
        self._counted: dict[str, int] = {}
        self._asked = -1
        self._behind: set[str] = set()
        self.problems: dict[str, str] = {}
        """Why nothing new is known of a part, by its key: what its source answered instead."""
        self._missing: dict[str, int] = {}
        self._columns: Lives | None = None
        self._by_minute: frozenset[int] = frozenset()
        self._unseen: dict[str, tuple[str, ...]] = {}
        self._sums: Sums | None = None
        self.habits = Habits(self)

    def bring_to(self, at: datetime) -> bool:
        """Count what is new and hold what an evaluation at `at` reads; whether anything was new."""
        stirred = self._source.stirred(-1 if self._seen is None else self._seen)
        is_next = minute_floor(at) > self._asked
        self.news = news = [
            one
            for one in self.parts
            if self._concerns(one, stirred.services) or self._is_due(one, is_next=is_next)
        ]
        if news:
            asked = [[*part.indicators.values()] for part in news if part.indicators]
            with self._source.together(asked):
                for part in news:
                    self._renew(part)
            self._columns = None
        self._seen, self._asked = stirred.newest, max(minute_floor(at), self._asked)
        self._hold(at)
        return bool(news)

    @property
    def is_behind(self) -> bool:
        """Whether a source has more to tell of the past: it is asked piece by piece."""
        return bool(self._behind)

    @property
    def unanswered(self) -> list[tuple[ObjectiveDocument, str]]:
        """The documents of which nothing new is known, each with what its source said instead."""
        known = dict(self.problems)
        return [(one.document, known[one.key]) for one in self.parts if one.key in known]

    def budgets(self, at: datetime) -> list[Standing]:
        """Every budget at `at`, which `bring_to` was told last."""
        if not self.promises:
            return []
        return self.standings(self.columns(at))

    def columns(self, at: datetime) -> Budgets:
        """The same as columns, for one who looks at all of them and speaks of few."""
        return evaluate(self.sums, self.fleet, self.lives, at, expected=self.habits.outlook(at))

    def standings(self, budgets: Budgets) -> list[Standing]:
        """What stands on its own, each pool with its members."""
        return [
            replace(
                self.standing(row, budgets[row]),
                members=tuple(
                    self.standing(one, budgets[one]) for one in self.members.get(row, ())
                ),
            )
            for row in self.shown
        ]

    def standing(self, row: int, budget: Budget) -> Standing:
        """A row's budget alone, and whose it is."""
        promise = self.promises[row]
        composite = self.composed(row, Span(budget.span.start, budget.end))
        return Standing(
            document=promise.document,
            objective=promise.objective,
            budget=composite.judged(budget) if composite else budget,
            composite=composite,
            unseen=self._unseen[promise.part.key],
            pool=promise.part.pool,
            problem=self.problems.get(promise.part.key, ""),
        )

    def composed(self, row: int, span: Span) -> Told | None:
        """What is known in a span of a row's operations over several services, if it has any."""
        part = self.promises[row].part
        return part.composed(self._tallies, span, self._lives[part.key].excluded)

    @property
    def sums(self) -> Sums:
        """The counts that are held; there are some after `bring_to`."""
        if self._sums is None:
            raise LookupError("a book is brought to a moment before it is read")
        return self._sums

    @property
    def lives(self) -> Lives:
        """Since when, and when, each row could be seen."""
        if self._columns is None:
            lives = [
                self._lives[promise.part.key].known_from(self._missing.get(promise.series, 0))
                for promise in self.promises
            ]
            self._columns = Lives.of(lives)
        return self._columns

    def life(self, document: ObjectiveDocument) -> Life:
        """Since when, and when, a document's requests could be seen."""
        return self._lives[document.name]

    def as_of(self, part: Part) -> datetime | None:
        """The moment up to which a part's requests are complete."""
        return self._lives[part.key].as_of

    def heard(self, part: Part) -> datetime | None:
        """The newest request that a sender of batches told of; None where there are only files."""
        return self._heard[part.key]

    def counts(self, rows: Minutes, starts: Minutes, ends: Minutes) -> tuple[Counts, Counts]:
        """Valid and bad of these rows in [start, end), also where those days must be read first."""
        starts = np.maximum(starts, self.sums.first_day * DAY)
        try:
            return self.sums.counts(rows, starts, ends)
        except NotHeldError:
            for edges in (starts, ends):
                pairs = np.stack(np.broadcast_arrays(rows, edges), axis=-1).reshape(-1, 2)
                for row, minute in np.unique(pairs, axis=0).tolist():
                    for _, day in self.sums.lacking([row], minute):
                        self._load(row, day, frozenset((day,)))
            return self.sums.counts(rows, starts, ends)

    def minutes(self, row: int, first_day: int, days: int) -> tuple[Counts, Counts]:
        """Valid and bad of each minute of whole days, zeros where nothing was counted."""
        from errorbudget.ledger.tally import unpack_day

        valid, bad = np.zeros((2, days, DAY), np.int64)
        series = self.promises[row].series
        for day, packed in self._tallies.load_days(series, first_day).items():
            if day < first_day + days:
                valid[day - first_day], bad[day - first_day] = unpack_day(packed)
        valid, bad = valid.ravel(), bad.ravel()
        for span in self._lives[self.promises[row].part.key].excluded:
            start, end = (max(edge - first_day * DAY, 0) for edge in (span.start, span.end))
            valid[start:end] = bad[start:end] = 0
        return valid, bad

    def _concerns(self, part: Part, services: frozenset[str]) -> bool:
        unread = part.key not in self._lives
        return unread or "" in services or not services.isdisjoint(part.services)

    def _is_due(self, part: Part, *, is_next: bool) -> bool:
        """Whether a source that tells nothing by itself is to be asked: once a minute."""
        return part.is_asked and (is_next or part.key in self._behind)

    def _renew(self, part: Part) -> None:
        """Count a part and see how it lives; what does not answer keeps nobody else waiting."""
        try:
            self._count(part)
            self._lives[part.key] = self._life(part)
        except Failure as failed:
            if not part.is_asked:
                raise
            said = "; ".join(failed.lines)
            if self.problems.get(part.key) != said:
                LOG.warning("%s: %s", part.key, said)
            self.problems[part.key] = said
            self._behind.discard(part.key)
            self._lives.setdefault(part.key, Life())
            self._heard.setdefault(part.key, None)
            self._unseen.setdefault(part.key, ())
        else:
            self.problems.pop(part.key, None)

    def _life(self, part: Part) -> Life:
        told = part.liveness(self._source)
        self._heard[part.key] = told.heard
        self._unseen[part.key] = told.unseen
        out = (Span(minute_floor(one.start), minute_ceil(one.end)) for one in part.document.exclude)
        return Life(
            first_request=told.first_request,
            as_of=told.as_of,
            alive=told.alive,
            excluded=tuple(out),
        )

    def _count(self, part: Part) -> None:
        """Bring its tallies up to date, and read again the days that changed since we read them."""
        counted = part.count(self._source, self._tallies, self._counted.get(part.key))
        self._counted[part.key] = counted.newest
        self._behind.discard(part.key)
        if counted.left:
            self._behind.add(part.key)
        self._missing |= counted.missing
        if self._sums is not None:
            self._replace(part, counted.days)

    def _replace(self, part: Part, days: frozenset[int]) -> None:
        for row, promise in enumerate(self.promises):
            if promise.part is part and days:
                self.sums.advance(max(days))
                self._load(row, min(days), days)

    def _hold(self, at: datetime) -> None:
        needs = [needed(window, at) for window in self.fleet.windows]
        if not needs:
            return
        by_minute = frozenset[int]().union(*(need.by_minute for need in needs))
        if by_minute == self._by_minute:
            return
        self._by_minute = by_minute
        wanted = [needs[window] for window in self.fleet.window.tolist()]
        if self._sums is None:
            self._open(wanted, by_minute)
            return
        new = frozenset(range(self._sums.last_day + 1, max(by_minute) + 1))
        self._sums.advance(max(by_minute))
        for row, need in enumerate(wanted):
            if new:
                self._load(row, min(new), new)
            for day in need.by_minute - new:
                if self._sums.lacking([row], day * DAY + 1):
                    self._load(row, day, frozenset((day,)))
        self._sums.keep_by_minute(by_minute)

    def _open(self, wanted: Sequence[Needed], by_minute: frozenset[int]) -> None:
        excluded = [self._lives[promise.part.key].excluded for promise in self.promises]
        self._sums = Sums(
            len(self.promises),
            first_day=min(need.first_day for need in wanted),
            last_day=max(by_minute),
            excluded=excluded,
        )
        for row, need in enumerate(wanted):
            self._load(row, self._sums.first_day, None, need.by_minute)

    def _load(
        self,
        row: int,
        from_day: int,
        only: frozenset[int] | None,
        by_minute: frozenset[int] | None = None,
    ) -> None:
        series, sums = self.promises[row].series, self.sums
        stored = self._tallies.load_days(series, max(from_day, sums.first_day))
        days = [
            (day, packed)
            for day, packed in stored.items()
            if day <= sums.last_day and (only is None or day in only)
        ]
        sums.load(row, days, by_minute=by_minute or only or ())


def _promises(parts: Sequence[Part]) -> Iterator[Promise]:
    row = 0
    for part in parts:
        for name, indicator in part.indicators.items():
            account = _account(row, part.document, name)
            yield Promise(
                part=part,
                objective=name,
                indicator=indicator,
                series=part.series(name),
                account=account,
            )
            row += 1


def _members(promises: Sequence[Promise]) -> Mapping[int, tuple[int, ...]]:
    pools = {(one.part.key, one.objective): row for row, one in enumerate(promises)}
    found: dict[int, tuple[int, ...]] = {}
    for row, one in enumerate(promises):
        if one.part.pool:
            pool = pools[one.part.pool, one.objective]
            found[pool] = (*found.get(pool, ()), row)
    return found


def _shown(promises: Sequence[Promise]) -> list[int]:
    alone = (row for row, promise in enumerate(promises) if not promise.part.pool)
    places: dict[str, int] = {}
    for promise in promises:
        places.setdefault(promise.part.owner, len(places))
    return sorted(alone, key=lambda row: places[promises[row].part.owner])


def _account(row: int, document: ObjectiveDocument, objective: str) -> Account:
    promise = document.objectives[objective]
    return Account(
        row=row,
        allowance=promise.target.allowance,
        window=_window(promise.window),
        stale_after=document.policy.stale_after if document.policy else None,
    )


def _window(window: promised.Rolling | promised.Calendar) -> Window:
    """The document's window as the ledger knows it."""
    if isinstance(window, promised.Rolling):
        return Rolling(window.minutes)
    return Calendar(window.unit, window.timezone, window.carry_debt)
