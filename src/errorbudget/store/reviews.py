"""Reviews as they were told when their quarter had closed, kept word by word."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from errorbudget.store.database import Database
from errorbudget.store.schema import review as table


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One document's part of a review."""

    name: str
    """The document's."""
    quarter: str
    made_at: datetime
    digest: str
    """SHA-256 of the body, hex."""
    body: bytes
    """As the program writes it, in JSON."""


class Reviews:
    """What was told of each quarter first; what is known since stands elsewhere."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def one(self, name: str, quarter: str) -> Kept | None:
        """What was told of a document's quarter; None where nothing was."""
        wanted = select(table).where(table.c.name == name, table.c.quarter == quarter)
        with self._database.reading() as connection:
            row = connection.execute(wanted).first()
        return None if row is None else Kept(**row._mapping)  # pyright: ignore[reportPrivateUsage]

    def keep(self, connection: Connection, new: Kept) -> bool:
        """Keep it as part of the caller's writing transaction; whether none was there before."""
        known = select(table.c.digest).where(
            table.c.name == new.name, table.c.quarter == new.quarter
        )
        if connection.execute(known).first():
            return False
        connection.execute(insert(table).values(**asdict(new)))
        return True
