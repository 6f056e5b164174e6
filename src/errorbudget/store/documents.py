"""Which version of an objective document binds since when, and for which services?"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final, Literal

from sqlalchemy import Connection, Row, Select, delete, func, insert, select

from errorbudget.errors import DocumentInvalid
from errorbudget.store.database import Database
from errorbudget.store.prepared import Prepared
from errorbudget.store.schema import claim, document, document_service, standing

State = Literal["binding", "unsigned"]
"""Whether a version is in force once applied, or waits for signatures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a document, its exact bytes, and its state since a moment."""

    name: str
    digest: str
    body: bytes
    state: State
    since: datetime


_EDITION: Final = Prepared(select(func.max(standing.c.id).label("edition")))


class Documents:
    """Every version ever applied. The last binding one stays in force until another binds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def apply(
        self,
        *,
        name: str,
        services: Iterable[str],
        body: bytes,
        state: State,
        file: str,
        now: datetime,
        beside: Callable[[Connection], None] | None = None,
    ) -> Version:
        """Store a version and its state; the same one again changes nothing.

        What `beside` writes of a change is there with it, or neither is, also where several
        processes apply the same at once.
        Raises DocumentInvalid, located in `file`, for a service that another document speaks for.
        """
        version = Version(
            name=name, digest=sha256(body).hexdigest(), body=body, state=state, since=now
        )
        with self._database.writing() as connection:
            _keep(connection, version, set(services))
            latest = _first(connection, _versions(name))
            if latest and (latest.digest, latest.state) == (version.digest, version.state):
                return latest
            if beside:
                beside(connection)
            connection.execute(
                insert(standing).values(name=name, digest=version.digest, state=state, since=now)
            )
            _settle_claims(connection, version, file)
        return version

    def refuse_taken(self, *, name: str, services: Iterable[str], body: bytes, file: str) -> None:
        """Raise what `apply` would for a service that another document speaks for."""
        with self._database.reading() as connection:
            _refuse_taken(connection, name, set(services), body, file)

    def in_force(self, name: str, *, at: datetime | None = None) -> Version | None:
        """The version that binds now, or bound at a moment; None where none ever did."""
        binding = _versions(name).where(standing.c.state == "binding")
        if at is not None:
            binding = binding.where(standing.c.since <= at)
        with self._database.reading() as connection:
            return _first(connection, binding)

    def newest(self, name: str) -> Version | None:
        """The version applied last, binding or not."""
        with self._database.reading() as connection:
            return _first(connection, _versions(name))

    def history(self, name: str) -> list[Version]:
        """Every state that a document went through, oldest first."""
        with self._database.reading() as connection:
            return [_version(row) for row in connection.execute(_versions(name))][::-1]

    def edition(self) -> int:
        """A number that is another one after any document's state changed."""
        with self._database.glancing() as connection:
            return _EDITION.first(connection).edition or 0

    def names(self) -> list[str]:
        """Every document's name, in order."""
        known = select(standing.c.name).distinct().order_by(standing.c.name)
        with self._database.reading() as connection:
            return list(connection.execute(known).scalars())

    def name_for(self, service: str) -> str | None:
        """The document that speaks for a service; None for a service nobody knows."""
        owner = select(claim.c.name).where(claim.c.service == service)
        with self._database.reading() as connection:
            return connection.execute(owner).scalar()

    def body(self, digest: str) -> bytes | None:
        """The exact bytes of a version, by their SHA-256."""
        with self._database.reading() as connection:
            return connection.execute(
                select(document.c.body).where(document.c.digest == digest)
            ).scalar()


def _versions(name: str) -> Select[str, str, str, datetime, bytes]:
    """The states of a document, newest first."""
    return (
        select(
            standing.c.name, standing.c.digest, standing.c.state, standing.c.since, document.c.body
        )
        .join(document, document.c.digest == standing.c.digest)
        .where(standing.c.name == name)
        .order_by(standing.c.id.desc())
    )


def _version(row: Row[str, str, str, datetime, bytes]) -> Version:
    return Version(
        name=row.name, digest=row.digest, body=row.body, state=row.state, since=row.since
    )


def _first(
    connection: Connection, versions: Select[str, str, str, datetime, bytes]
) -> Version | None:
    row = connection.execute(versions.limit(1)).first()
    return None if row is None else _version(row)


def _keep(connection: Connection, version: Version, services: set[str]) -> None:
    """Store the bytes and what they claim, once."""
    known = select(document.c.digest).where(document.c.digest == version.digest)
    if connection.execute(known).first():
        return
    connection.execute(
        insert(document).values(digest=version.digest, name=version.name, body=version.body)
    )
    rows = [{"digest": version.digest, "service": service} for service in sorted(services)]
    connection.execute(insert(document_service), rows)


def _settle_claims(connection: Connection, version: Version, file: str) -> None:
    """A document speaks for the services of its version in force and of its newest one."""
    binding = _first(connection, _versions(version.name).where(standing.c.state == "binding"))
    digests = {version.digest, binding.digest if binding else version.digest}
    wanted = set(
        connection.execute(
            select(document_service.c.service).where(document_service.c.digest.in_(digests))
        ).scalars()
    )
    _refuse_taken(connection, version.name, wanted, version.body, file)
    connection.execute(delete(claim).where(claim.c.name == version.name))
    rows = [{"service": service, "name": version.name} for service in sorted(wanted)]
    connection.execute(insert(claim), rows)


def _refuse_taken(
    connection: Connection, name: str, wanted: set[str], body: bytes, file: str
) -> None:
    taken = connection.execute(
        select(claim).where(claim.c.service.in_(wanted), claim.c.name != name)
    ).all()
    if taken:
        field = re.search(rb"^(services?)[ \t]*:", body, re.MULTILINE)
        line = body.count(b"\n", 0, field.start()) + 1 if field else 1
        place = f"{file}:{line}: {field[1].decode() if field else 'name'}"
        raise DocumentInvalid(
            *(
                f"{place}: {row.service} already belongs to the document {row.name};"
                f" remove it there first, or name this document {row.name} too"
                for row in taken
            )
        )
