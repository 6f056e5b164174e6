"""Which targets are worth a promise? Shares of bad requests of 1, 2 or 5 times a power of ten.

Between two neighbours the budget halves or so: the tightest that a history keeps has 40 to 100 % of
its budget used in a bad window, and there is nothing to haggle about in the third digit.
"""

from fractions import Fraction
from typing import Final

from errorbudget.objective.notation import Target

GRID: Final = tuple(
    Fraction(step, 10**digits)
    for digits in range(1, 7)
    for step in ((1,) if digits == 1 else (5, 2, 1))
)
"""The allowances from the loosest, 10 %, to the tightest, 1 in a million."""

FEWEST: Final = 10
"""Bad requests a window must allow before a share of its budget means anything."""


def target(allowance: Fraction) -> Target:
    """The target that allows this share to be bad."""
    return Target(1 - allowance)


def within_volume(requests: float) -> tuple[Fraction, ...]:
    """The allowances that mean something with so many requests in a window, loosest first."""
    return tuple(allowance for allowance in GRID if allowance * int(requests) >= FEWEST)


def tighter(allowance: Fraction) -> Fraction | None:
    """The next tighter allowance; None after the last."""
    place = GRID.index(allowance) + 1
    return GRID[place] if place < len(GRID) else None
