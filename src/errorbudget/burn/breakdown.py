"""The requests of a burn and of the time before it, summed by what they have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from errorbudget.ledger.tally import Counts

Floats = NDArray[np.float64]

PRIOR: Final = 3.0
"""Failures, at the usual rate, that every slice's past is mixed with: it says that much less."""

OTHER: Final = 0
"""The code of every value that too few failures of the burn share to be looked at alone."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sums:
    """Valid and bad requests of some slices, of the burn and of the time before it."""

    valid: Counts
    bad: Counts
    valid_before: Counts
    bad_before: Counts

    def __len__(self) -> int:
        return len(self.valid)

    def grouped(self, group: Counts, groups: int) -> Self:
        """Summed by the number of the group that each slice belongs to."""
        return type(self)(
            valid=_summed(self.valid, group, groups),
            bad=_summed(self.bad, group, groups),
            valid_before=_summed(self.valid_before, group, groups),
            bad_before=_summed(self.bad_before, group, groups),
        )

    @classmethod
    def joined(cls, some: Sequence[Self]) -> Self:
        """The slices of several sums, one after the other."""
        return cls(
            valid=np.concatenate([one.valid for one in some]),
            bad=np.concatenate([one.bad for one in some]),
            valid_before=np.concatenate([one.valid_before for one in some]),
            bad_before=np.concatenate([one.bad_before for one in some]),
        )

    def total(self) -> Self:
        """All slices as one."""
        return self.grouped(np.zeros(len(self), np.int64), 1)

    def take(self, which: Counts) -> Self:
        """The slices at these places."""
        return type(self)(
            valid=self.valid[which],
            bad=self.bad[which],
            valid_before=self.valid_before[which],
            bad_before=self.bad_before[which],
        )

    def usual(self, allowance: float) -> float:
        """The share of all requests that failed before; without a past, what is allowed to."""
        bad, valid = int(self.bad_before.sum()), int(self.valid_before.sum())
        return (bad + PRIOR) / (valid + PRIOR / allowance)

    def expected(self, usual: float) -> Floats:
        """Failures to expect of each slice now, had nothing happened: by its own rate before.

        A past with few failures says little: it is drawn to the `usual` rate, which is above 0.
        """
        return self.valid * (self.bad_before + PRIOR) / (self.valid_before + PRIOR / usual)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Slices:
    """The sums of every value of one column."""

    values: Sequence[str]
    sums: Sums


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Breakdown:
    """The finest sums over some columns: a row for each combination of values that occurs."""

    columns: tuple[str, ...]
    values: tuple[tuple[str, ...], ...]
    """Of each column, what its codes 1, 2, … stand for."""
    codes: Counts
    """A row for each combination, a column for each column."""
    sums: Sums
    tenants: Slices
    """The same requests by tenant alone."""

    def cuboids(self, depth: int) -> list[tuple[int, ...]]:
        """Every choice of so many columns, at most, that tell the burn's requests apart."""
        now = self.codes[self.sums.valid > 0]
        telling = [place for place, codes in enumerate(now.T) if codes.size and np.ptp(codes)]
        sizes = range(1, depth + 1)
        return [chosen for size in sizes for chosen in combinations(telling, size)]


def _summed(counts: Counts, group: Counts, groups: int) -> Counts:
    # Weights are floats: exact below 2**53, far above what a day of requests holds.
    return np.bincount(group, weights=counts, minlength=groups).astype(np.int64)
