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
    parts: Floats | None = None
    """The share of each day that was seen; None: all of each."""

    @property
    def whole(self) -> Floats:
        """Valid requests of each day as if all of it had been seen; of an unseen one, the mean."""
        valid = self.valid / (1.0 if self.parts is None else np.maximum(self.parts, 1e-9))
        usual = float(valid[self.seen].mean()) if self.seen.any() else 0.0
        return np.where(self.seen, valid, usual)

    def __len__(self) -> int:
        return len(self.valid)

    @classmethod
    def of_minutes(
        cls,
        minute: Ints,
        valid: Ints,
        bad: Ints,
        seen: Mask,
        first_day: int,
        parts: Floats | None = None,
    ) -> Self:
        """The history of tallies; `seen` and `parts` tell of the days from `first_day` on."""
        day = minute // DAY - first_day
        within = (day >= 0) & (day < len(seen))
        columns = (
            np.bincount(day[within], weights=counts[within], minlength=len(seen))
            for counts in (valid, bad)
        )
        requests, failures = (np.rint(column).astype(np.int64) for column in columns)
        return cls(first_day=first_day, valid=requests, bad=failures, seen=seen, parts=parts)

    def date(self, index: int) -> date:
        """The date of one of the days."""
        return _EPOCH + timedelta(days=self.first_day + index)
