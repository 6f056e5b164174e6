"""What is usual of each row of a book: learnt once a day, when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from errorbudget.ledger.forecast import Outlook, outlook
from errorbudget.ledger.least import Least, least
from errorbudget.ledger.lulls import Lulls
from errorbudget.ledger.tally import DAY
from errorbudget.ledger.window import minute_ceil

if TYPE_CHECKING:
    from datetime import datetime

    from errorbudget.ledger.fleet import Fleet, Lives
    from errorbudget.ledger.sums import Sums
    from errorbudget.ledger.tally import Counts


class Held(Protocol):
    """What habits are learnt from."""

    fleet: Fleet

    @property
    def sums(self) -> Sums:
        """Counts of every row."""
        ...

    @property
    def lives(self) -> Lives:
        """Since when each row could be seen."""
        ...

    def minutes(self, row: int, first_day: int, days: int) -> tuple[Counts, Counts]:
        """Valid and bad of each minute of whole days."""
        ...


class Habits:
    """Learns from what a book holds; each answer is of the whole day of the moment asked about."""

    def __init__(self, held: Held) -> None:
        self._held = held
        self._outlook: Outlook | None = None
        self._fewest: Least | None = None
        self._lulls: Lulls | None = None

    def outlook(self, at: datetime) -> Outlook:
        """What each row's week is expected to be."""
        held, today = self._held, minute_ceil(at) // DAY
        if self._outlook is None or self._outlook.day != today:
            self._outlook = outlook(held.sums, held.fleet.rows, held.lives.first_request, today)
        return self._outlook

    def fewest(self, at: datetime) -> Least:
        """How few requests each row had at other times like these."""
        held, today = self._held, minute_ceil(at) // DAY
        if self._fewest is None or self._fewest.day != today:
            self._fewest = least(held.sums, held.fleet.rows, held.lives.first_request, today)
        return self._fewest

    def lulls(self, at: datetime) -> Lulls:
        """For how long each row's requests stayed away at other times like these."""
        fewest = self.fewest(at)
        if self._lulls is None or self._lulls.day != fewest.day:
            self._lulls = Lulls(fewest.day, fewest.days, self._held.minutes)
        return self._lulls
