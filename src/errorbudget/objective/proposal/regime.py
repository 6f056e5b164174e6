"""Which part of a history speaks for the future? Steps, trends and days that dwarf all others.

Read as it stands, a history misleads in three ways: it averages what was with what is, it ends
before a decline does, and one day can hold most of its bad requests.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from errorbudget.objective.proposal.history import Floats, History

STEP: Final = 2.5
"""A rate that changes by more, and stays so, is another service's."""
_SURE: Final = 12.0
"""Log-likelihood, over its dispersion, that a step or a trend gains: about 1 in 100,000 by luck."""
_SHORTEST: Final = 6
"""Days after a step that it takes to believe in it."""
_TREND_DAYS: Final = 28
_AHEAD: Final = 91
"""Days that a promise should hold: a quarter."""
_MOST_WORSE: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """A day or two with most of the history's bad requests: too rare to learn a rate from."""

    first: int
    days: int
    bad: int
    share: float
    """Of all bad requests there were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The day from which on the rate is another one, and how many times the old one it is."""

    at: int
    ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A rate that worsens: how many times worse each week, and over the quarter to come."""

    weekly: float
    ahead: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Present:
    """The days that speak for the future, as they are expected to go on."""

    start: int
    """The first of them, an index of the history's days."""
    valid: Floats
    bad: Floats
    weight: Floats
    """What each day's bad requests were multiplied by."""
    set_aside: SetAside | None
    step: Step | None
    trend: Trend | None


def present(history: History) -> Present:
    """What of a history speaks for the future."""
    valid = np.where(history.seen, history.valid, 0).astype(np.float64)
    bad = np.where(history.seen, history.bad, 0).astype(np.float64)
    weight = np.ones(len(history))
    aside = _dominating(valid, bad)
    if aside:
        weight[aside.first : aside.first + aside.days] = 0.0
        bad = bad * weight
    step = _step(valid, bad)
    start = step.at if step else 0
    trend = _trend(valid[start:], bad[start:])
    if trend:
        days = len(bad) - start
        weekly = np.log(trend.weekly) / 7
        weight[start:] *= np.exp(weekly * (days - 1 - np.arange(days))) * trend.ahead
        bad = np.where(history.seen, history.bad, 0) * weight
    return Present(
        start=start,
        valid=valid[start:],
        bad=bad[start:],
        weight=weight[start:],
        set_aside=aside,
        step=step,
        trend=trend,
    )


def _dominating(valid: Floats, bad: Floats) -> SetAside | None:
    """The day, or two in a row, with over half of all bad requests of a history of weeks."""
    total = bad.sum()
    if len(bad) < 4 * 7 or total < 20:
        return None
    for days in (1, 2):
        held = np.convolve(bad, np.ones(days), "valid")
        first = int(held.argmax())
        inside = slice(first, first + days)
        rest = (total - held[first]) / max(valid.sum() - valid[inside].sum(), 1)
        own = held[first] / max(valid[inside].sum(), 1)
        if held[first] > total / 2 and own > 10 * rest:
            share = float(held[first] / total)
            return SetAside(first=first, days=days, bad=int(held[first]), share=share)
    return None


def _step(valid: Floats, bad: Floats) -> Step | None:
    """The last day on which the rate changed for good; None where it did not."""
    start, found = 0, None
    while (step := _one_step(valid[start:], bad[start:])) is not None:
        start += step.at
        found = Step(at=start, ratio=step.ratio)
    return found


def _one_step(valid: Floats, bad: Floats) -> Step | None:
    days = len(bad)
    if days < 2 * _SHORTEST or bad.sum() < 10:
        return None
    at = np.arange(_SHORTEST, days - _SHORTEST + 1)
    requests, failed = np.cumsum(valid), np.cumsum(bad)
    before = _rate(failed[at - 1], requests[at - 1])
    after = _rate(failed[-1] - failed[at - 1], requests[-1] - requests[at - 1])
    gained = (
        _likelihood(failed[at - 1], before, requests[at - 1])
        + _likelihood(failed[-1] - failed[at - 1], after, requests[-1] - requests[at - 1])
        - _likelihood(failed[-1], _rate(failed[-1], requests[-1]), requests[-1])
    )
    best = int(gained.argmax())
    split, ratio = int(at[best]), float(after[best] / before[best])
    if 1 / STEP <= ratio <= STEP or not _is_lasting(valid, bad, split, ratio):
        return None
    expected = np.where(np.arange(days) < split, before[best], after[best]) * valid
    grown = _grown(valid, bad)
    surer_than_trend = gained[best] > grown[1] if grown else True
    if gained[best] / _dispersion(bad, expected, 2) < _SURE or not surer_than_trend:
        return None
    return Step(at=split, ratio=ratio)


def _is_lasting(valid: Floats, bad: Floats, split: int, ratio: float) -> bool:
    """Whether the usual day differs too, not only the few worst ones."""
    daily = bad / np.maximum(valid, 1)
    before, after = (float(np.median(part)) for part in (daily[:split], daily[split:]))
    if not before and not after:
        return False
    usual = after / before if before else np.inf
    return usual > STEP if ratio > 1 else usual < 1 / STEP


def _trend(valid: Floats, bad: Floats) -> Trend | None:
    """A rate that worsens steadily; one that improves is not counted on."""
    if len(bad) < _TREND_DAYS or (grown := _grown(valid, bad)) is None:
        return None
    slope, gained, expected = grown
    surely = gained / _dispersion(bad, expected, 2) >= _SURE / 2
    if slope <= 0 or slope * len(bad) < np.log(1.3) or not surely:
        return None
    ahead = float(np.exp(slope * np.arange(1, _AHEAD + 1)).mean())
    return Trend(weekly=float(np.exp(7 * slope)), ahead=min(ahead, _MOST_WORSE))


def _grown(valid: Floats, bad: Floats) -> tuple[float, float, Floats] | None:
    """Poisson regression of the rate on time: the log-slope a day, what it gains, its forecast.

    Newton's method on the two coefficients (McCullagh & Nelder, Generalized Linear Models, 2.5).
    """
    if bad.sum() < 10:
        return None
    time = np.arange(len(bad)) - (len(bad) - 1) / 2
    flat = float(_rate(bad.sum(), valid.sum()))
    level, slope = np.log(flat), 0.0
    for _ in range(8):
        expected = valid * np.exp(np.clip(level + slope * time, -30, 0))
        gradient = np.array([(bad - expected).sum(), ((bad - expected) * time).sum()])
        cross = (expected * time).sum()
        hessian = np.array([[expected.sum(), cross], [cross, (expected * time**2).sum()]])
        level, slope = np.array([level, slope]) + np.linalg.solve(
            hessian + 1e-9 * np.eye(2), gradient
        )
        slope = float(np.clip(slope, -0.5, 0.5))
    expected = valid * np.exp(np.clip(level + slope * time, -30, 0))
    gained = _log_likelihood(bad, expected) - _log_likelihood(bad, valid * flat)
    return slope, gained, expected


def _rate(bad: Floats | float, valid: Floats | float) -> Floats:
    return (np.asarray(bad) + 0.5) / (np.asarray(valid) + 1)


def _likelihood(bad: Floats | float, rate: Floats | float, valid: Floats | float) -> Floats:
    return np.asarray(bad * np.log(rate) - rate * np.asarray(valid))


def _log_likelihood(bad: Floats, expected: Floats) -> float:
    return float((bad * np.log(np.maximum(expected, 1e-12)) - expected).sum())


def _dispersion(bad: Floats, expected: Floats, parameters: int) -> float:
    """How many times more than by luck the days differ from what is expected; 1 at least."""
    some = expected > 0
    squares = (bad[some] - expected[some]) ** 2 / expected[some]
    return max(1.0, float(squares.sum()) / max(int(some.sum()) - parameters, 1))
