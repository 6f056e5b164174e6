"""What many objectives have left, all at once: the one form of the budget arithmetic.

A single budget is a row of it. Counts are integers, and no ratio is made before a comparison.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from errorbudget.ledger import exhaustion
from errorbudget.ledger.budget import Account, Budget, State, debt, overspent
from errorbudget.ledger.coverage import Lives, utc
from errorbudget.ledger.forecast import RANGE, Floats, Outlook, outlook
from errorbudget.ledger.meaning import Meaning
from errorbudget.ledger.sums import Sums
from errorbudget.ledger.tally import DAY, Counts
from errorbudget.ledger.window import Calendar, Rolling, Span, minute_ceil, moment

_MOST: Final = np.iinfo(np.int64).max
_STATES: Final = (State.UNKNOWN, State.STALE, State.SPENT, State.HEALTHY)
_MEANINGS: Final = (Meaning.NORMAL, Meaning.COARSE, Meaning.EVENTS, Meaning.NONE)
_MEANINGFUL_FROM: Final = (10, 3, 1)
"""Allowed bad requests from which a budget is normal, coarse, or a matter of single events."""


class Fleet:
    """The accounts of many objectives as columns."""

    def __init__(self, accounts: Sequence[Account]) -> None:
        self.accounts = tuple(accounts)
        self.rows = np.array([account.row for account in accounts], np.int64)
        self.share = np.array([float(account.allowance) for account in accounts])
        terms = [_terms(account.allowance) for account in accounts]
        self.terms = np.array(terms, np.int64).reshape(-1, 2)
        self._numerator, self._denominator = self.terms.T
        self.windows = tuple(dict.fromkeys(account.window for account in accounts))
        place = {window: index for index, window in enumerate(self.windows)}
        self.window = np.array([place[account.window] for account in accounts], np.int64)
        lags = [account.stale_after for account in accounts]
        self.carrying = tuple(
            (index, account.window)
            for index, account in enumerate(accounts)
            if isinstance(account.window, Calendar) and account.window.carry
        )
        """The accounts that pay what the window before overspent."""
        self.stale_after = np.array(
            [np.timedelta64("NaT") if lag is None else np.timedelta64(lag, "m") for lag in lags],
            "timedelta64[us]",
        )

    def __len__(self) -> int:
        return len(self.accounts)

    def spans(self, end: int) -> tuple[Counts, Counts]:
        """Start and end of every account's window at `end`; a fleet has few distinct windows."""
        spans = [window.span(end) for window in self.windows]
        starts = np.array([span.start for span in spans], np.int64)
        ends = np.array([span.end for span in spans], np.int64)
        return starts[self.window], ends[self.window]

    def balance(self, requests: Counts, bad: Counts) -> NDArray[np.int8]:
        """The sign of allowance × requests − bad, exactly, for every row."""
        fits = (requests <= _MOST // self._numerator) & (bad <= _MOST // self._denominator)
        fits &= self._denominator < _MOST
        allowed = np.where(fits, requests, 0) * self._numerator
        sign = np.sign(allowed - np.where(fits, bad, 0) * self._denominator).astype(np.int8)
        for index in np.flatnonzero(~fits).tolist():
            left = self.accounts[index].allowance * int(requests[index]) - int(bad[index])
            sign[index] = (left > 0) - (left < 0)
        return sign


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Budgets:
    """The budgets of a fleet as columns; an index gives one of them."""

    fleet: Fleet
    end: int
    starts: Counts
    until: Counts
    valid: Counts
    bad: Counts
    forecast: tuple[Counts, Counts, Counts]
    """Expected, low and high."""
    minutes_alive: Counts
    minutes: Counts
    as_of: NDArray[np.datetime64]
    exhausts_at: Counts
    state: NDArray[np.int64]
    meaningful: NDArray[np.int64]
    owed: Counts
    """Bad requests by which the window before overspent, of rows that carry debt."""

    def __len__(self) -> int:
        return len(self.fleet)

    def __iter__(self) -> Iterator[Budget]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> Budget:
        account = self.fleet.accounts[index]
        expected, low, high = (int(column[index]) for column in self.forecast)
        exhausts_at = int(self.exhausts_at[index])
        return Budget(
            window=account.window,
            span=Span(int(self.starts[index]), int(self.until[index])),
            end=self.end,
            allowance=account.allowance,
            valid=int(self.valid[index]),
            bad=int(self.bad[index]),
            forecast=expected,
            forecast_low=low,
            forecast_high=high,
            minutes=int(self.minutes[index]),
            minutes_alive=int(self.minutes_alive[index]),
            as_of=_moment(self.as_of[index]),
            exhausts_at=None if exhausts_at == exhaustion.NEVER else moment(exhausts_at),
            state=_STATES[self.state[index]],
            meaningful=_MEANINGS[self.meaningful[index]],
            owed=int(self.owed[index]),
        )


def evaluate(
    sums: Sums, fleet: Fleet, lives: Lives, now: datetime, *, expected: Outlook | None = None
) -> Budgets:
    """Every budget at `now`, rounded up to the minute; `expected` spares making today's outlook."""
    end = minute_ceil(now)
    starts, until = fleet.spans(end)
    valid, bad = sums.counts(fleet.rows, starts, end)
    view = expected or outlook(sums, fleet.rows, lives.first_request, end // DAY)
    view = view.with_young(sums, lives.first_request, fleet.rows, end)
    forecast = _forecast(view, end, until)
    minutes_alive, minutes = lives.coverage(starts, np.full(len(fleet), end, np.int64))
    as_of = np.minimum(lives.as_of, utc(now))
    owed = _owed(sums, fleet, starts)
    left = fleet.balance(valid + forecast[0], bad)
    for index, paid in _debts(fleet, owed, valid + forecast[0]):
        whole = fleet.accounts[index].allowance * int(valid[index] + forecast[0][index])
        unspent = whole - paid - int(bad[index])
        left[index] = (unspent > 0) - (unspent < 0)
    budgets = Budgets(
        fleet=fleet,
        end=end,
        starts=starts,
        until=until,
        valid=valid,
        bad=bad,
        forecast=forecast,
        minutes_alive=minutes_alive,
        minutes=minutes,
        as_of=as_of,
        exhausts_at=np.full(len(fleet), exhaustion.NEVER),
        state=_state(fleet, valid, left, (minutes_alive, minutes), as_of, now),
        meaningful=_meaning(fleet, valid, forecast[0]),
        owed=owed,
    )
    return replace(budgets, exhausts_at=_exhausts_at(sums, view, budgets, left))


def _owed(sums: Sums, fleet: Fleet, starts: Counts) -> Counts:
    """By how many bad requests the window before overspent, of rows that carry debt."""
    owed = np.zeros(len(fleet), np.int64)
    for index, window in fleet.carrying:
        account, start = fleet.accounts[index], int(starts[index])
        begun = max(window.before(Span(start, start)).start, sums.first_day * DAY)
        valid, bad = sums.counts(np.array([account.row]), begun, start)
        owed[index] = overspent(account.allowance, int(valid[0]), int(bad[0]))
    return owed


def _debts(fleet: Fleet, owed: Counts, requests: Counts) -> Iterator[tuple[int, Fraction]]:
    """The part of what is owed that a window of so many requests pays, of rows that carry debt."""
    for index, window in fleet.carrying:
        whole = fleet.accounts[index].allowance * int(requests[index])
        yield index, debt(window, int(owed[index]), whole)


def _forecast(view: Outlook, end: int, until: Counts) -> tuple[Counts, Counts, Counts]:
    """Requests still to come: expected, and the low and high end of their 90 % range."""
    rest = view.expected(np.arange(len(until)), end, until)
    spread = RANGE * view.error_over(until - end) * rest
    ends = (rest, np.maximum(rest - spread, 0), rest + spread)
    expected, low, high = (np.rint(np.minimum(side, 2.0**61)).astype(np.int64) for side in ends)
    return expected, low, high


def _state(
    fleet: Fleet,
    valid: Counts,
    left: NDArray[np.int8],
    coverage: tuple[Counts, Counts],
    as_of: NDArray[np.datetime64],
    now: datetime,
) -> NDArray[np.int64]:
    """The worst that holds: nothing known, known too late, nothing left, healthy."""
    unknown = (valid == 0) | np.isnat(as_of) | (10 * coverage[0] < 9 * coverage[1])
    stale = as_of < utc(now) - fleet.stale_after
    return np.select([unknown, stale, left <= 0], [0, 1, 2], default=3)


def _meaning(fleet: Fleet, valid: Counts, forecast: Counts) -> NDArray[np.int64]:
    """By the bad requests allowed in the whole window, however many there were."""
    requests = np.where(valid > 0, valid + forecast, 0)
    short = [fleet.balance(requests, np.full_like(valid, edge)) < 0 for edge in _MEANINGFUL_FROM]
    return np.sum(short, axis=0)


def _exhausts_at(
    sums: Sums, view: Outlook, budgets: Budgets, left: NDArray[np.int8]
) -> NDArray[np.int64]:
    """When each budget runs out at the pace of the last 24 hours: already, if nothing is left."""
    fleet, end = budgets.fleet, budgets.end
    valid, bad = sums.counts(fleet.rows, max(end - DAY, sums.first_day * DAY), end)
    share_bad = bad / np.maximum(valid, 1)
    burning = (budgets.valid > 0) & (left > 0) & (bad > 0)
    spent = (budgets.valid > 0) & (left <= 0)
    exhausts_at = np.where(spent, end, exhaustion.NEVER)
    for place, window in enumerate(fleet.windows):
        rows = np.flatnonzero(burning & (fleet.window == place))
        project = _roll if isinstance(window, Rolling) else _run_on
        if len(rows):
            exhausts_at[rows] = project(sums, view, budgets, rows, share_bad[rows])
    return exhausts_at


def _run_on(
    _: Sums, view: Outlook, budgets: Budgets, rows: NDArray[np.int64], share_bad: Floats
) -> Counts:
    """In a calendar window: when the rest of the forecast has used up what is left."""
    rest = budgets.forecast[0][rows]
    share = budgets.fleet.share[rows]
    requests, paid = budgets.valid + budgets.forecast[0], np.zeros(len(budgets))
    for index, part in _debts(budgets.fleet, budgets.owed, requests):
        paid[index] = float(part)
    needed = (share * requests[rows] - budgets.bad[rows] - paid[rows]) / share_bad
    within = needed <= rest
    minutes = np.full(len(rows), exhaustion.NEVER, np.int64)
    minutes[within] = view.reached(rows[within], budgets.end, needed[within])
    return np.minimum(minutes, budgets.until[rows])


def _roll(
    sums: Sums, view: Outlook, budgets: Budgets, rows: NDArray[np.int64], share_bad: Floats
) -> Counts:
    """In a rolling window: likewise, less what leaves it meanwhile."""
    return exhaustion.in_rolling(
        sums,
        view,
        rows,
        held=budgets.fleet.rows[rows],
        window=(int(budgets.starts[rows[0]]), budgets.end),
        counts=(budgets.valid[rows], budgets.bad[rows]),
        rates=(budgets.fleet.share[rows], share_bad),
    )


def _terms(allowance: Fraction) -> tuple[int, int]:
    """Numerator and denominator; where they pass 64 bits, the largest that do, as a mark."""
    if allowance.denominator > _MOST:
        return _MOST, _MOST
    return allowance.numerator, allowance.denominator


def _moment(stamp: np.datetime64) -> datetime | None:
    return None if np.isnat(stamp) else stamp.astype(datetime).replace(tzinfo=UTC)
