"""What share of its budget would each past window have used, and those that could have been?"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np

from errorbudget.objective.proposal.history import Floats, Ints

REPLICAS: Final = 300
_AHEAD: Final = 84
"""Days of each resampled future."""
_WEEK: Final = 7
"""Days of a piece; with less than two weeks, pieces are days."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rates:
    """The share of bad requests in windows of one length."""

    days: int
    past: Floats
    """Of every past window, one for each day it may end on."""
    ends: Ints
    """The index of the last day of each."""
    resampled: Floats
    """[replica, window]: of the windows of futures put together from past weeks, or days."""
    block: int
    """Days of the pieces that futures are put together from."""

    @property
    def pieces(self) -> str:
        """What futures are put together from, as a word."""
        return "weeks" if self.block == _WEEK else "days"

    def use(self, allowance: Fraction) -> tuple[Floats, Floats]:
        """The share of the budget that each used: past, and resampled."""
        return self.past / float(allowance), self.resampled / float(allowance)


def rates(valid: Floats, bad: Floats, days: int, *, seed: int) -> Rates:
    """The windows of `days` days of a history, and of 300 futures put together from its weeks.

    A future is made in two stages: weeks are drawn from the history as if it had been sampled anew,
    and the future from those, so that a short history makes for widely differing futures. Windows
    overlap, and 12 weeks hold three that do not: counting past windows alone would feign certainty
    (moving blocks, Künsch 1989).
    """
    requests = _trailing(valid, days)
    ends = np.flatnonzero((np.arange(len(valid)) >= days - 1) & (requests > 0))
    past = _ratio(_trailing(bad, days)[ends], requests[ends])
    block = _WEEK if len(valid) >= 2 * _WEEK else 1
    resampled = _futures(valid, bad, days, block, seed)
    return Rates(days=days, past=past, ends=ends, resampled=resampled, block=block)


def _futures(valid: Floats, bad: Floats, days: int, block: int, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    in_window = -(-days // block)
    blocks = max(in_window, _AHEAD // block)
    starts = np.arange(max(len(valid) - block + 1, 1))
    held = max(len(valid) // block, 1)
    sample = rng.choice(starts, (REPLICAS, held))
    drawn = np.take_along_axis(sample, rng.integers(0, held, (REPLICAS, blocks)), axis=1)
    sums = [_trailing(column, block)[drawn + block - 1] for column in (bad, valid)]
    sums[0] = sums[0] * _luck(bad, rng)
    return _ratio(*(_rolled(one, in_window) for one in sums))


def _luck(bad: Floats, rng: np.random.Generator) -> Floats:
    """How far off the true rate may be for so few bad requests: gamma, [replica, 1]."""
    shape = float(bad.sum()) + 1
    return rng.gamma(shape, 1 / max(shape - 1, 1), (REPLICAS, 1))


def _trailing(column: Floats, days: int) -> Floats:
    total = np.concatenate(([0.0], np.cumsum(column)))
    index = np.arange(1, len(column) + 1)
    return total[index] - total[np.maximum(index - days, 0)]


def _rolled(blocks: Floats, width: int) -> Floats:
    total = np.pad(np.cumsum(blocks, axis=1), ((0, 0), (1, 0)))
    return total[:, width:] - total[:, :-width]


def _ratio(bad: Floats, valid: Floats) -> Floats:
    return bad / np.maximum(valid, 1)
