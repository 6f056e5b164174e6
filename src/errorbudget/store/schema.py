"""Which tables hold the program's own records? Plain types only: SQLite and PostgreSQL alike."""

from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
)

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Moment(TypeDecorator[datetime]):
    """A moment as whole microseconds since 1970 in UTC: one number on every engine."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Microseconds since 1970."""
        return None if value is None else (value - EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """The moment, in UTC."""
        return None if value is None else EPOCH + timedelta(microseconds=value)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

document = Table(
    "document",
    metadata,
    Column("digest", String(64), primary_key=True, comment="SHA-256 of the bytes, hex"),
    Column("name", String, nullable=False),
    Column("body", LargeBinary, nullable=False, comment="the exact bytes that were applied"),
)

document_service = Table(
    "document_service",
    metadata,
    Column("digest", ForeignKey(document.c.digest), primary_key=True),
    Column("service", String, primary_key=True),
)

standing = Table(
    "standing",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False),
    Column("digest", ForeignKey(document.c.digest), nullable=False),
    Column("state", String(16), nullable=False, comment="binding or unsigned"),
    Column("since", Moment, nullable=False),
    Index(None, "name"),
)

signature = Table(
    "signature",
    metadata,
    Column("digest", String(64), primary_key=True, comment="of the signed bytes"),
    Column("role", String, primary_key=True),
    Column("key", String, primary_key=True, comment="its fingerprint"),
    Column("principal", String, nullable=False),
    Column("body", LargeBinary, nullable=False, comment="the signature as it was given"),
    Column("given_at", Moment, nullable=False),
)

claim = Table(
    "claim",
    metadata,
    Column("service", String, primary_key=True),
    Column("name", String, nullable=False, comment="the one document that speaks for it"),
)

tally_day = Table(
    "tally_day",
    metadata,
    Column("series", String(64), primary_key=True),
    Column("day", Integer, primary_key=True, comment="whole days since 1970-01-01"),
    Column("minutes", LargeBinary, nullable=False, comment="as ledger.tally packs a day"),
)

counted = Table(
    "counted",
    metadata,
    Column("series", String(64), primary_key=True),
    Column("batch", BigInteger, nullable=False, comment="the newest batch in the tallies"),
    Column(
        "from_minute",
        BigInteger,
        nullable=False,
        server_default="0",
        comment="what came before was no longer kept when it was to be counted",
    ),
)

change = Table(
    "change",
    metadata,
    Column("id", String, primary_key=True),
    Column("service", String, primary_key=True),
    Column("environment", String, primary_key=True),
    Column("version", String, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment, nullable=True),
    Column("origin", String(16), nullable=False, server_default="told", comment="told or traffic"),
    Index(None, "started_at"),
)

appearance = Table(
    "appearance",
    metadata,
    Column("service", String, primary_key=True),
    Column("environment", String, primary_key=True),
    Column("version", String, primary_key=True),
    Column("first_at", Moment, nullable=False, comment="of its first request"),
    Column("batch", BigInteger, nullable=False, comment="the newest batch looked at then"),
)

entry = Table(
    "entry",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False, comment="the exact bytes that were hashed"),
    Column("leaf", LargeBinary, nullable=False),
    Column("checkpoint", LargeBinary, nullable=False, comment="the signed note after this entry"),
)

head = Table(
    "head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", Integer, nullable=False),
    Column("peaks", LargeBinary, nullable=False),
)

letter = Table(
    "letter",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("message", String(64), nullable=False, comment="the message's id"),
    Column("address", String, nullable=False),
    Column("thread", String, nullable=False, comment="letters of one arrive in order"),
    Column("body", LargeBinary, nullable=False, comment="as notify.message writes it"),
    Column("state", String(16), nullable=False, comment="waiting, standing, sent or dead"),
    Column("attempts", Integer, nullable=False),
    Column("problem", String, nullable=False),
    Column("put_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("sent_at", Moment, nullable=True),
    Index(None, "message", "address", unique=True),
    Index(None, "address", "state"),
)

alert = Table(
    "alert",
    metadata,
    Column("name", String, primary_key=True, comment="the document's"),
    Column("objective", String, primary_key=True, comment="empty: of the document, or the watch"),
    Column("body", LargeBinary, nullable=False, comment="as program.watching writes it"),
)

notice = Table(
    "notice",
    metadata,
    Column("id", String(64), primary_key=True, comment="of the message that told it"),
    Column("name", String, nullable=False),
    Column("objective", String, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("level", String(16), nullable=False),
    Column("at", Moment, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("body", LargeBinary, nullable=False, comment="as notify.message writes it"),
    Index(None, "at"),
)

token = Table(
    "token",
    metadata,
    Column("id", String(16), primary_key=True, comment="the part of a token that is no secret"),
    Column("name", String, nullable=False),
    Column("digest", String(64), nullable=False, comment="SHA-256 of the secret, hex"),
    Column("scopes", String, nullable=False, comment="a JSON list"),
    Column("services", String, nullable=False, comment="a JSON list; empty is all"),
    Column("environments", String, nullable=False, comment="a JSON list; empty is all"),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=True),
    Column("revoked_at", Moment, nullable=True),
)

decided = Table(
    "decided",
    metadata,
    Column("service", String, primary_key=True),
    Column("environment", String, primary_key=True),
    Column("change", String, primary_key=True),
    Column("same", String(64), nullable=False, comment="asked again with the same: one decision"),
    Column("digest", String(64), nullable=False, comment="of the change itself"),
    Column("entry", Integer, nullable=False),
    Column("checkpoint", String, nullable=False),
    Column("body", LargeBinary, nullable=False, comment="the entry's body, as JSON"),
    Column("askings", Integer, nullable=False),
    Column("decided_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=True),
)

shipped = Table(
    "shipped",
    metadata,
    Column("service", String, primary_key=True),
    Column("environment", String, primary_key=True),
    Column("change", String, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("revision", String, nullable=False, comment="the commit, where it was told"),
    Column("entry", Integer, nullable=False, comment="the decision that permitted it"),
    Column("at", Moment, nullable=False),
)

statement = Table(
    "statement",
    metadata,
    Column("id", String(64), primary_key=True, comment="SHA-256 of the body, hex"),
    Column("service", String, nullable=False),
    Column("environment", String, nullable=False),
    Column("digest", String(64), nullable=False, comment="of the change it is about"),
    Column("body", LargeBinary, nullable=False, comment="the exact bytes that were signed"),
    Column("by", String, nullable=False),
    Column("key", String, nullable=False, server_default="", comment="its fingerprint"),
    Index(None, "digest"),
)

asker = Table(
    "asker",
    metadata,
    Column("digest", String(64), primary_key=True, comment="of the change that was asked about"),
    Column("person", String, primary_key=True),
)

reached = Table(
    "reached",
    metadata,
    Column("policy", String(64), primary_key=True, comment="digest of the document"),
    Column("objective", String, primary_key=True),
    Column("place", Integer, nullable=False, comment="of the band; 0 is the highest"),
    Column("at", Moment, nullable=False),
)

template = Table(
    "template",
    metadata,
    Column("service", String, primary_key=True),
    Column("environment", String, primary_key=True),
    Column("digest", String(64), primary_key=True, comment="SHA-256 of the pods' template, hex"),
    Column("since", Moment, nullable=True, comment="when it was let in, where that was asked"),
    Column("until", Moment, nullable=True, comment="when another one took its place"),
)

incident = Table(
    "incident",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("service", String, nullable=False),
    Column("environment", String, nullable=False),
    Column("title", String, nullable=False),
    Column("origin", String(16), nullable=False, comment="person or alert"),
    Column("declared_by", String, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment, nullable=True),
    Column("ended_by", String, nullable=True),
    Column("acknowledged_at", Moment, nullable=True),
    Column("acknowledged_by", String, nullable=True),
    Index(None, "service"),
)

happening = Table(
    "happening",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("incident", ForeignKey(incident.c.id), nullable=False),
    Column("at", Moment, nullable=False),
    Column("what", String(16), nullable=False),
    Column("by", String, nullable=False, comment="a person, or alert"),
    Column("text", String, nullable=False),
    Column("objective", String, nullable=False, comment="whose alert spoke; empty: none"),
    Column("notice", String(64), nullable=False, comment="which notice told of it; empty: none"),
    Index(None, "incident"),
)

review = Table(
    "review",
    metadata,
    Column("name", String, primary_key=True, comment="the document's"),
    Column("quarter", String(6), primary_key=True, comment="as in 2026Q3"),
    Column("made_at", Moment, nullable=False),
    Column("digest", String(64), nullable=False, comment="SHA-256 of the body, hex"),
    Column("body", LargeBinary, nullable=False, comment="one document's part, as JSON"),
)

postmortem = Table(
    "postmortem",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False, comment="the document's"),
    Column("environment", String, nullable=False),
    Column("objective", String, nullable=False, comment="the one it is told by"),
    Column("incident", Integer, nullable=True),
    Column("start", BigInteger, nullable=False, comment="minutes since 1970"),
    Column("end", BigInteger, nullable=False),
    Column("state", String(16), nullable=False, comment="burning, draft or published"),
    Column("version", Integer, nullable=False),
    Column("told", LargeBinary, nullable=False, comment="what its data says, as JSON"),
    Column("counts", String(64), nullable=False, comment="SHA-256 of the counts it rests on, hex"),
    Column("drafted_at", Moment, nullable=False),
    Column("refreshed_at", Moment, nullable=False),
    Column("published_at", Moment, nullable=True),
    Index(None, "name"),
)

wording = Table(
    "wording",
    metadata,
    Column("postmortem", ForeignKey(postmortem.c.id), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("text", LargeBinary, nullable=False, comment="Markdown, every version that ever was"),
    Column("by", String, nullable=False),
    Column("at", Moment, nullable=False),
)
