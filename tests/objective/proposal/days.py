"""Made-up days of requests, from a seed."""

from collections.abc import Callable

import numpy as np

from errorbudget.objective.proposal.history import Floats, History

SEED = 7
FIRST_DAY = 20_000


def history(
    rate: float | Callable[[Floats], Floats], *, days: int = 84, a_day: float = 50_000
) -> History:
    """Days that fail at a rate, or at a rate that depends on the day."""
    rng = np.random.default_rng(SEED)
    valid = rng.poisson(a_day, days)
    day = np.arange(days, dtype=np.float64)
    share = rate(day) if callable(rate) else np.full(days, rate)
    return History(
        first_day=FIRST_DAY,
        valid=valid,
        bad=rng.binomial(valid, np.clip(share, 0, 1)),
        seen=np.ones(days, np.bool_),
    )
