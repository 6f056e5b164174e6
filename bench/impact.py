"""How true is what an incident is said to have cost? 500 simulated quarters with planted incidents.

Each has four weeks before it, traffic by hour and weekday, failures that are usual (more by night),
and four incidents; in every other quarter two of them overlap. What was planted is known by the
request. Ours: exact accounts, and intervals at their stated rate. Reference: the plain rule, by
minute and never below 0, beyond the median share of the same hour of four weeks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

import numpy as np

from errorbudget.ledger.window import Span
from errorbudget.postmortem.impact import SURE, Burned, Event, Impact
from errorbudget.postmortem.usual import HISTORY, WEEK, Counted, Usual

Row = tuple[str, float, float, str, str]

QUARTERS = 500
DAYS = 91
ALLOWANCES = (0.02, 0.01, 0.001)
RATES = (0.3, 2.0, 20.0, 150.0)
"""Requests a minute by day."""


@dataclass(frozen=True)
class Simulated:
    """A quarter, what was planted in it, and where."""

    counted: Counted
    events: tuple[Event, ...]
    planted: tuple[int, ...]
    allowed: float


def run() -> list[Row]:
    """Every row: what, ours, reference, unit, and what the reference is."""
    random = np.random.default_rng(20_260_701)
    exact, alone, shared = 0, list[Scored](), list[Scored]()
    for number in range(QUARTERS):
        quarter = simulated(random, number)
        scored, adds_up = judged(quarter)
        exact += adds_up
        for place, one in enumerate(scored):
            (shared if number % 2 and place < 2 else alone).append(one)
    few = [one for one in alone if one.few]
    return [
        (
            "impact: accounts that add up exactly",
            float(exact),
            float(QUARTERS),
            "",
            "of 500 quarters",
        ),
        *_rates("alone", alone),
        *_rates("alone, fewer than 30 bad", few),
        _off("overlapping in pairs", shared),
    ]


@dataclass(frozen=True)
class Scored:
    """One incident: what was planted, what is said, and what the plain rule says; in shares."""

    planted: float
    said: float
    plain: float
    held: bool
    few: bool


def _rates(name: str, scored: list[Scored]) -> Iterator[Row]:
    held = sum(one.held for one in scored) / len(scored)
    note = f"planted share within its interval, of {len(scored):,}; reference: the stated rate"
    yield f"impact: {name}: held", 100 * held, 100 * SURE, " %", note
    yield _off(name, scored)


def _off(name: str, scored: list[Scored]) -> Row:
    ours, plain = (
        100 * float(np.mean([abs(getattr(one, what) - one.planted) for one in scored]))
        for what in ("said", "plain")
    )
    note = "mean error, in points of the budget; reference: by minute, median of four weeks"
    return f"impact: {name}: off", ours, plain, " pp", note


def simulated(random: np.random.Generator, number: int) -> Simulated:
    """One quarter after its four weeks."""
    minutes = HISTORY + DAYS * 1440
    allowance, rate = ALLOWANCES[number % 3], RATES[number % 4]
    clock = np.arange(minutes)
    day = 0.55 + 0.45 * np.sin((clock % 1440 - 480) / 1440 * 2 * np.pi)
    weekend = np.where(clock // 1440 % 7 >= 5, 0.6, 1.0)
    valid = random.poisson(rate * day * weekend).astype(np.int64)
    night = 1 + 0.5 * np.cos(clock % 1440 / 1440 * 2 * np.pi)
    bad = random.binomial(valid, allowance * random.uniform(0.1, 0.6) * night)
    events, planted = list[Event](), list[int]()
    for key, (start, long, share) in enumerate(_plan(random, number)):
        within = slice(HISTORY + start, HISTORY + start + long)
        more = random.binomial(valid[within] - bad[within], share)
        bad[within] += more
        events.append(Event(str(key), Span(within.start, within.stop)))
        planted.append(int(more.sum()))
    return Simulated(
        counted=Counted(first=0, valid=valid, bad=bad.astype(np.int64)),
        events=tuple(events),
        planted=tuple(planted),
        allowed=allowance * float(valid[HISTORY:].sum()),
    )


def _plan(random: np.random.Generator, number: int) -> Iterator[tuple[int, int, float]]:
    """Start, minutes and share of requests that fail, of four incidents."""
    length, first = DAYS * 1440 // 4, (0, 0)
    for place in range(4):
        start = place * length + int(random.integers(0, length - 6000))
        long = int(random.choice([8, 25, 70, 240, 1500]))
        share = float(random.choice([0.01, 0.05, 0.2, 0.7]))
        if number % 2 and place == 1:
            start, long = first[0] + first[1] // 2, max(first[1], 20)
        first = start, long
        yield start, long, share


def judged(quarter: Simulated) -> tuple[list[Scored], bool]:
    """What is said of each incident, and whether the account of the quarter adds up."""
    counted = quarter.counted
    scored = list[Scored]()
    for place, event in enumerate(quarter.events):
        others = [one.span for one in quarter.events if one.span.start < event.span.start]
        usual = Usual(counted, event.span.start, others)
        near = [one for one in quarter.events if _meet(one.span, event.span)]
        impact = Burned(counted, usual, near).within().of(event.key)
        scored.append(_scored(quarter, place, impact))
    whole = Burned(counted, Usual(counted, HISTORY), quarter.events).within()
    adds_up = sum(one.excess for one in whole.impacts) + whole.background == int(counted.bad.sum())
    return scored, adds_up


def _scored(quarter: Simulated, place: int, impact: Impact) -> Scored:
    planted, allowed = quarter.planted[place], quarter.allowed
    return Scored(
        planted=planted / allowed,
        said=float(impact.excess) / allowed,
        plain=_plain(quarter.counted, quarter.events[place].span) / allowed,
        held=impact.low <= planted <= impact.high,
        few=impact.gross < 30,
    )


def _plain(counted: Counted, span: Span) -> float:
    """By minute, beyond the median of the same hours, and never below 0."""
    cost = 0.0
    for minute in range(span.start, span.end):
        hour = minute // 60 * 60
        cost += max(
            0.0, float(counted.bad[minute]) - _median(counted, hour) * counted.valid[minute]
        )
    return cost


def _median(counted: Counted, hour: int) -> float:
    shares = list[float]()
    for week in range(1, 5):
        valid, bad = counted.within(Span(hour - week * WEEK, hour - week * WEEK + 60))
        if valid:
            shares.append(bad / valid)
    return median(shares) if shares else 0.0


def _meet(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end
