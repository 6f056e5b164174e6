"""What does a burn do to an alert, minute by minute, and when is somebody told?

One alert a budget: none, firing, recovering, resolved. Values only, so that it survives a restart.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errorbudget.burn.rate import Burns, Ints, Mask, Signal
from errorbudget.burn.rules import Level

EPISODE = 6 * 60
"""Minutes without firing that end an episode; a burn after that is a new one."""

REPEAT_SPEND = 10 / 720
"""Share of the budget that 10x spends in an hour of 30 days: what a page is worth."""


REPEAT_SILENCE = 60
"""Minutes after a notice from which requests that stop coming are told within its episode."""


class Phase(StrEnum):
    """Where an alert stands."""

    NONE = "none"
    FIRING = "firing"
    RECOVERING = "recovering"
    RESOLVED = "resolved"


class Kind(StrEnum):
    """Why somebody is told."""

    FIRED = "fired"
    ESCALATED = "escalated"
    AGAIN = "again"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was found out about one budget at one moment."""

    fire: Signal = Signal.NONE
    warn: Signal = Signal.NONE
    drift: Signal = Signal.NONE
    unknown: bool = False
    pressing: bool = False
    """The drift exhausts the budget before its window ends."""
    silent: bool = False
    """The requests that should be there are not."""


_UNKNOWN, _PRESSING, _SILENT = 1 << 6, 1 << 7, 1 << 8
_SHIFT = {Level.FIRE: 4, Level.WARN: 2, Level.DRIFT: 0}


def codes(burns: Burns, *, pressing: Mask | None = None, silent: Mask | None = None) -> Ints:
    """Every budget's reading as one small integer, so that a fleet shows at once what changed."""
    code = np.where(burns.known, 0, _UNKNOWN)
    for level, says in burns.says.items():
        code = code + (says.astype(np.int64) << _SHIFT[level])
    for mask, flag in ((pressing, _PRESSING), (silent, _SILENT)):
        if mask is not None:
            code = code + mask * flag
    return code


@lru_cache(maxsize=512)
def reading(code: int) -> Reading:
    """The reading behind one of the `codes`."""
    fire, warn, drift = (Signal(code >> _SHIFT[level] & 3) for level in _SHIFT)
    return Reading(
        fire=fire,
        warn=warn,
        drift=drift,
        unknown=bool(code & _UNKNOWN),
        pressing=bool(code & _PRESSING),
        silent=bool(code & _SILENT),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One budget's alert between two evaluations; moments are minutes."""

    phase: Phase = Phase.NONE
    level: Level = Level.NONE
    since: int = 0
    """When it came into this phase or level."""
    onset: int | None = None
    """When the episode began; None outside one."""
    notified: Level = Level.NONE
    """The loudest notice of the episode."""
    notices: int = 0
    """How many times the episode said that it fires."""
    taken_back: int = 0
    """How many of those were followed by word that it is over."""
    told_at: int = 0
    """When it last said so."""
    calm_since: int | None = None
    """When it stopped firing; None while it fires."""
    pending: bool = False
    """It fires again, and has not yet spent what another notice is worth."""

    def as_dict(self) -> dict[str, Any]:
        """Plain values for a record."""
        named = {"level": self.level.name, "notified": self.notified.name}
        return asdict(self) | named | {"phase": str(self.phase)}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "Alert":
        """The alert of such a record."""
        named: dict[str, Any] = {
            "phase": Phase(record["phase"]),
            "level": Level[record["level"]],
            "notified": Level[record["notified"]],
        }
        return cls(**{**record, **named})


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something to tell people; its key is the same however often it is worked out."""

    kind: Kind
    level: Level
    at: int
    onset: int
    number: int
    silent: bool = False

    @property
    def key(self) -> str:
        """Tells notices of one budget apart, across restarts and repeats."""
        return f"{self.onset}.{self.number}.{self.kind}"

    @property
    def pages(self) -> bool:
        """Whether it may wake somebody."""
        return self.level is Level.FIRE and self.kind is not Kind.RESOLVED


Step = tuple[Alert, tuple[Notice, ...]]
"""The alert afterwards, and what to tell."""

Spend = Callable[[int], float]
"""The share of the budget spent from a minute until now; asked only when an alert fires again."""


def advance(alert: Alert, found: Reading, now: int, spend: Spend) -> Step:
    """The alert after a reading at minute `now`, and what to tell; once more changes nothing."""
    if now < alert.since:
        return alert, ()
    level = _burning(alert, found)
    if level is Level.NONE:
        return _calm(alert, found, now)
    if alert.onset is None or _over(alert, now):
        return _begin(level, found, now)
    return _go_on(alert, level, found, now, spend)


def _burning(alert: Alert, found: Reading) -> Level:
    """The level that burns now, or burned when requests stopped coming."""
    held = alert.level if alert.phase is Phase.FIRING else Level.NONE
    if found.silent or found.fire is Signal.BURNING:
        return Level.FIRE
    if held is Level.FIRE and (found.unknown or found.fire is Signal.EMPTY):
        return Level.FIRE
    if found.pressing or found.warn is Signal.BURNING:
        return Level.WARN
    if held is Level.WARN and (found.unknown or found.warn is Signal.EMPTY):
        return Level.WARN
    return Level.NONE


def _over(alert: Alert, now: int) -> bool:
    """Whether the episode has ended by now."""
    return alert.calm_since is not None and now - alert.calm_since >= EPISODE


def _begin(level: Level, found: Reading, now: int) -> Step:
    alert = Alert(
        phase=Phase.FIRING,
        level=level,
        since=now,
        onset=now,
        notified=level,
        notices=1,
        told_at=now,
    )
    return alert, (_notice(alert, Kind.FIRED, found, now),)


def _go_on(alert: Alert, level: Level, found: Reading, now: int, spend: Spend) -> Step:
    again = alert.phase is not Phase.FIRING or level > alert.level
    after = alert
    if again or level is not alert.level:
        after = replace(
            alert,
            phase=Phase.FIRING,
            level=level,
            since=now,
            calm_since=None,
            pending=alert.pending or again,
        )
    if level > alert.notified:
        return _tell(after, Kind.ESCALATED, found, now)
    if after.pending and _worth_telling(after, found, now, spend):
        return _tell(after, Kind.AGAIN, found, now)
    return after, ()


def _worth_telling(alert: Alert, found: Reading, now: int, spend: Spend) -> bool:
    """Whether a burn that begins anew has cost enough; requests that do not come cost nothing."""
    if found.silent:
        return now - alert.told_at >= REPEAT_SILENCE
    return spend(alert.told_at) >= REPEAT_SPEND * 2**alert.notices


def _tell(alert: Alert, kind: Kind, found: Reading, now: int) -> Step:
    told = replace(
        alert,
        notified=max(alert.notified, alert.level),
        notices=alert.notices + 1,
        told_at=now,
        pending=False,
    )
    return told, (_notice(told, kind, found, now),)


def _calm(alert: Alert, found: Reading, now: int) -> Step:
    if alert.onset is None:
        return alert, ()
    if _over(alert, now):
        # The long window may still be over after hours: what was told must not stand for good.
        owed = alert.taken_back < alert.notices
        return Alert(since=now), (_notice(alert, Kind.RESOLVED, found, now),) if owed else ()
    phase = Phase.RECOVERING if _lingers(alert, found) else Phase.RESOLVED
    if phase is alert.phase:
        return alert, ()
    calm_since = now if alert.calm_since is None else alert.calm_since
    after = replace(alert, phase=phase, since=now, calm_since=calm_since, pending=False)
    if phase is Phase.RECOVERING or alert.taken_back == alert.notices:
        return after, ()
    return replace(after, taken_back=alert.notices), (_notice(after, Kind.RESOLVED, found, now),)


def _lingers(alert: Alert, found: Reading) -> bool:
    """Whether the long window is still over; resolved stays resolved until it burns again."""
    if alert.phase is Phase.RESOLVED:
        return False
    return found.unknown or found.fire is not Signal.NONE or found.warn is not Signal.NONE


def _notice(alert: Alert, kind: Kind, found: Reading, now: int) -> Notice:
    return Notice(
        kind=kind,
        level=alert.level,
        at=now,
        onset=alert.onset or now,
        number=alert.notices,
        silent=found.silent,
    )


def standing(alert: Alert, found: Reading) -> str:
    """The one word for a budget: none, drift, warn, fire, recovering or unknown."""
    if alert.phase is Phase.FIRING:
        return alert.level.name.lower()
    if found.unknown:
        return "unknown"
    if Signal.OVER in (found.fire, found.warn) or alert.phase is Phase.RECOVERING:
        return "recovering"
    return "drift" if found.drift is Signal.BURNING else "none"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fleet:
    """The alerts of many budgets, with what is needed to touch only those that may change."""

    alerts: Sequence[Alert]
    codes: Ints
    """The reading each alert last saw."""
    due: NDArray[np.int64]
    """When each must be looked at though its reading stays the same."""


_NEVER = np.iinfo(np.int64).max


def fleet(alerts: Sequence[Alert]) -> Fleet:
    """A fleet of these alerts, as of a start or a restart: the first step looks at every one."""
    size = len(alerts)
    return Fleet(alerts=alerts, codes=np.full(size, -1), due=np.zeros(size, np.int64))


def step(
    before: Fleet, found: Ints, now: int | Ints, spend: Callable[[int, int], float]
) -> tuple[Fleet, list[tuple[int, Notice]]]:
    """Advance every alert to minute `now`, or each to its own; `spend(index, since)` is a share."""
    nows = np.broadcast_to(now, found.shape)
    stirred = np.flatnonzero((found != before.codes) | (before.due <= nows))
    if not stirred.size:
        return before, []
    alerts, due, told = list(before.alerts), before.due.copy(), list[tuple[int, Notice]]()
    same: dict[tuple[int, int, int], Step] = {}  # a shared outage moves many equal alerts alike
    for index in stirred.tolist():
        key = id(alerts[index]), int(found[index]), int(nows[index])
        after = same.get(key)
        if after is None:
            after, own = _one(alerts[index], *key[1:], partial(spend, index))
            if not own:
                same[key] = after
        alerts[index], due[index] = after[0], _due(after[0])
        told += ((index, notice) for notice in after[1])
    return Fleet(alerts=alerts, codes=found, due=due), told


def _one(alert: Alert, code: int, now: int, spend: Spend) -> tuple[Step, bool]:
    """One alert's step, and whether it is its own: it depended on what its budget spent."""
    asked: list[int] = []

    def ask(since: int) -> float:
        asked.append(since)
        return spend(since)

    return advance(alert, reading(code), now, ask), bool(asked)


def _due(alert: Alert) -> int:
    if alert.pending:
        return 0
    return _NEVER if alert.calm_since is None else alert.calm_since + EPISODE
