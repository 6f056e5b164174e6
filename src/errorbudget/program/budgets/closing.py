"""The home's tallies, where nothing changes a closed window without an entry of the trail."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from errorbudget import clock
from errorbudget.ledger.restatement import restatements
from errorbudget.ledger.tally import counts_of
from errorbudget.ledger.window import Calendar, minute_floor, moment
from errorbudget.objective import document as promised
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.program.objectives.objectives import indicators
from errorbudget.store.home import Home
from errorbudget.store.tallies import Extent


class ClosingDays:
    """Days of tallies as the home keeps them; late rows that restate a closed window are told."""

    def __init__(self, home: Home, documents: Sequence[ObjectiveDocument]) -> None:
        self._days = home.tallies
        self._trail = home.trail
        self._windows = _windows(documents)

    @property
    def counting(self) -> AbstractContextManager[Any]:
        """Held from reading what was counted to storing what is counted now."""
        return self._days.counting

    def alone(self, series: str) -> AbstractContextManager[None]:
        """Held meanwhile by one of the processes that count this series and share the store."""
        return self._days.alone(series)

    def load_days(self, series: str, from_day: int) -> dict[int, bytes]:
        """The days of a series from one on, oldest first."""
        return self._days.load_days(series, from_day)

    def counted(self, series: str) -> Extent | None:
        """How far a series was counted; None if never."""
        return self._days.counted(series)

    def replace_days(self, series: str, days: Mapping[int, bytes], *, extent: Extent) -> None:
        """Put these days in the place of those kept, with an entry for each window it restates."""
        now = clock.now()
        # What was never counted before is told for the first time, and restates nothing.
        bodies = self._restated(series, days, now) if days and self.counted(series) else []

        def told(connection: Connection) -> None:
            for body in bodies:
                self._trail.append_with(connection, "restatement", body, now)

        self._days.replace_days(series, days, extent=extent, beside=told)

    def _restated(
        self, series: str, days: Mapping[int, bytes], now: datetime
    ) -> list[dict[str, Any]]:
        promises = self._windows.get(series, [])
        if not promises:
            return []
        held = self._days.load_days(series, min(days))
        both = {day: (counts_of(held.get(day)), counts_of(packed)) for day, packed in days.items()}
        return [
            {
                "name": name,
                "objective": objective,
                "window": [clock.text(moment(edge)) for edge in (one.window.start, one.window.end)],
                "from": clock.text(moment(one.changed.start)),
                "to": clock.text(moment(one.changed.end)),
                "valid": one.valid,
                "bad": one.bad,
            }
            for name, objective, window in promises
            for one in restatements(window, both, minute_floor(now))
        ]


Promised = tuple[str, str, Calendar]
"""A document, one of its objectives, and the calendar window of that."""


def _windows(documents: Sequence[ObjectiveDocument]) -> Mapping[str, list[Promised]]:
    """By series, what is promised of it for windows that end."""
    found = dict[str, list[Promised]]()
    for document in documents:
        for objective, indicator in indicators(document).items():
            window = document.objectives[objective].window
            if isinstance(window, promised.Calendar):
                calendar = Calendar(window.unit, window.timezone)
                found.setdefault(indicator.series, []).append((document.name, objective, calendar))
    return found
