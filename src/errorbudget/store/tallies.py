"""What has been counted already, by series and day, and up to which batch?"""

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, insert, select

from errorbudget.store.database import Database
from errorbudget.store.schema import counted, tally_day


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How far a series was counted."""

    batch: int
    """The newest batch that its tallies include."""
    from_minute: int = 0
    """What came before could not be counted; 0 where all could."""


class TallyDays:
    """Packed days of tallies; what a day's bytes mean is `errorbudget.ledger.tally`'s business."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.counting = threading.Lock()
        """Held from reading what was counted to storing what is counted now."""

    def alone(self, series: str) -> AbstractContextManager[None]:
        """Held meanwhile by one of the processes that count this series and share the store."""
        if self._database.is_file:
            return nullcontext()
        from errorbudget.store.postgresql import COUNTING, Lock

        return Lock(self._database.engine, COUNTING).awaited(series)

    def load_days(self, series: str, from_day: int) -> dict[int, bytes]:
        """The stored days of a series from `from_day` (days since 1970) on, oldest first."""
        days = (
            select(tally_day.c.day, tally_day.c.minutes)
            .where(tally_day.c.series == series, tally_day.c.day >= from_day)
            .order_by(tally_day.c.day)
        )
        with self._database.reading() as connection:
            return {row.day: row.minutes for row in connection.execute(days)}

    def counted(self, series: str) -> Extent | None:
        """How far the stored tallies of a series reach; None if never counted."""
        extent = select(counted.c.batch, counted.c.from_minute).where(counted.c.series == series)
        with self._database.reading() as connection:
            row = connection.execute(extent).first()
        return Extent(batch=row.batch, from_minute=row.from_minute) if row else None

    def replace_days(
        self,
        series: str,
        days: Mapping[int, bytes],
        *,
        extent: Extent,
        beside: Callable[[Connection], None] | None = None,
    ) -> None:
        """Put these days in the place of those stored, and note how far, all or nothing.

        What `beside` writes belongs to the all.
        """
        these = delete(tally_day).where(
            tally_day.c.series == series, tally_day.c.day == bindparam("day_")
        )
        rows = [{"series": series, "day": day, "minutes": packed} for day, packed in days.items()]
        with self._database.writing() as connection:
            if rows:
                connection.execute(these, [{"day_": day} for day in days])
                connection.execute(insert(tally_day), rows)
            connection.execute(delete(counted).where(counted.c.series == series))
            connection.execute(
                insert(counted).values(
                    series=series, batch=extent.batch, from_minute=extent.from_minute
                )
            )
            if beside:
                beside(connection)
