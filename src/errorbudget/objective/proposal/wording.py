"""How do proposals write numbers, dates and lists for people?"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from errorbudget.objective.notation import digits

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(minute: int) -> str:
    """A minute since 1970, as `2026-11-24 17:05`."""
    return f"{_EPOCH + timedelta(minutes=minute):%Y-%m-%d %H:%M}"


def used(share: float, budget: str = "its budget") -> str:
    """How much of a budget that is: `82% of its budget`, `3.4 times its budget`."""
    if share < 0.005:
        return f"next to nothing of {budget}"
    return f"{share:.0%} of {budget}" if share < 2 else f"{digits(share)} times {budget}"


def listed(words: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)


def duration(milliseconds: float) -> str:
    """A duration in the unit people would say it in."""
    if milliseconds < 1000:
        return f"{milliseconds:.3g} ms"
    return f"{milliseconds / 1000:.3g} s"
