"""One document through the past, a day at a time: its budgets, its alerts, its word on changes."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final

import numpy as np

from errorbudget import clock
from errorbudget.burn import alert
from errorbudget.burn.alert import Alert, Kind, Notice
from errorbudget.burn.rate import Ints
from errorbudget.burn.rules import Rules
from errorbudget.change import Change
from errorbudget.ledger.budget import Budget
from errorbudget.ledger.fleet import Budgets
from errorbudget.ledger.window import Calendar, minute_floor, moment
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.policy.decision import Outcome, decide
from errorbudget.policy.risk import RiskFinding
from errorbudget.program.budgets.book import Book
from errorbudget.program.burning import burning
from errorbudget.program.burning.burning import UNHEARD, Dispersions, Look, Sight
from errorbudget.program.burning.burns import burn_standing, spent

MOST_EXPLAINED: Final = 50
"""Alerts whose context is found out: each asks for the requests of its day and the one before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One notice that would have gone out."""

    objective: str
    at: datetime
    onset: datetime
    kind: str
    level: str
    silent: bool
    line: str
    context: str = ""
    """What was broken, and what to try first; empty where it was not found out."""

    @property
    def is_news(self) -> bool:
        """Whether it tells of something that begins or goes on, not of its end."""
        return self.kind != Kind.RESOLVED.value

    def as_dict(self) -> dict[str, Any]:
        """The notice as JSON has it."""
        return {
            "objective": self.objective,
            "at": clock.text(self.at),
            "onset": clock.text(self.onset),
            "kind": self.kind,
            "level": self.level,
            "silent": self.silent,
            "line": self.line,
            "context": self.context,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A budget at the end of a day."""

    objective: str
    budget: Budget
    whole: bool
    """Whether its window has passed whole since the first request."""

    def as_dict(self) -> dict[str, Any]:
        """The budget as JSON has it."""
        told = self.budget.as_dict()
        kept = ("window", "valid", "bad", "allowed", "remaining", "state")
        at = clock.text(moment(self.budget.end))
        about = {"objective": self.objective, "at": at, "whole": self.whole}
        return about | {name: told[name] for name in kept}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A recorded change, and what the policy would have said."""

    change: Change
    decision: str
    reason: str
    classified: bool
    """Whether its risk is known; a change of unknown risk counts as high."""
    early: bool
    """Whether history was shorter than a window then, so that each failure weighed more."""

    @property
    def is_held(self) -> bool:
        """Whether it would not have shipped as it did."""
        return self.decision != Outcome.ALLOW.value

    def as_dict(self) -> dict[str, Any]:
        """The judgement as JSON has it."""
        return {
            "change": self.change.id,
            "service": self.change.service,
            "at": clock.text(self.change.started_at),
            "decision": self.decision,
            "reason": self.reason,
            "classified": self.classified,
            "early": self.early,
        }


@dataclass(slots=True, kw_only=True)
class Backtest:
    """Everything a document would have done."""

    document: ObjectiveDocument
    since: datetime
    until: datetime
    points: list[Point] = field(default_factory=list[Point])
    told: list[Told] = field(default_factory=list[Told])
    judged: list[Judged] = field(default_factory=list[Judged])

    def windows(self, objective: str) -> list[Point]:
        """The windows that passed whole: one a day if rolling, else the last day of each."""
        points = [one for one in self.points if one.objective == objective and one.whole]
        by_start = {one.budget.span.start: one for one in points}
        return list(by_start.values())


class Replay:
    """One document's alerts, from day to day."""

    def __init__(self, book: Book, test: Backtest) -> None:
        self._book = book
        self._test = test
        self._states = [Alert()] * len(book.promises)
        self._learnt: dict[int, tuple[int, float]] = {}

    def judge(self, change: Change, risk: RiskFinding) -> None:
        """What the policy says of a change, with the budgets as they were."""
        document, at = self._test.document, change.started_at
        self._book.bring_to(at)
        standings = self._book.budgets(at)
        gauges = {one.objective: one.budget for one in standings}
        decision = decide(document, gauges, risk, bound=True, now=at)
        said = decision.would_have or decision.decision
        self._test.judged.append(
            Judged(
                change=change,
                decision=said.value,
                reason=decision.reason,
                classified=risk.classified,
                early=not all(self._is_whole(one.budget) for one in standings),
            )
        )

    def day(self, start: int, end: int) -> None:
        """Follow every alert through the minutes of a day up to `end`, and note the budgets there.

        With what a watch knows on that day: of the days before it.
        """
        book, at, then = self._book, moment(end), moment(start)
        book.bring_to(at)
        budgets = book.columns(at)
        sight = Sight(
            usual=burning.usual(book, then),
            learnt=Dispersions(book, then, self._learnt),
            listening=np.full(len(book.promises), UNHEARD),
        )
        ends = np.arange(start + 1, end + 1)
        for of_rules, rows in burning.grouped(book):
            for row in rows.tolist():
                self._follow(sight, of_rules, row, ends, budgets)
        self._note(budgets)

    def _follow(
        self, sight: Sight, of_rules: Rules, row: int, ends: Ints, budgets: Budgets
    ) -> None:
        found = burning.look(self._book, sight, of_rules, np.full(ends.size, row), ends)
        budget, state = budgets[row], self._states[row]
        for place, (now, code) in enumerate(
            zip(ends.tolist(), found.codes().tolist(), strict=True)
        ):
            spend = partial(_spent_until, self._book, row, now, budget)
            state, notices = alert.advance(state, alert.reading(code), now, spend)
            for notice in notices:
                self._tell(found, place, code, state, budget, notice)
        self._states[row] = state

    def _tell(
        self, found: Look, place: int, code: int, state: Alert, budget: Budget, notice: Notice
    ) -> None:
        burn = burn_standing(self._book, found, place, code, state, budget)
        self._test.told.append(
            Told(
                objective=burn.standing.objective,
                at=moment(notice.at),
                onset=moment(notice.onset),
                kind=notice.kind.value,
                level=notice.level.name.lower(),
                silent=notice.silent,
                line=burn.reason,
            )
        )

    def _note(self, budgets: Budgets) -> None:
        for row, promise in enumerate(self._book.promises):
            budget = budgets[row]
            whole = self._is_whole(budget)
            self._test.points.append(Point(objective=promise.objective, budget=budget, whole=whole))

    def _is_whole(self, budget: Budget) -> bool:
        """Whether its window has passed whole since the first request; a calendar one counts."""
        first = minute_floor(self._test.since)
        return isinstance(budget.window, Calendar) or budget.span.start >= first


def _spent_until(book: Book, row: int, until: int, budget: Budget, since: int) -> float:
    return spent(book, row, since, until, budget)
