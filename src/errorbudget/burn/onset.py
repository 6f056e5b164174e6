"""Since when does it burn? One change point in the counts, and how far it may be from there.

A one-sided likelihood ratio for "requests fail more often from here on" over every start and every
end: https://doi.org/10.1093/biomet/57.1.1. Where failures creep up, a ramp, or a curve that rises
ever faster, takes the step's place; where the counts cannot tell which, the interval has room for
the start of each.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from errorbudget.burn.rate import Floats, Ints, Mask
from errorbudget.ledger.window import short

MOST_BINS = 480
"""Bins whose every pair is tried; more are pooled first, and the start is then sought finely."""
SURE = 3.0
"""Nats that a change must explain; more by the luck of having tried every bin, unless an alert has
said that it burns."""
APART = 2.0
"""Starts within so many nats of the best are within the interval: about 95 %."""
SLOW = 240
"""A burn of fewer bins is taken to have stepped up, unless another shape is clearly better."""
_RAMPS = 240
_POWERS = (1, 2)
"""A ramp rises with the time since its start, a curve with its square."""
_BURSTS = 6
_LULL = 5
"""Bins that a lull lasts at least: in fewer minutes no alert says that it is over."""
_MOST_DISPERSION = 20.0
_NO_DAY = datetime(1, 1, 2, tzinfo=UTC)
_FEW = 3
"""Bad requests expected in a pooled bin, on average, below which a scatter says nothing."""
_CHI2_MEDIAN = 0.4549


@dataclass(frozen=True, slots=True, kw_only=True)
class Onset:
    """When requests began to fail more often, or stopped; and between which moments that lies."""

    at: datetime
    earliest: datetime
    latest: datetime
    until: datetime
    """When they stopped doing so, or the end of what was looked at."""
    gradual: bool = False
    """Whether they crept up from there, rather than stepped up there."""
    silence: bool = False
    """Whether requests stopped coming there; none of them need have failed."""

    @property
    def what(self) -> str:
        """What happened then, as a clause."""
        return "requests stopped coming" if self.silence else "requests began to fail"

    @property
    def named(self) -> str:
        """What happened then, as a thing."""
        return "the silence" if self.silence else "the rise"

    def sentence(self) -> str:
        """The onset for a person."""
        how = "more and more requests fail since" if self.gradual else "more requests fail since"
        if self.silence:
            how = "no valid request came since"
        return f"{how} {self.at:%Y-%m-%d %H:%M} UTC ({self.within})"

    @property
    def within(self) -> str:
        """`between 14:05 and 14:08`, with dates where those differ."""
        of_days = self.at if self.earliest.date() == self.latest.date() else _NO_DAY
        earliest, latest = (short(edge, of_days) for edge in (self.earliest, self.latest))
        return f"between {earliest} and {latest}"


@dataclass(frozen=True, slots=True)
class _Fit:
    """How well each bin explains the counts as the start; `end` is where the burn ends."""

    gain: Floats
    end: int
    dispersion: float

    @property
    def best(self) -> int:
        return int(np.argmax(self.gain))

    @property
    def most(self) -> float:
        return float(self.gain[self.best])

    @property
    def surprise(self) -> float:
        return self.most / self.dispersion

    def within(self) -> tuple[int, int]:
        """The first and the last start that the counts do not speak against."""
        near = np.flatnonzero(self.gain >= self.gain[self.best] - APART * self.dispersion)
        return int(near[0]), int(near[-1])


def onset(
    start: datetime,
    width: timedelta,
    valid: Ints,
    bad: Ints,
    *,
    since: datetime | None = None,
    sure: bool = False,
) -> Onset | None:
    """When bad requests began to be more frequent; None where nothing stands out.

    `valid` and `bad` count equal bins of `width`, rising from `start`, empty ones included. The
    burn found is one that was still on after `since`, whether or not it has ended. Where it is
    `sure` that there is one, less evidence will do.
    """
    after = 0 if since is None else max(0, (since - start) // width)
    if valid.size < 2 or not bad[after:].any():
        return None
    step, valid, bad = _latest(valid, bad, after)
    if step is None or step.surprise < SURE + (0 if sure else np.log(valid.size)):
        return None
    shapes = _likely(step, valid, bad)
    middle, bounds = shapes[len(shapes) // 2], [one.within() for one in shapes]
    return Onset(
        at=start + middle.best * width,
        earliest=start + min(first for first, _ in bounds) * width,
        latest=start + (max(last for _, last in bounds) + 1) * width,
        until=start + step.end * width,
        gradual=middle is not step,
    )


def _likely(step: _Fit, valid: Ints, bad: Ints) -> list[_Fit]:
    """The step, ramp and curve that the counts do not speak against, by when they start."""
    until = slice(step.end)
    others = (_ramped(valid[until], bad[until], power) for power in _POWERS)
    shapes = [step, *(one for one in others if one is not None)]
    most, apart = max(one.most for one in shapes), APART * step.dispersion
    if step.end - step.best < SLOW and most <= step.most + apart:
        return [step]
    return sorted((one for one in shapes if one.most >= most - apart), key=lambda one: one.best)


def _latest(valid: Ints, bad: Ints, after: int) -> tuple[_Fit | None, Ints, Ints]:
    """The step still on after a bin, and the counts without the bursts that were over before it."""
    pool = -(-valid.size // MOST_BINS)
    step, sure = None, SURE + np.log(valid.size)
    for _ in range(_BURSTS):
        step = _stepped(valid, bad, pool)
        if step is None:
            break
        over = (step.best, step.end) if step.end <= after else None
        if over is None and step.surprise >= sure:
            over = _before_a_lull(step, valid, bad)
        if over is None:
            break
        valid, bad = (_without(counts, *over) for counts in (valid, bad))
    else:
        step = _stepped(valid, bad, pool)
    return (step if step is not None and step.end > after else None), valid, bad


def _before_a_lull(step: _Fit, valid: Ints, bad: Ints) -> tuple[int, int] | None:
    """The part of a step before the last lull in it: requests failed there as they usually do."""
    n, k = (_cumulated(counts) for counts in (valid, bad))
    start, end = step.best, step.end
    bins = np.arange(start + 1, end)
    within, around = (n[end] - n[start], k[end] - k[start]), None
    around = n[-1] - within[0], k[-1] - within[1]
    if bins.size < _LULL or bins.size > MOST_BINS:
        return None
    first, last = (bins[at] for at in np.triu_indices(bins.size, _LULL))
    n_in, k_in = n[last] - n[first], k[last] - k[first]
    n_out, k_out = within[0] - n_in, within[1] - k_in
    gain = _likelihood(n_in, k_in) + _likelihood(n_out, k_out)
    gain -= float(_likelihood(np.float64(within[0]), np.float64(within[1])))
    usual = _ratio(around[1], around[0])
    calm = _ratio(k_in, n_in) <= usual + (_ratio(k_out, n_out) - usual) / 4
    gain = np.where(calm & (n_in > 0), gain, -np.inf)
    if not gain.size or gain.max() < (SURE + np.log(bins.size)) * step.dispersion:
        return None
    return start, int(first[int(np.argmax(gain))])


def _without(counts: Ints, start: int, end: int) -> Ints:
    kept = counts.copy()
    kept[start:end] = 0
    return kept


def _stepped(valid: Ints, bad: Ints, pool: int) -> _Fit | None:
    """The step that explains most: its end from pooled bins, then its start from every bin."""
    skipped = valid.size % pool  # the newest bins matter more than the oldest
    n, k = (_cumulated(_pooled(counts[skipped:], pool)) for counts in (valid, bad))
    gains = _gains(n, k)
    if not np.isfinite(gains.max()):
        return None
    start, end = np.unravel_index(int(np.argmax(gains)), gains.shape)
    last = skipped + int(end) * pool
    n, k = _cumulated(valid), _cumulated(bad)
    gain = np.full(valid.size, -np.inf)
    gain[1:last] = _gain(n[1:last], k[1:last], n[last], k[last], n[-1], k[-1])
    if pool > 1:
        near = np.arange(valid.size) - skipped - int(start) * pool
        gain[np.abs(near) > 8 * pool] = -np.inf
    if not np.isfinite(gain.max()):
        return None
    best = int(np.argmax(gain))
    inside = np.arange(valid.size)
    rate = _piecewise(n, k, best, last, inside)
    return _Fit(gain=gain, end=last, dispersion=_dispersion(valid, bad, rate))


def _gains(n: Floats, k: Floats) -> Floats:
    """The gain of every start (row) and end (column) over nothing having changed."""
    bins = n.size - 1
    gains = np.full((bins + 1, bins + 1), -np.inf)
    starts, ends = np.triu_indices(bins + 1, 1)
    kept = starts > 0
    starts, ends = starts[kept], ends[kept]
    gains[starts, ends] = _gain(n[starts], k[starts], n[ends], k[ends], n[-1], k[-1])
    return gains


def _gain(
    n_start: Floats, k_start: Floats, n_end: Floats, k_end: Floats, n_all: float, k_all: float
) -> Floats:
    """Nats by which one rate within and one around explain the counts better than one rate."""
    n_in, k_in = n_end - n_start, k_end - k_start
    n_out, k_out = n_all - n_in, k_all - k_in
    gain = _likelihood(n_in, k_in) + _likelihood(n_out, k_out)
    gain = gain - _likelihood(np.float64(n_all), np.float64(k_all))
    rises = (k_in * n_out > k_out * n_in) & (n_start > 0)
    return np.where(rises, gain, -np.inf)


def _likelihood(n: Floats | np.float64, k: Floats | np.float64) -> Floats:
    """The logarithm of the likelihood of k of n at the rate that fits them best."""
    good = n - k
    with np.errstate(divide="ignore", invalid="ignore"):
        bad_part = np.where(k > 0, k * np.log(k / n), 0.0)
        return bad_part + np.where(good > 0, good * np.log(good / n), 0.0)


def _piecewise(n: Floats, k: Floats, start: int, end: int, bins: Ints) -> Floats:
    within = k[end] - k[start], n[end] - n[start]
    around = k[-1] - within[0], n[-1] - within[1]
    inside: Mask = (bins >= start) & (bins < end)
    return np.where(inside, _ratio(*within), _ratio(*around))


def _ramped(valid: Ints, bad: Ints, power: int) -> _Fit | None:
    """The ramp that explains most: failures as they were, then rising with a power of the time."""
    pool = -(-valid.size // _RAMPS)
    skipped = valid.size % pool
    n, k = (_pooled(counts[skipped:], pool).astype(float) for counts in (valid, bad))
    bins = np.arange(n.size)
    n_before, k_before = _cumulated(n)[:-1], _cumulated(k)[:-1]
    base = np.where(n_before > 0, _ratio(k_before, n_before), 0.0)[:, None]
    height = np.maximum(bins[None, :] - bins[:, None] + 0.5, 0.0) ** power
    exposed = (n * height).sum(axis=1)
    excess = np.where(height > 0, k - n * base, 0.0).sum(axis=1)
    slope = np.maximum(_ratio(excess, exposed), 0.0)[:, None]
    rate = np.clip(base + slope * height, 1e-9, 1 - 1e-9)
    total = k.sum() / max(n.sum(), 1.0)
    gain = (k * np.log(rate) + (n - k) * np.log1p(-rate)).sum(axis=1)
    gain -= float(_likelihood(n.sum(), k.sum())) if 0 < total < 1 else 0.0
    gain[(n_before == 0) | (slope[:, 0] <= 0)] = -np.inf
    if not np.isfinite(gain.max()):
        return None
    dispersion = _dispersion(n, k, rate[int(np.argmax(gain))])
    fine = np.full(valid.size, -np.inf)
    fine[skipped::pool] = gain
    return _Fit(gain=fine, end=valid.size, dispersion=dispersion)


def _dispersion(n: Ints | Floats, k: Ints | Floats, rate: Floats) -> float:
    """How much more the counts scatter around a rate than failures that come one by one.

    The median of the squared deviations against that of χ², so that other bursts count little.
    """
    expected = n * rate * (1 - rate)
    pool = int(np.clip(np.ceil(_FEW * n.size / max(expected.sum(), 1e-9)), 1, n.size))
    skipped = n.size % pool
    off, due = (_pooled(each[skipped:], pool) for each in (k - n * rate, expected))
    seen = due > 0
    if not seen.any():
        return 1.0
    scatter = np.median(off[seen] ** 2 / due[seen]) / _CHI2_MEDIAN
    return float(np.clip(scatter, 1.0, _MOST_DISPERSION))


def _pooled(counts: Ints | Floats, pool: int) -> Ints | Floats:
    return counts.reshape(-1, pool).sum(axis=1)


def _cumulated(counts: Ints | Floats) -> Floats:
    return np.concatenate([[0.0], np.cumsum(counts, dtype=float)])


def _ratio(part: Floats, whole: Floats) -> Floats:
    return part / np.maximum(whole, 1e-12)
