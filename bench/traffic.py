"""Simulated minutes of requests: steady, diurnal, failing one by one or in retry storms."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Requests an hour against a target; `swing` is the daily ± share, `batch` the mean storm."""

    target: Fraction
    per_hour: float
    swing: float = 0.0
    batch: float = 1.0

    @property
    def allowance(self) -> Fraction:
        """The share that may fail."""
        return 1 - self.target

    @property
    def allowed_per_hour(self) -> float:
        """λ0: bad requests an hour that the budget allows."""
        return float(self.per_hour * self.allowance)

    def usual(self, minutes: int, start: int = 0) -> Floats:
        """Requests expected in each minute."""
        day = np.arange(start, start + minutes) * (2 * np.pi / 1440)
        return self.per_hour / 60 * (1 + self.swing * np.sin(day))

    def minutes(
        self, rng: np.random.Generator, replicas: int, burn: Floats, start: int = 0
    ) -> tuple[Ints, Ints]:
        """Valid and bad requests, replicas × minutes, burning at `burn` in each minute."""
        shape = (replicas, burn.size)
        usual = self.usual(burn.size, start)
        share = np.minimum(float(self.allowance) * burn, 1.0)
        if self.batch == 1:
            bad = rng.poisson(usual * share, shape)
        else:
            storms = rng.poisson(usual * share / self.batch, shape)
            bad = storms.copy()
            some = np.nonzero(storms)
            bad[some] += rng.negative_binomial(storms[some], 1 / self.batch)
        return rng.poisson(usual * (1 - share), shape) + bad, bad


def trailing(minutes: Ints, span: int) -> Ints:
    """The sum of the last `span` minutes at every minute."""
    total = np.cumsum(minutes, axis=1)
    before = np.zeros_like(total)
    before[:, span:] = total[:, :-span]
    return total - before
