"""How good were the alerts of a quarter: useful, false, late, and what nobody was told of?"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np

from errorbudget.ledger.tally import Counts
from errorbudget.policy.hindsight import Kind, Line
from errorbudget.review.wording import stamp

NEAR: Final = 60
"""Minutes by which an alert may be before or after a burn, and still be about it."""
LATE: Final = 0.5
"""The share of a burn that was bad already when the first alert about it came: then it was late."""


class Worth(StrEnum):
    """What one alert was worth."""

    USEFUL = "useful"
    LATE = "late"
    """About a burn, of which half or more was over."""
    FALSE = "false"
    """About nothing that the account knows of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One burn as it was told: from the first notice until it was taken back, or the last one."""

    objective: str
    level: str
    onset: int
    """The minute that the burn was said to have begun at."""
    told: int
    """The minute of the first notice."""
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An episode, and what it was worth."""

    episode: Episode
    worth: Worth
    about: Line | None

    def as_dict(self) -> dict[str, Any]:
        """The judgement as JSON has it."""
        return {
            "objective": self.episode.objective,
            "level": self.episode.level,
            "onset": stamp(self.episode.onset),
            "told": stamp(self.episode.told),
            "worth": self.worth.value,
            "change": self.about.change if self.about else None,
            "bad": self.about.bad if self.about else 0,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """All alerts of one objective in a quarter, and what should have been told of."""

    judged: tuple[Judged, ...]
    missed: tuple[Line, ...]
    """Burns worth a postmortem that no alert was about."""

    def count(self, worth: Worth) -> int:
        """How many were worth so much."""
        return sum(one.worth is worth for one in self.judged)


def judge(
    episodes: Sequence[Episode],
    lines: Sequence[Line],
    *,
    first: int,
    valid: Counts,
    bad: Counts,
    worth_telling: float,
) -> Alerts:
    """Alerts of one objective against its account; counts are by minute from `first` on.

    A burn of `worth_telling` bad requests or more that no alert was about was missed.
    """
    burns = [one for one in lines if one.kind is not Kind.BACKGROUND and one.bad]
    judged = [_judged(one, burns, first, valid, bad) for one in episodes]
    found = {id(one.about) for one in judged if one.about}
    missed = [one for one in burns if one.bad >= worth_telling and id(one) not in found]
    return Alerts(judged=tuple(judged), missed=tuple(missed))


def _judged(
    episode: Episode, burns: Sequence[Line], first: int, valid: Counts, bad: Counts
) -> Judged:
    about = [
        one for one in burns if one.start - NEAR <= episode.end and episode.onset <= one.end + NEAR
    ]
    if about:
        burn = max(about, key=lambda one: one.bad)
        within = bad[burn.start - first : burn.end - first]
        before = int(within[: max(episode.told - burn.start, 0)].sum())
        late = before >= LATE * max(int(within.sum()), 1)
        return Judged(episode=episode, worth=Worth.LATE if late else Worth.USEFUL, about=burn)
    if episode.level == "silence" and _stopped(episode, first, valid):
        return Judged(episode=episode, worth=Worth.USEFUL, about=None)
    return Judged(episode=episode, worth=Worth.FALSE, about=None)


def _stopped(episode: Episode, first: int, valid: Counts) -> bool:
    """Whether requests really stopped: none is there even now, when what was late has come."""
    start, end = (min(max(edge - first, 0), len(valid)) for edge in (episode.onset, episode.told))
    return end > start and not np.any(valid[start:end])
