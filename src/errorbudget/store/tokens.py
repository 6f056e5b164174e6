"""Which programs may call the server, and to do what? Their secrets are kept as hashes only.

A secret has 256 random bits, so a plain SHA-256 of it is as good as a slow hash of a password.
"""

import json
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from typing import Any, Final

from sqlalchemy import Row, insert, select, update

from errorbudget.store.database import Database
from errorbudget.store.schema import token as table

PREFIX: Final = "eb"
"""By which scanners for leaked secrets know our tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a token may do; not the token itself."""

    id: str
    name: str
    digest: str
    scopes: frozenset[str]
    services: frozenset[str]
    environments: frozenset[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def is_valid(self, now: datetime) -> bool:
        """Whether it was neither revoked nor has expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def fits(self, secret: str) -> bool:
        """Whether this is its secret."""
        return compare_digest(_digest(secret), self.digest)


class Tokens:
    """Every token ever made; those revoked stay, to be seen."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def make(
        self,
        name: str,
        scopes: Iterable[str],
        *,
        services: Iterable[str] = (),
        environments: Iterable[str] = (),
        expires_at: datetime | None = None,
        now: datetime,
    ) -> tuple[Token, str]:
        """A new token, and its text, which nobody can read again."""
        id_, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        made = Token(
            id=id_,
            name=name,
            digest=_digest(secret),
            scopes=frozenset(scopes),
            services=frozenset(services),
            environments=frozenset(environments),
            created_at=now,
            expires_at=expires_at,
            revoked_at=None,
        )
        with self._database.writing() as connection:
            connection.execute(insert(table).values(**_row(made)))
        return made, f"{PREFIX}_{id_}_{secret}"

    def all(self) -> list[Token]:
        """Every token, oldest first."""
        wanted = select(table).order_by(table.c.created_at, table.c.id)
        with self._database.reading() as connection:
            return [_token(row) for row in connection.execute(wanted)]

    def revoke(self, id_: str, now: datetime) -> bool:
        """Let a token open nothing any more; whether there was such a valid one."""
        wanted = update(table).where(table.c.id == id_, table.c.revoked_at.is_(None))
        with self._database.writing() as connection:
            return connection.execute(wanted.values(revoked_at=now)).rowcount > 0


def parts(text: str) -> tuple[str, str]:
    """The id and the secret in a token's text; empty where it is none."""
    prefix, _, rest = text.partition("_")
    id_, _, secret = rest.partition("_")
    return (id_, secret) if prefix == PREFIX else ("", "")


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


_LISTS: Final = ("scopes", "services", "environments")


def _row(token: Token) -> dict[str, Any]:
    return asdict(token) | {name: json.dumps(sorted(getattr(token, name))) for name in _LISTS}


def _token(row: Row[Any]) -> Token:
    return Token(
        id=row.id,
        name=row.name,
        digest=row.digest,
        scopes=frozenset(json.loads(row.scopes)),
        services=frozenset(json.loads(row.services)),
        environments=frozenset(json.loads(row.environments)),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
