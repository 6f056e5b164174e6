"""Where counted days are kept: in the home, or, for questions that leave no trace, in memory."""

import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

from errorbudget.store.tallies import Extent


class Days(Protocol):
    """Where packed days of tallies are kept, and up to which batch each series was counted."""

    @property
    def counting(self) -> AbstractContextManager[Any]:
        """Held from reading what was counted to storing what is counted now."""
        ...

    def alone(self, series: str) -> AbstractContextManager[None]:
        """Held meanwhile by one of the processes that count this series and share the store."""
        ...

    def load_days(self, series: str, from_day: int) -> dict[int, bytes]:
        """The days of a series from one on, oldest first."""
        ...

    def counted(self, series: str) -> Extent | None:
        """How far a series was counted; None if never."""
        ...

    def replace_days(self, series: str, days: Mapping[int, bytes], *, extent: Extent) -> None:
        """Put these days in the place of those kept, and note how far."""
        ...


class HeldDays:
    """Days of tallies in memory, for questions that shall leave no trace: 3 KB a day or so."""

    def __init__(self) -> None:
        self.counting = threading.Lock()
        self._days: dict[str, dict[int, bytes]] = {}
        self._counted: dict[str, Extent] = {}

    def alone(self, series: str) -> AbstractContextManager[None]:
        """Nobody else knows of these."""
        del series
        return nullcontext()

    def load_days(self, series: str, from_day: int) -> dict[int, bytes]:
        """The days of a series from one on, oldest first."""
        days = self._days.get(series, {})
        return {day: days[day] for day in sorted(days) if day >= from_day}

    def counted(self, series: str) -> Extent | None:
        """How far a series was counted; None if never."""
        return self._counted.get(series)

    def replace_days(self, series: str, days: Mapping[int, bytes], *, extent: Extent) -> None:
        """Put these days in the place of those kept, and note how far."""
        self._days.setdefault(series, {}).update(days)
        self._counted[series] = extent
