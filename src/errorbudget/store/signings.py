"""Who signed which version of a document, in which role, and when?"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select

from errorbudget.store.database import Database
from errorbudget.store.schema import signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """A signature that was good when it was given."""

    digest: str
    """SHA-256 of the signed bytes, hex."""
    role: str
    principal: str
    key: str
    """The fingerprint of the key."""
    body: bytes
    """The signature as it was given."""
    given_at: datetime


class Signings:
    """Every signature ever given; none is forgotten."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, new: Signing) -> None:
        """Keep one. The first of a key on a version in a role stays."""
        of_it = select(signature.c.key).where(
            signature.c.digest == new.digest,
            signature.c.role == new.role,
            signature.c.key == new.key,
        )
        with self._database.writing() as connection:
            if connection.execute(of_it).first() is None:
                connection.execute(
                    insert(signature).values(
                        digest=new.digest,
                        role=new.role,
                        key=new.key,
                        principal=new.principal,
                        body=new.body,
                        given_at=new.given_at,
                    )
                )

    def of(self, digest: str) -> list[Signing]:
        """The signatures on a version, in the order in which they were given."""
        given = (
            select(signature)
            .where(signature.c.digest == digest)
            .order_by(signature.c.given_at, signature.c.role, signature.c.key)
        )
        with self._database.reading() as connection:
            return [
                Signing(
                    digest=row.digest,
                    role=row.role,
                    principal=row.principal,
                    key=row.key,
                    body=row.body,
                    given_at=row.given_at,
                )
                for row in connection.execute(given)
            ]
