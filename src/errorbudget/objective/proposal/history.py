"""How many requests were valid, and how many bad, on each day a proposal is made from?"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

DAY: Final = 1440
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """Whole UTC days, one after the other, of one indicator."""

    first_day: int
    """Days since 1970."""
    valid: Ints
    bad: Ints
    seen: Mask
    """The days on which the source was alive; the others say nothing, whatever was counted."""

    def __len__(self) -> int:
        return len(self.valid)

    @classmethod
    def of_minutes(cls, minute: Ints, valid: Ints, bad: Ints, seen: Mask, first_day: int) -> Self:
        """The history of tallies; `seen` tells of each of the days from `first_day` on."""
        day = minute // DAY - first_day
        within = (day >= 0) & (day < len(seen))
        columns = (
            np.bincount(day[within], weights=counts[within], minlength=len(seen))
            for counts in (valid, bad)
        )
        requests, failures = (np.rint(column).astype(np.int64) for column in columns)
        return cls(first_day=first_day, valid=requests, bad=failures, seen=seen)

    def date(self, index: int) -> date:
        """The date of one of the days."""
        return _EPOCH + timedelta(days=self.first_day + index)
