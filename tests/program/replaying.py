"""What alerts would have told, minute by minute, over days that are stored already."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import numpy as np

from errorbudget.burn import alert
from errorbudget.burn.alert import Alert, Kind, Notice
from errorbudget.burn.rules import DAY, Level
from errorbudget.ledger.window import minute_ceil, moment
from errorbudget.program.budgets.book import Book
from errorbudget.program.burning import burning
from errorbudget.program.burning.burning import UNHEARD, Dispersions, Sight
from errorbudget.program.burning.burns import spent
from errorbudget.program.program import Program


@dataclass(frozen=True)
class Episode:
    """From the first notice of a burn to the last, and the loudest level of it."""

    objective: str
    start: datetime
    end: datetime
    level: Level
    silent: bool
    told: int


def episodes(program: Program, since: datetime, until: datetime) -> list[Episode]:
    """The episodes of every objective, as a watch that looks once a minute tells them."""
    by_onset = dict[tuple[str, int], list[Notice]]()
    for name, notice in notices(program, since, until):
        by_onset.setdefault((name, notice.onset), []).append(notice)
    return [_episode(name, told) for (name, _), told in sorted(by_onset.items(), key=_when)]


def notices(program: Program, since: datetime, until: datetime) -> Iterator[tuple[str, Notice]]:
    """Every notice, in order of each day."""
    book = program.budgets.book(program.objectives.all(), at=since)
    states = [Alert()] * len(book.promises)
    start, end = minute_ceil(since), minute_ceil(until)
    for first in range(start, end, DAY):
        ends = np.arange(first, min(first + DAY, end))
        book.bring_to(moment(int(ends[-1])))
        for row, promise in enumerate(book.promises):
            states[row], told = _day(book, row, ends, states[row])
            for notice in told:
                yield f"{promise.document.name} {promise.objective}", notice


def _day(book: Book, row: int, ends: np.ndarray, state: Alert) -> tuple[Alert, list[Notice]]:
    at = moment(int(ends[-1]))
    sight = Sight(
        usual=burning.usual(book, at),
        learnt=Dispersions(book, at),
        listening=np.full(len(book.promises), UNHEARD),
    )
    rules = next(rules for rules, rows in burning.grouped(book) if row in rows)
    found = burning.look(book, sight, rules, np.full(ends.size, row), ends)
    budget, told = book.columns(at)[row], list[Notice]()
    for now, code in zip(ends.tolist(), found.codes().tolist(), strict=True):
        spend = partial(_spent, book, row, now, budget)
        state, new = alert.advance(state, alert.reading(code), now, spend)
        told += new
    return state, told


def _spent(book, row, until, budget, since):
    return spent(book, row, since, until, budget)


def _episode(name: str, told: list[Notice]) -> Episode:
    return Episode(
        objective=name,
        start=moment(told[0].onset),
        end=moment(told[-1].at),
        level=max(notice.level for notice in told),
        silent=any(notice.silent for notice in told),
        told=sum(notice.kind is not Kind.RESOLVED for notice in told),
    )


def _when(item):
    return item[0][1]
