"""The only place that asks the wall clock; everything else is told what time it is."""

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

_RFC_3339: Final = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?", re.IGNORECASE
)
_YEARS: Final = range(1971, 2200)
"""Moments outside are slips of the pen, and close to what calendars can hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Story:
    """A clock that was set to a moment, and runs so many times as fast."""

    moment: datetime
    began: float
    pace: float


_told: list[_Story] = []


def now() -> datetime:
    """The current moment, in UTC; of a story that is being told, its own."""
    if _told:
        story = _told[-1]
        passed = (time.monotonic() - story.began) * story.pace
        return story.moment + timedelta(seconds=passed)
    return datetime.now(UTC)  # noqa: TID251 -- this is the one place


def tell(moment: datetime, pace: float) -> None:
    """From here on it is `moment`, and time passes so many times as fast: for demonstrations."""
    _told.append(_Story(moment=moment, began=time.monotonic(), pace=pace))


def pace() -> float | None:
    """How many times as fast the time of a story passes; None where it is the real one."""
    return _told[-1].pace if _told else None


def parse(text: str) -> datetime:
    """A moment from RFC 3339 text; without a zone it is UTC. Raises ValueError naming the text."""
    try:
        moment = datetime.fromisoformat(_checked(text))
    except ValueError as cause:
        raise ValueError(
            f"{text!r} is not a time; write RFC 3339, as in 2026-07-20T14:05:00Z"
        ) from cause
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _checked(text: str) -> str:
    if not _RFC_3339.fullmatch(text) or int(text[:4]) not in _YEARS:
        raise ValueError(text)
    return text


def text(moment: datetime) -> str:
    """RFC 3339 in UTC with a trailing Z; milliseconds only where there are any."""
    stamp = moment.astimezone(UTC)
    spec = "milliseconds" if stamp.microsecond else "seconds"
    return stamp.isoformat(timespec=spec).replace("+00:00", "Z")
