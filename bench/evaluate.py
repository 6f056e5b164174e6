"""How long all budgets and burn windows of 10,000 objectives take, and in how much memory."""

import resource
import time
from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from errorbudget.ledger.budget import Account, needed
from errorbudget.ledger.coverage import Life, Lives
from errorbudget.ledger.fleet import Fleet, evaluate
from errorbudget.ledger.forecast import outlook
from errorbudget.ledger.sums import Sums
from errorbudget.ledger.tally import DAY, pack_day
from errorbudget.ledger.window import Calendar, Rolling, Span, Window, moment

OBJECTIVES = 10_000
PATTERNS = 50
HORIZONS = np.array([60, 360, 1440, 5, 30, 120])
QUARTER: Window = Calendar("quarter", "Europe/Berlin")
WINDOWS: tuple[Window, ...] = (QUARTER, QUARTER, Rolling(28 * DAY))
END = 20_719 * DAY + 14 * 60 + 7
"""2026-09-23T14:07Z, near the end of a quarter, so that the window is long."""
SAMPLE = 100
ROUNDS = 30

Minutes = NDArray[np.int64]


def run() -> tuple[str, float, float, str, str]:
    """Milliseconds for every budget and six horizons of the fleet, against sums of slices."""
    first_day = min(needed(window, moment(END)).first_day for window in WINDOWS)
    valid, bad = _traffic(first_day)
    before = _resident()
    started = time.perf_counter()
    sums = _loaded(first_day, valid, bad)
    loading = time.perf_counter() - started
    held = _resident() - before
    fleet, lives = _fleet(), _lives(first_day)
    started = time.perf_counter()
    view = outlook(sums, fleet.rows, lives.first_request, END // DAY)
    learning = time.perf_counter() - started
    took: list[float] = []
    for step in range(ROUNDS):
        started = time.perf_counter()
        end = END + step % 5
        evaluate(sums, fleet, lives, moment(end), expected=view)
        sums.counts(fleet.rows, (end - HORIZONS)[:, None], end)
        took.append(time.perf_counter() - started)
    reference = _summed_by_slices(fleet, valid, bad, first_day) * OBJECTIVES / SAMPLE
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    note = (
        f"{OBJECTIVES:,} objectives x (budget + 6 horizons), median of {ROUNDS}, worst"
        f" {max(took) * 1000:.0f} ms; reference: NumPy slice sums of {SAMPLE} rows, scaled;"
        f" sums hold {held:,.0f} MB (process peak {peak:,.0f} MB); loading {loading:.1f} s,"
        f" the day's outlook {learning:.1f} s"
    )
    return "evaluate", float(np.median(took)) * 1000, reference * 1000, "ms", note


def _traffic(first_day: int) -> tuple[Minutes, Minutes]:
    """A few patterns of seasonal minutes that the objectives share: [pattern, minute]."""
    random = np.random.default_rng(1)
    minute = np.arange((END // DAY + 1 - first_day) * DAY)
    day = 1 + 0.8 * np.sin(2 * np.pi * minute / DAY)
    rate = random.lognormal(4, 1, (PATTERNS, 1)) * day
    valid = random.poisson(rate)
    valid[:, END - first_day * DAY :] = 0
    return valid, random.binomial(valid, 0.0008)


def _loaded(first_day: int, valid: Minutes, bad: Minutes) -> Sums:
    last_day = END // DAY
    sums = Sums(OBJECTIVES, first_day, last_day)
    packed = [_days(first_day, valid[index], bad[index]) for index in range(PATTERNS)]
    for row in range(OBJECTIVES):
        kept = needed(WINDOWS[row % len(WINDOWS)], moment(END)).by_minute
        sums.load(row, packed[row % PATTERNS], by_minute=kept)
    return sums


def _days(first_day: int, valid: Minutes, bad: Minutes) -> list[tuple[int, bytes]]:
    def rows() -> Iterator[tuple[int, bytes]]:
        for day in range(len(valid) // DAY):
            within = slice(day * DAY, (day + 1) * DAY)
            yield first_day + day, pack_day(valid[within], bad[within])

    return list(rows())


def _fleet() -> Fleet:
    return Fleet(
        [
            Account(
                row=row,
                allowance=Fraction(1, 1000) if row % 2 else Fraction(1, 200),
                window=WINDOWS[row % len(WINDOWS)],
                stale_after=10,
            )
            for row in range(OBJECTIVES)
        ]
    )


def _lives(first_day: int) -> Lives:
    first = first_day * DAY
    half = Span(first, END - 5 * DAY), Span(END - 5 * DAY + 30, END)
    now = moment(END) - timedelta(seconds=20)
    return Lives.of([Life(first_request=first, as_of=now, alive=half)] * OBJECTIVES)


def _summed_by_slices(fleet: Fleet, valid: Minutes, bad: Minutes, first_day: int) -> float:
    """Seconds that a loop over the first rows takes to sum the same windows from plain minutes."""
    starts, _ = fleet.spans(END)
    end = END - first_day * DAY
    started = time.perf_counter()
    for row in range(SAMPLE):
        pattern = row % PATTERNS
        for start in (starts[row] - first_day * DAY, *(end - HORIZONS)):
            valid[pattern, start:end].sum()
            bad[pattern, start:end].sum()
    return time.perf_counter() - started


def _resident() -> float:
    """Megabytes of this process in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20
