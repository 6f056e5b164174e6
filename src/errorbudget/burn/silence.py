"""Has traffic stopped that should be there, and is the data late?"""

from collections.abc import Mapping

import numpy as np

from errorbudget.burn.rate import Counts, Floats, Ints, Mask
from errorbudget.burn.rules import DAY

WINDOWS = (15, 30, 60, 120, 360, DAY)
"""Minutes over which requests are missed."""

CHANCE = 1e-4
LATE = 2
"""Minutes behind which a source is late; alerts are worth what their data is."""


RANGE = 2.06
"""Times the mean error of a forecast covers nine outcomes in ten."""


def silent(expected: Mapping[int, Floats], counts: Counts, error: Floats) -> Mask:
    """Whether requests are missing over any window, given how many the forecast expects there.

    Half the forecast, or less where its mean `error` (a share) has been large, must already be too
    much to explain what came; and nothing came at all, or half of the little that came failed.
    """
    sure = np.clip(1 - RANGE * error, 0.05, 0.5)
    missing = [_missing(expected[span] * sure, *counts[span]) for span in expected]
    return np.logical_or.reduce(missing)


def _missing(least: Floats, valid: Ints, bad: Ints) -> Mask:
    dead = (valid == 0) | ((bad >= 2) & (2 * bad >= valid))
    some = np.flatnonzero(dead & (least > 0))
    found = np.zeros(valid.size, np.bool_)
    if some.size:
        from scipy.special import gammaincc

        found[some] = gammaincc(valid[some] + 1, least[some]) <= CHANCE
    return found


def late(as_of: int | None, now: int) -> int | None:
    """By how many minutes a source is late; None when it is not, or has never spoken."""
    if as_of is None:
        return None
    return now - as_of if now - as_of > LATE else None
