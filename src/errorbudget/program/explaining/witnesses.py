"""Since when does it burn, what changed, and what do the logs say? Gathers what tells of a burn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from errorbudget.burn import correlation, log_patterns
from errorbudget.burn.correlation import Candidate, Coincidence, Series
from errorbudget.burn.log_patterns import Exposure, Pattern
from errorbudget.burn.onset import Onset
from errorbudget.burn.rules import DAY
from errorbudget.change import Change, Origin
from errorbudget.ledger.window import Span, minute_ceil, minute_floor, moment
from errorbudget.source import NotTold

if TYPE_CHECKING:
    from errorbudget.objective.indicator import Indicator
    from errorbudget.program.explaining.scene import Scene
    from errorbudget.source import Source
    from errorbudget.store.changes import Changes

CALM: Final = 180
"""Minutes before a burn that are compared with the moments of changes, or as many as it lasts."""
NEAR: Final = DAY
"""Minutes before the onset in which a change is looked at."""
SHOWN: Final = 12
"""Changes told of one burn."""
_SPLIT: Final = 60
"""Minutes before the onset from which versions are compared, or fewer where there is very much."""
_LONGEST_SPLIT: Final = DAY
_LEAST_SPLIT: Final = 15
_ENOUGH: Final = 1_000_000
"""Requests of a burn that are asked for their versions and ways, about, at most."""
_BEFORE: Final = 3
"""Times the length of the burn that logs are read before it; an hour at least, a day at most."""
_THROUGH: Final = 3
"""Services in the path of the burn whose versions are compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was found about one burn."""

    changes: tuple[Coincidence, ...]
    logs: tuple[Pattern, ...]
    limits: tuple[str, ...]


class Witnesses:
    """Asks the tallies, the recorded changes and the logs about a burn."""

    def __init__(self, source: Source, changes: Changes) -> None:
        self._source = source
        self._changes = changes

    def evidence(self, scene: Scene, of: Indicator) -> Evidence:
        """Everything they tell of the burn of a scene, of the requests that an indicator counts."""
        began, series = scene.onset, _series(scene)
        changes, unweighed = self._weighed(scene, of, began, series)
        logs, limits = self._patterns(scene, of, began)
        silent = ["When it began cannot be told."] if began is None else []
        return Evidence(
            changes=changes,
            logs=logs,
            limits=(*silent, *self._unfit(changes, began), *unweighed, *limits),
        )

    def _unfit(self, changes: Sequence[Coincidence], began: Onset | None) -> list[str]:
        said = correlation.none_fits(changes, began)
        if said is None:
            return []
        if not changes and not self._changes.list():
            said = "no change was ever told of: `errorbudget change record` has them weighed here"
        return [f"{said[0].upper()}{said[1:]}."]

    def _weighed(
        self, scene: Scene, of: Indicator, began: Onset | None, series: Series
    ) -> tuple[tuple[Coincidence, ...], list[str]]:
        first = minute_floor(began.earliest) if began else scene.span.start
        near = self._changes.list(
            since=moment(min(first, scene.span.start) - NEAR), until=moment(scene.span.end)
        )
        here = [one for one in near if one.is_in(scene.document.environment)]
        services = of.requests.services
        own = [one for one in here if one.service in services]
        others = [one for one in here if one.service not in services]
        candidates, limits = self._own(scene, of, began, own), list[str]()
        try:
            candidates += self._others(scene, of, began, others)
        except NotTold as untold:
            limits.append(str(untold))
        return tuple(correlation.correlate(candidates, began, series)[:SHOWN]), limits

    def _own(
        self, scene: Scene, of: Indicator, began: Onset | None, changes: Sequence[Change]
    ) -> list[Candidate]:
        if not changes:
            return []
        split = self._source.split(of, _compared(scene, began))
        named = split if (split.version != "").any() else None
        served = self._served(_burning(scene, began), of.requests.services, split)
        return [
            _candidate(one, split=named, served=None if served is None else one.version in served)
            for one in changes
        ]

    def _served(
        self, burn: Span, services: Sequence[str], split: correlation.Split
    ) -> set[str] | None:
        """The versions that served the burn; None where nobody knows them by the names of changes.

        Requests without a version could be any's.
        """
        here = (split.minute >= burn.start) & (split.minute < burn.end)
        served = set(split.version[here].tolist())
        told = (one for service in services for one in self._changes.list(service))
        known = {one.version for one in told if one.origin is not Origin.TRAFFIC}
        return served if "" not in served and served & known else None

    def _others(
        self, scene: Scene, of: Indicator, began: Onset | None, changes: Sequence[Change]
    ) -> list[Candidate]:
        """Changes to services that requests of the burn went through."""
        if not changes:
            return []
        burn = _first(scene, _burning(scene, began))
        valid, _ = scene.counts(burn)
        services = sorted({one.service for one in changes})
        ways = self._source.paths(of, burn, services, valid)
        compared = _compared(scene, began)
        met = sorted(ways, key=lambda service: (-ways[service].bad, service))
        splits = {
            service: self._source.split(of, compared, through=service) for service in met[:_THROUGH]
        }
        return [
            _candidate(one, way=ways[one.service], split=splits.get(one.service))
            for one in changes
            if one.service in ways
        ]

    def _patterns(
        self, scene: Scene, of: Indicator, began: Onset | None
    ) -> tuple[tuple[Pattern, ...], list[str]]:
        burn = _burning(scene, began)
        length = min(max(_BEFORE * len(burn), 60), DAY)
        before = Span(max(burn.start - length, 0), burn.start)
        try:
            found = self._source.logs(of, before, burn)
        except NotTold as untold:
            return (), [str(untold)]
        if not found.records:
            return (), ["There is no log record of its time."]
        told = log_patterns.patterns(found.batches, _exposure(scene, before, burn, found.stride))
        limits = list[str]()
        if found.stride > 1:
            limits.append(f"One log record in {found.stride:,} was read, of {found.records:,}.")
        return tuple(told), limits


def _candidate(
    change: Change,
    *,
    split: correlation.Split | None = None,
    way: correlation.Way | None = None,
    served: bool | None = None,
) -> Candidate:
    recorded = change.origin is not Origin.TRAFFIC
    return Candidate(change=change, split=split, way=way, served=served, recorded=recorded)


def _series(scene: Scene) -> Series:
    """The minutes of the burn and of a while before it."""
    start = max(scene.span.start - max(CALM, len(scene.span)), scene.before.start)
    minutes = np.arange(start, scene.span.end)
    rows = np.full(minutes.size, scene.row)
    valid, bad = scene.book.counts(rows, minutes, minutes + 1)
    return Series(start=start, valid=valid, bad=bad)


def _burning(scene: Scene, began: Onset | None) -> Span:
    """The minutes in which it burns, as far as known."""
    if began is None or began.silence:
        return scene.span
    first = max(minute_floor(began.earliest), scene.before.start)
    return Span(first, max(min(minute_ceil(began.until), scene.span.end), first + 1))


def _first(scene: Scene, burn: Span) -> Span:
    """As many of the first minutes of a burn as have enough requests to tell versions apart by."""
    valid, _ = scene.counts(burn)
    enough = max(len(burn) * _ENOUGH // max(valid, 1), _LEAST_SPLIT)
    return Span(burn.start, min(burn.end, burn.start + min(enough, _LONGEST_SPLIT)))


def _compared(scene: Scene, began: Onset | None) -> Span:
    whole = _burning(scene, began)
    burn = _first(scene, whole)
    before = min(_SPLIT, len(burn)) if len(burn) < min(len(whole), _LONGEST_SPLIT) else _SPLIT
    return Span(burn.start - before, burn.end)


def _exposure(scene: Scene, before: Span, burn: Span, stride: int) -> Exposure:
    """Requests tell how many log records to expect; without any, time does."""
    valid, bad = scene.counts(burn)
    earlier, _ = scene.counts(before)
    some = valid > 0 and earlier > 0
    return Exposure(
        before=earlier if some else len(before),
        burn=valid if some else len(burn),
        good=valid - bad,
        bad=bad,
        stride=stride,
    )
