"""How late is the data of each document, and since when would we have heard of its requests?

Data that comes late is looked at as of when it was complete. Once nothing comes at all, time goes
on all the same: otherwise nobody would ever notice that it stopped.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from errorbudget.burn.silence import LATE
from errorbudget.ledger.tally import DAY
from errorbudget.notify.message import Kind

PAUSE: Final = 5
"""Minutes without a look after which what was not heard is our own doing: senders try so long."""

PATIENCE: Final = 2
"""Minutes that data must be late before somebody is told."""

TIMELY: Final = 5
"""Minutes that data must be in time again before it is taken back."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """How long we have been looking without a pause, in minutes."""

    since: int
    until: int

    @classmethod
    def at(cls, before: "Listening | None", now: int) -> "Listening":
        """Looking at minute `now`, after what was remembered."""
        if before is None or now - before.until > PAUSE:
            # Senders that could not reach us come back within so long.
            return cls(since=now + PAUSE, until=now)
        return cls(since=before.since, until=max(now, before.until))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """What was heard of one document's senders."""

    newest: int
    """Up to when its data was complete, in microseconds since 1970."""
    lag: int
    """Minutes it was late when it last came to be."""
    late_since: int | None = None
    timely_since: int | None = None
    told_at: int | None = None
    """When somebody was told that it is late; None when nobody need be."""

    @property
    def live(self) -> bool:
        """Whether it is data that a watch makes sense of: less than a day late."""
        return self.lag <= DAY

    @property
    def late(self) -> bool:
        """Whether it came later than alerts can bear."""
        return self.live and self.lag > LATE

    @property
    def gist(self) -> object:
        """All but what every new request changes."""
        return self.lag, self.late_since, self.timely_since, self.told_at

    def moment(self, now: datetime) -> datetime:
        """As of when the document is looked at."""
        return now - timedelta(minutes=self.lag) if self.live else now

    def as_dict(self) -> dict[str, Any]:
        """Plain values for a record."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "Hearing":
        """What such a record tells."""
        return cls(**record)


def hear(before: Hearing | None, as_of: datetime, now: datetime) -> Hearing:
    """What is known when the data is complete up to `as_of`: its lag is told by what is new."""
    newest = (as_of - _EPOCH) // timedelta(microseconds=1)
    if before is not None and newest <= before.newest:
        return before
    lag = max((now - as_of) // timedelta(minutes=1), 0)
    if before is None:
        # What lay there before anybody listened came in time for all we know: a quiet service.
        return Hearing(newest=newest, lag=lag if lag > DAY else 0)
    return replace(before, newest=newest, lag=lag)


def judge(before: Hearing, late: bool, now: int) -> tuple[Hearing, Kind | None]:
    """The same at minute `now`, and what to tell of data that is late, or is no more."""
    if late:
        since = now if before.late_since is None else before.late_since
        after = replace(before, late_since=since, timely_since=None)
        if before.told_at is None and now - since >= PATIENCE:
            return replace(after, told_at=now), Kind.FIRED
        return after, None
    if before.told_at is None:
        calm = before.late_since is None
        return before if calm else replace(before, late_since=None), None
    since = now if before.timely_since is None else before.timely_since
    if now - since < TIMELY:
        return replace(before, timely_since=since), None
    return replace(before, late_since=None, timely_since=None, told_at=None), Kind.RESOLVED
