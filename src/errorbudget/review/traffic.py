"""Did the traffic become another one, so that what was promised no longer means the same?"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from errorbudget.ledger.tally import DAY, Counts

TENFOLD: Final = 10
LARGE: Final = 2
"""Times from which a change of traffic is worth a sentence."""
_WEEKS: Final = 4 * 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Requests of a usual day: in the last quarter, when this one began, and when it ended."""

    last: float | None
    """None where there was no last quarter to compare with."""
    began: float
    ended: float

    @property
    def grown(self) -> float | None:
        """How many times as many requests come at the end as in the last quarter, or as began."""
        before = self.last if self.last else self.began
        return self.ended / before if before else None

    @property
    def sentence(self) -> str:
        """What to think of, where the traffic is another one; empty where it is not."""
        grown = self.grown
        if grown is None or 1 / LARGE < grown < LARGE:
            return ""
        since = "last quarter" if self.last else "when the quarter began"
        if grown >= TENFOLD:
            return (
                f"Traffic is {grown:.0f} times that of {since}: the same target now allows"
                f" {grown:.0f} times as many people to be failed. Look at the target, the capacity"
                " and the criteria anew."
            )
        if grown >= LARGE:
            return f"Traffic is {grown:.1f} times that of {since}."
        return (
            f"Traffic is down to {grown:.2g} of that of {since}: a budget of so few requests says"
            " less, and one incident takes more of it."
        )

    def as_dict(self) -> dict[str, Any]:
        """The traffic as JSON has it."""
        return {
            "last_quarter_per_day": self.last,
            "began_per_day": self.began,
            "ended_per_day": self.ended,
            "grown": self.grown,
            "sentence": self.sentence,
        }


def traffic(valid: Counts, last: Counts) -> Traffic:
    """The traffic of a quarter's minutes, and of the quarter's before; medians of seen days."""
    days, before = _days(valid), _days(last)
    return Traffic(
        last=_usual(before) if len(before) >= _WEEKS else None,
        began=_usual(days[:_WEEKS]),
        ended=_usual(days[-_WEEKS:]),
    )


def _days(valid: Counts) -> Counts:
    """Requests of each whole day that had any."""
    whole = valid[: len(valid) // DAY * DAY].reshape(-1, DAY).sum(axis=1)
    return whole[whole > 0]


def _usual(days: Counts) -> float:
    return float(np.median(days)) if len(days) else 0.0
