"""Fetches counters piece by piece, as much at once as the server gives, and what they stood at."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from errorbudget.source import NotTold, SourceFailed
from errorbudget.source.minutes import Range
from errorbudget.source.prometheus.api import Api, TooMuch
from errorbudget.source.prometheus.queries import Counter, bounded
from errorbudget.source.prometheus.samples import TARGET, Increases, Series, increases

Key = tuple[str, ...]

BEFORE: Final = 5
"""Minutes before those that are counted, in which a counter's last scrape is looked for."""
_LONG_BEFORE: Final = "1d"
"""How far back it is looked for where a target was away."""
_ENOUGH: Final = 200_000
"""Samples of one answer, about: a larger one is followed by shorter questions."""


class Fetching:
    """What counters told, by minutes; learns how much to ask for at once."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._turn = threading.Lock()
        self._minutes: dict[str, int] = {}

    def told(self, counters: Sequence[Counter], span: Range) -> list[list[Increases]]:
        """Of each counter, what its series told in a range of minutes, last one included.

        They are seen together, because what one of a target's series lacks another shows.
        """
        first, last = span
        found: list[list[Increases]] = [[] for _ in counters]
        at = first
        while at <= last:
            end = min(at + self._at_once(counters) - 1, last)
            try:
                pieces = self._piece(counters, at, end)
            except TooMuch:
                self._shorten(counters, end - at + 1)
                continue
            for place, piece in enumerate(pieces):
                found[place] += piece
            at = end + 1
        return found

    def _piece(self, counters: Sequence[Counter], first: int, last: int) -> list[list[Increases]]:
        start, end = (first - BEFORE) * 60, (last + 1) * 60
        fetched = [self._api.samples(one.selector, start, end, one.upper) for one in counters]
        appeared = _appeared(fetched, first)
        fetched = [
            self._known(one, series, appeared, start)
            for one, series in zip(counters, fetched, strict=True)
        ]
        self._learn(counters, sum(len(s.times) for f in fetched for s in f), last - first + 1)
        self._refuse_missing_bounds(counters, fetched, end)
        together = increases(series for series_of in fetched for series in series_of)
        pieces = list[list[Increases]]()
        for series_of in fetched:
            own, together = together[: len(series_of)], together[len(series_of) :]
            pieces.append([_cut(one, first, last) for one in own])
        return pieces

    def _known(
        self, counter: Counter, series: Sequence[Series], appeared: Collection[Key], start: int
    ) -> Sequence[Series]:
        """The series, each of targets that appeared with where it stood long before."""
        if counter.upper is not None or not any(_target(one) in appeared for one in series):
            return series
        query = f"last_over_time({counter.selector}[{_LONG_BEFORE}])"
        stood = {_key(labels): value for labels, _, value in self._api.values(query, start)}
        return [
            _since(one, start, stood.get(_key(one.labels))) if _target(one) in appeared else one
            for one in series
        ]

    def _refuse_missing_bounds(
        self, counters: Sequence[Counter], fetched: Sequence[Sequence[Series]], end: int
    ) -> None:
        """Raise NotTold where a selector names a bound that no bucket of its histogram has."""
        if not any(fetched):
            return
        for counter, series in zip(counters, fetched, strict=True):
            asked = None if series else bounded(counter.selector)
            if asked is None:
                continue
            found = self._api.values(f"group by (le) ({asked[1]})", end)
            bounds = sorted((labels.get("le", "") for labels, _, _ in found), key=_as_number)
            if bounds and asked[0] not in bounds:
                raise NotTold(
                    f"{counter.selector}: no bucket ends at {asked[0]};"
                    f" they end at {', '.join(bounds)}"
                )

    def _at_once(self, counters: Sequence[Counter]) -> int:
        return self._minutes.get(counters[0].selector, 60)

    def _learn(self, counters: Sequence[Counter], samples: int, minutes: int) -> None:
        by_minute = max(samples // (minutes + BEFORE), 1)
        with self._turn:
            self._minutes[counters[0].selector] = max(1, min(_ENOUGH // by_minute, 1440))

    def _shorten(self, counters: Sequence[Counter], minutes: int) -> None:
        if minutes <= 1:
            raise SourceFailed(
                f"{counters[0].selector}: the server does not give even a minute of it at once",
                "Select fewer series, or raise its limits (--query.max-samples).",
            )
        with self._turn:
            self._minutes[counters[0].selector] = minutes // 2


def _appeared(fetched: Iterable[Sequence[Series]], first: int) -> set[Key]:
    """Targets without any sample before the minutes that are counted: new, or away for long."""
    earliest: dict[Key, int] = {}
    for one in (one for series in fetched for one in series):
        key, at = _target(one), int(one.times[0])
        earliest[key] = min(at, earliest.get(key, at))
    return {key for key, at in earliest.items() if at > first * 60_000}


def _target(one: Series) -> Key:
    return tuple(one.labels.get(name, "") for name in TARGET)


def _key(labels: Mapping[str, str]) -> Key:
    return tuple(f"{name}={labels[name]}" for name in sorted(labels) if name != "__name__")


def _since(one: Series, start: int, stood: float | None) -> Series:
    if stood is None:
        return one
    return Series(
        labels=one.labels,
        times=np.concatenate([[start * 1000], one.times]),
        values=np.concatenate([[stood], one.values]),
    )


def _cut(one: Increases, first: int, last: int) -> Increases:
    inside = (one.minutes >= first) & (one.minutes <= last)
    return Increases(labels=one.labels, minutes=one.minutes[inside], requests=one.requests[inside])


def _as_number(bound: str) -> float:
    try:
        return float(bound)
    except ValueError:
        return float("inf")
