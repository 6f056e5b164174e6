"""How fast does every budget burn, and what would its alert say?"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from math import isfinite
from typing import Any, Final

import numpy as np

from errorbudget import clock
from errorbudget.burn import alert, shown
from errorbudget.burn.alert import Alert
from errorbudget.burn.rules import DAY, Rules
from errorbudget.burn.shown import Shown
from errorbudget.ledger.budget import Budget
from errorbudget.ledger.window import Calendar, minute_ceil, moment
from errorbudget.program.budgets.book import Book, Standing
from errorbudget.program.budgets.budgets import Budgets
from errorbudget.program.burning import burning
from errorbudget.program.burning.burning import UNHEARD, Look, Sight
from errorbudget.program.burning.reasons import reason
from errorbudget.program.objectives.objectives import Objectives

LOOK_BACK: Final = DAY
"""Minutes that an alert is followed through when nobody kept its state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnStanding:
    """One objective's burn over its horizons, and where its alert stands."""

    standing: Standing
    alert: str
    reason: str
    since: datetime | None
    """When the alert came to stand there; None where it does not stand at all."""
    onset: datetime | None
    """When the episode began."""
    horizons: tuple[Shown, ...]
    sustainable: float | None
    """The burn at which what is left lasts exactly as long as the window."""
    at: datetime
    """The moment that was looked at."""
    silent: bool = False
    """Whether requests that should be there are not."""
    members: "tuple[BurnStanding, ...]" = ()
    """The same of each service of a pool alone."""

    def as_dict(self) -> dict[str, Any]:
        """The burn as JSON has it."""
        budget = self.standing.as_dict()
        about = ("service", "services", "objective", "target", "pool")
        counts = ("valid", "bad", "allowed", "remaining", "exhausts_at")
        state = (*counts, "meaningful", "meaning", "state", "as_of")
        return {
            **{name: budget[name] for name in about},
            "alert": self.alert,
            "reason": self.reason,
            "since": _text(self.since),
            "onset": _text(self.onset),
            "horizons": [self._horizon(one) for one in self.horizons],
            "sustainable": self.sustainable,
            "silent": self.silent,
            **{name: budget[name] for name in state},
            "at": clock.text(self.at),
            "composite": budget["composite"],
            "members": [member.as_dict() for member in self.members],
        }

    def _horizon(self, one: Shown) -> dict[str, Any]:
        """A horizon, and how many times the sustainable rate it burns at."""
        relative = None
        if one.rate is not None and self.sustainable:
            relative = one.rate / self.sustainable
        return one.as_dict() | {"relative": relative}


class Burns:
    """The burn of every budget at a moment, from stored tallies alone."""

    def __init__(self, objectives: Objectives, budgets: Budgets) -> None:
        self._objectives = objectives
        self._budgets = budgets

    def read(self, service: str | None = None, *, at: datetime) -> list[BurnStanding]:
        """What every alert, or one service's, says at `at`. Raises Failure for an unknown service.

        Nothing is remembered from earlier calls: an alert's past day is gone through again.
        """
        asked = None if service is None else [self._budgets.document(service)]
        documents = self._objectives.all() if asked is None else asked
        book = self._budgets.whole_book(documents, at=at)
        return standings(book, at) if book.promises else []


def burn_standing(
    book: Book, found: Look, place: int, code: int, state: Alert, budget: Budget
) -> BurnStanding:
    """How the row at a place of a look stands, its alert being in this state."""
    word = alert.standing(state, alert.reading(code))
    horizons = _horizons(found.rules)
    end, of = int(found.ends[place]), burning.allowance(found.of, place)
    stands = state.onset is not None
    return BurnStanding(
        standing=book.standing(int(found.rows[place]), budget),
        alert=word,
        reason=reason(found, place, word, budget),
        since=moment(state.since) if stands else None,
        onset=moment(state.onset) if state.onset is not None else None,
        horizons=tuple(
            shown.shown(minutes, int(valid[place]), int(bad[place]), of)
            for minutes, (valid, bad) in found.counts.items()
            if minutes in horizons
        ),
        sustainable=_sustainable(budget),
        at=moment(end),
        silent=bool(found.silent[place]),
    )


def spent(book: Book, row: int, since: int, until: int, budget: Budget) -> float:
    """The share of a row's budget that went between two minutes."""
    _, bad = book.counts(np.array([row]), np.array([since]), np.array([until]))
    return float(bad[0] / budget.allowed) if budget.allowed else 0.0


def standings(book: Book, at: datetime) -> list[BurnStanding]:
    """What every alert of a book, which was brought to `at`, says."""
    budgets, end = book.columns(at), minute_ceil(at)
    sight = Sight(
        usual=burning.usual(book, at),
        learnt=burning.Dispersions(book, at),
        listening=np.full(len(book.promises), UNHEARD),
    )
    told = dict[int, BurnStanding]()
    for of_rules, rows in burning.grouped(book):
        found = burning.look(book, sight, of_rules, rows, np.full(rows.size, end))
        codes = found.codes(burning.pressing(found, budgets))
        lately = book.counts(rows, found.ends - LOOK_BACK - DAY, found.ends)[1] > 0
        for place, row in enumerate(rows.tolist()):
            budget, state, code = budgets[row], Alert(), int(codes[place])
            if lately[place] or found.silent[place]:
                state = _followed(book, sight, of_rules, budget, (row, end, code))
            told[row] = burn_standing(book, found, place, code, state, budget)
    return together(book, told)


def together(book: Book, told: Mapping[int, BurnStanding]) -> list[BurnStanding]:
    """What stands on its own, each pool with its members, of what is told of every row."""
    return [
        replace(told[row], members=tuple(told[one] for one in book.members.get(row, ())))
        for row in book.shown
    ]


def _followed(
    book: Book, sight: Sight, of_rules: Rules, budget: Budget, now: tuple[int, int, int]
) -> Alert:
    """The alert of a row at an end whose reading is known, after the day before it."""
    row, end, code = now
    ends = np.arange(end - LOOK_BACK + 1, end + 1)
    codes = burning.look(book, sight, of_rules, np.full(ends.size, row), ends).codes()
    codes[-1] = code
    state = Alert()
    for minute, one in zip(ends.tolist(), codes.tolist(), strict=True):
        spend = partial(_spent_until, book, row, minute, budget)
        state, _ = alert.advance(state, alert.reading(one), minute, spend)
    return state


def _spent_until(book: Book, row: int, until: int, budget: Budget, since: int) -> float:
    return spent(book, row, since, until, budget)


def _horizons(of_rules: Rules) -> frozenset[int]:
    """The windows that people know the rules by."""
    return frozenset(way.long for tier in of_rules.tiers for way in tier.horizons)


def _sustainable(budget: Budget) -> float | None:
    """A rolling budget has no end to last until: it lasts where it fills as fast as it empties."""
    if budget.remaining is None:
        return None
    length = len(budget.span)
    left = budget.span.end - budget.end if isinstance(budget.window, Calendar) else length
    remaining, whole, rest = (np.array([float(x)]) for x in (budget.remaining, length, left))
    lasts = float(shown.sustainable(remaining, whole, rest)[0])
    return lasts if isfinite(lasts) else None


def _text(at: datetime | None) -> str | None:
    return None if at is None else clock.text(at)
