"""What do the burn rules find in the books at a moment? The data side of every alert.

Each row is looked at as of a moment of its own, so that one row can also be looked at many times.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Final

import numpy as np

from errorbudget.burn import alert, rate, silence
from errorbudget.burn.dispersion import dispersion
from errorbudget.burn.rate import Burns, Counts, Floats, Ints, Mask, Signal
from errorbudget.burn.rules import DAY, Level, Rules, rules
from errorbudget.ledger.fleet import Budgets as Columns
from errorbudget.ledger.forecast import Outlook
from errorbudget.ledger.least import Least
from errorbudget.ledger.lulls import Lulls
from errorbudget.ledger.window import minute_ceil
from errorbudget.program.budgets.book import Book

MOST_LEARNT: Final = 200
"""Rows whose dispersion is learnt at one look: in an outage of everything nobody shall wait."""

WEEKS: Final = 28
"""Days that dispersion is learnt from, and that a row of failures may reach back."""

ENOUGH: Final = -float(np.log(silence.CHANCE))
"""Fewer requests may all stay away by chance."""

LULL: Final = 1.5
"""Times its usual longest lull a service must stay away to be missed."""

UNHEARD: Final = np.iinfo(np.int64).max
"""For rows without a live sender: when they say nothing, nobody knows why."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """What one set of rules finds; arrays, a place for each row and moment that was asked for."""

    rules: Rules
    rows: Ints
    ends: Ints
    counts: Counts
    of: rate.Budgets
    burns: Burns
    expected: Mapping[int, Floats]
    """Requests that should have come in each of the windows that silence is judged by."""
    error: Floats
    """The share that they tend to be off by."""
    silent: Mask

    def codes(self, pressing: Mask | None = None) -> Ints:
        """The readings, as alerts take them."""
        return alert.codes(self.burns, pressing=pressing, silent=self.silent)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sight:
    """From where a book is looked at."""

    usual: "Usual"
    learnt: Callable[[Ints], Floats]
    """The dispersion of rows; asked only of rows that need it."""
    listening: Ints
    """Since which minute each row's silence is its own, however far its data reaches."""


def grouped(book: Book) -> list[tuple[Rules, Ints]]:
    """The rows of a book by the rules of their documents, as a fleet of its size has them."""
    by_rules: dict[Rules, list[int]] = {}
    for row, promise in enumerate(book.promises):
        by_rules.setdefault(rules(promise.document.burn), []).append(row)
    size = len(book.promises)
    return [(one.in_fleet(size), np.array(rows, np.int64)) for one, rows in by_rules.items()]


def look(book: Book, sight: Sight, of_rules: Rules, rows: Ints, ends: Ints) -> Look:
    """Evaluate rules for rows, each at its own end, a minute."""
    spans = {*of_rules.windows, *(silence.WINDOWS if of_rules.silence else ())}
    counts = {span: book.counts(rows, ends - span, ends) for span in sorted(spans)}
    of = _budgets(book, rows, run=_runs(book, rows, ends, counts[DAY][1]))
    found = rate.burns(of_rules, counts, of)
    # A dispersion above 1 only ever takes evidence away, so few rows need theirs.
    some = np.flatnonzero(_speaks(found))
    if some.size:
        of.dispersion[some] = sight.learnt(rows[some])
        found = rate.burns(of_rules, counts, of)
    error, silent = sight.usual.view.error[rows, 0], np.zeros(rows.size, np.bool_)
    expected = _expected(book, sight, rows, ends, counts) if of_rules.silence else {}
    if expected:
        silent = silence.silent(expected, counts, error)
    return Look(
        rules=of_rules,
        rows=rows,
        ends=ends,
        counts=counts,
        of=of,
        burns=found,
        expected=expected,
        error=error,
        silent=silent,
    )


Learnt = tuple[int, float]
"""A dispersion, and the day it was learnt on."""


class Dispersions:
    """The dispersion of rows, learnt on each day that it is asked for, from the weeks before."""

    def __init__(self, book: Book, at: datetime, known: dict[int, Learnt] | None = None) -> None:
        self._book = book
        self._today = minute_ceil(at) // DAY
        self._known = {} if known is None else known
        self.learnt = set[int]()
        """The rows that were not known today."""

    def __call__(self, rows: Ints) -> Floats:
        """φ of each row."""
        return np.array([self._of(row) for row in rows.tolist()])

    def _of(self, row: int) -> float:
        day, found = self._known.get(row, (-1, 1.0))
        if day == self._today:
            return found
        if len(self.learnt) >= MOST_LEARNT:
            return found
        valid, bad = self._book.minutes(row, self._today - WEEKS, WEEKS)
        of = _budgets(self._book, np.array([row]))
        found = float(dispersion(valid[None], bad[None], of)[0])
        self._known[row] = self._today, found
        self.learnt.add(row)
        return found


def pressing(found: Look, budgets: Columns) -> Mask:
    """Which rows' drift spends what remains before their windows end, at the present pace."""
    ends_at = budgets.exhausts_at[found.rows]
    return (found.burns.says[Level.DRIFT] == Signal.BURNING) & (ends_at > budgets.end)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Usual:
    """The traffic that is usual, as far as the weeks before tell."""

    view: Outlook
    fewest: Least
    lulls: Lulls

    def forecast(self, rows: Ints, ends: Ints, span: int) -> Floats:
        """The most that can be sure to come to rows in so many minutes up to their ends."""
        return self.view.expected(rows, ends - span, ends)

    def requests(self, rows: Ints, starts: Ints, ends: Ints) -> Floats:
        """What is sure to come to rows in [start, end): never more than came in a slow week."""
        forecast = self.view.expected(rows, starts, ends)
        return np.minimum(forecast, self.fewest.requests(rows, starts, ends))

    def is_lull(self, rows: Ints, ends: Ints, span: int) -> Mask:
        """Whether rows send nothing for so long as a rule, or nearly, at this time of the week."""
        return span < LULL * self.lulls.usual(rows, ends)


def usual(book: Book, at: datetime) -> Usual:
    """What is usual by the weeks before; a service without a week has its average rate."""
    first = book.lives.first_request
    habits = book.habits
    view = habits.outlook(at).with_young(book.sums, first, book.fleet.rows, minute_ceil(at))
    return Usual(view=view, fewest=habits.fewest(at), lulls=habits.lulls(at))


def _expected(
    book: Book, sight: Sight, rows: Ints, ends: Ints, counts: Counts
) -> dict[int, Floats]:
    """What should have come in each window, of the time in which it would have been seen.

    Told only where it may matter: where next to nothing came, though much is forecast.
    """
    reached = book.lives.as_of.astype("datetime64[m]").astype(np.int64)
    expected: dict[int, Floats] = {}
    for span in silence.WINDOWS:
        valid, bad = counts[span]
        some = np.flatnonzero(
            (2 * bad >= valid) & (sight.usual.forecast(rows, ends, span) > ENOUGH)
        )
        expected[span] = np.zeros(rows.size)
        if some.size:
            one, end = rows[some], ends[some]
            cut = np.clip(reached[one], end - span, end)
            open_from = np.clip(sight.listening[one], cut, end)
            told = _seen(book, sight, one, end - span, cut, alive=True)
            untold = _seen(book, sight, one, open_from, end, alive=False)
            missed = told + untold
            sure = np.flatnonzero(missed > ENOUGH)
            missed[sure[sight.usual.is_lull(one[sure], end[sure], span)]] = 0.0
            expected[span][some] = missed
    return expected


def _seen(book: Book, sight: Sight, rows: Ints, starts: Ints, ends: Ints, *, alive: bool) -> Floats:
    """Requests that usually come in [start, end), by the share of it that is alive, or counts."""
    minutes_alive, minutes = book.lives.coverage(starts, ends, rows)
    usual = sight.usual.requests(rows, starts, ends)
    return usual * _share(minutes_alive if alive else minutes, ends - starts)


def _share(part: Ints, whole: Ints) -> Floats:
    return part / np.maximum(whole, 1)


def _budgets(book: Book, rows: Ints, run: Ints | None = None) -> rate.Budgets:
    terms = book.fleet.terms[rows]
    return rate.Budgets(
        numerator=terms[:, 0],
        denominator=terms[:, 1],
        dispersion=np.ones(rows.size),
        run=np.zeros(rows.size, np.int64) if run is None else run,
    )


def allowance(of: rate.Budgets, index: int) -> Fraction:
    """The exact share that one of these budgets allows to be bad."""
    return Fraction(int(of.numerator[index]), int(of.denominator[index]))


def _speaks(found: Burns) -> Mask:
    says = [(one == Signal.OVER) | (one == Signal.BURNING) for one in found.says.values()]
    return np.logical_or.reduce(says)


def _runs(book: Book, rows: Ints, ends: Ints, failed: Ints) -> Ints:
    """How many of the latest requests failed one after the other, up to each end."""
    run = np.zeros(rows.size, np.int64)
    some = np.flatnonzero(failed > 0)
    if some.size:
        ends = ends[some]
        run[some] = book.counts(rows[some], _since_good(book, rows[some], ends), ends)[1]
    return run


def _since_good(book: Book, rows: Ints, ends: Ints) -> Ints:
    """The minute after the last one with a good request; by day first, which costs no reading."""
    today = ends // DAY
    oldest = np.maximum(today - WEEKS, book.sums.first_day)
    day = _first_without_good(book, rows, ends, oldest, today + 1, DAY)
    from_minute = np.where(day > oldest, (day - 1) * DAY, day * DAY)
    return _first_without_good(book, rows, ends, from_minute, np.minimum(day * DAY, ends), 1)


def _first_without_good(
    book: Book, rows: Ints, ends: Ints, low: Ints, high: Ints, unit: int
) -> Ints:
    """The smallest number of units from which on nothing good came, by halving; `high` at most."""
    while (low < high).any():
        middle = (low + high) // 2
        valid, bad = book.counts(rows, np.minimum(middle * unit, ends), ends)
        without = valid == bad
        high = np.where(without & (low < high), middle, high)
        low = np.where(without | (low >= high), low, middle + 1)
    return high
