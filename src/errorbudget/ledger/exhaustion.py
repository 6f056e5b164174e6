"""When a rolling budget runs out, given what leaves its window and what is expected to come."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from errorbudget.ledger.forecast import Floats, Outlook
from errorbudget.ledger.sums import Sums
from errorbudget.ledger.tally import DAY, Counts

NEVER: Final = -1
"""Not within the window."""


def in_rolling(
    sums: Sums,
    outlook: Outlook,
    rows: NDArray[np.int64],
    held: NDArray[np.int64],
    window: tuple[int, int],
    counts: tuple[Counts, Counts],
    rates: tuple[Floats, Floats],
) -> Counts:
    """When the bad share of windows that share [start, end) passes what they allow.

    The smallest t with bad − leaving(t) + p·n(t) ≥ e·(valid − leaving(t) + n(t)), looked for at
    midnights and interpolated between. `rows` count in the fleet, `held` in the sums; `counts` are
    valid and bad now, `rates` the share allowed and the share lately bad.
    """
    start, end = window
    steps = np.array([start, *range((start // DAY + 1) * DAY, end, DAY), end], np.int64)
    leaving_valid, leaving_bad = sums.counts(held[:, None], start, steps[None, :])
    coming = outlook.expected(rows[:, None], end, (steps + end - start)[None, :])
    allowed, share_bad = rates[0][:, None], rates[1][:, None]
    bad = counts[1][:, None] - leaving_bad + share_bad * coming
    over = bad - allowed * (counts[0][:, None] - leaving_valid + coming)
    return _crossing(over, steps - start + end)


def _crossing(over: Floats, minutes: Counts) -> Counts:
    """Where each row first rises to zero, on straight lines between the steps."""
    beyond = over >= 0
    at = np.maximum(beyond.argmax(axis=1), 1)
    each = np.arange(len(over))
    before, after = over[each, at - 1], over[each, at]
    share = np.clip(-before / np.where(after > before, after - before, 1.0), 0, 1)
    found = minutes[at - 1] + np.rint(share * (minutes[at] - minutes[at - 1])).astype(np.int64)
    return np.where(beyond.any(axis=1), found, NEVER)
