"""How is PostgreSQL reached, and how do processes that share it take turns?

Writers take one lock for a transaction, as SQLite's do: what a writer read still holds when it
writes, and the audit trail has one end. Locks of sessions say who else works on the records; the
server lets go of them when a process or its machine dies.
"""

import logging
import ssl
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.dialects import registry
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    DisconnectionError,
    NoSuchModuleError,
    SQLAlchemyError,
)

from errorbudget.errors import Failure

LOG = logging.getLogger(__name__)

registry.register("postgresql.brief", "errorbudget.store.brief", "Dialect")

EXAMPLE: Final = "postgresql://USER:PASSWORD@HOST/DATABASE"

# The first number of every lock: which kind it is. The second is the schema, or what is meant.
WRITING: Final = 1162955334
HOLDING: Final = WRITING + 1
LEADING: Final = WRITING + 2
COUNTING: Final = WRITING + 3

IDLE: Final = 1.0
"""Seconds after which a session is asked before it is used again."""
_HERE: Final = ("", "localhost", "127.0.0.1", "::1")

_ENDING: Final = ("57P01", "57P02", "57P03")
"""What a server says that stops, or only starts."""
# The second number of a lock: the schema, so that programs may share a database.
_PLACE: Final = "hashtext(current_schema())"
# What is told is on disk: a role or a database that says otherwise is overruled.
_WRITE: Final = (
    "begin isolation level read committed read write;"
    f" select pg_advisory_xact_lock({WRITING}, {_PLACE}), set_config('synchronous_commit',"
    " coalesce(nullif(current_setting('synchronous_commit'), 'off'), 'on'), true)"
)
_READ: Final = "begin isolation level repeatable read read only"
_TAKE: Final = {
    False: text(f"select pg_try_advisory_lock(:kind, {_PLACE}), pg_backend_pid()"),
    True: text(f"select pg_try_advisory_lock_shared(:kind, {_PLACE}), pg_backend_pid()"),
}
_WAIT: Final = text("select pg_advisory_lock(:kind, hashtext(current_schema() || :what))")
_LET_GO: Final = text("select pg_advisory_unlock(:kind, hashtext(current_schema() || :what))")
_HELD_BY: Final = text(
    "select 1 from pg_locks where locktype = 'advisory' and granted and pid = :session"
    " and classid = :kind and objid = hashtext(current_schema())::bigint & 4294967295"
    " and database = (select oid from pg_database where datname = current_database())"
)
_NOTICE: Final = (
    "select set_config('tcp_keepalives_idle', '2', false),"
    " set_config('tcp_keepalives_interval', '1', false),"
    " set_config('tcp_keepalives_count', '3', false),"
    " set_config('tcp_user_timeout', '5000', false)"
)
"""The server notices within 5 s that a machine is gone, and lets go of all that it held."""


def connected(url: str) -> Engine:
    """An engine for `postgresql://…`, with the transactions that the records need.

    Raises Failure for a URL that is none, and where the driver is not installed.
    """
    engine = _engine(url)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    event.listen(engine, "checkout", partial(_answers, engine))
    return engine


def named(engine: Engine) -> str:
    """The database as a person may read it: without a password."""
    return engine.url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)


def unreachable(engine: Engine, cause: SQLAlchemyError) -> Failure:
    """What to say where a database does not answer, or not this program."""
    return Failure(
        f"{named(engine)}: cannot be used as a store: {told(cause)}",
        f"ERRORBUDGET_STORE names it, as {EXAMPLE}; the user owns a schema of that database.",
    )


class Lock:
    """A lock that a session holds for as long as it lives; for one thread at a time."""

    def __init__(self, engine: Engine, kind: int) -> None:
        self._engine = engine.execution_options(session=True)
        self.kind = kind
        self._gone: type[Exception] = engine.dialect.loaded_dbapi.Error
        self._held: Connection | None = None
        self._raw: Any = None
        self.session = 0
        """The server's number of the session that holds it; 0 where none does."""

    def take(self, *, shared: bool = False) -> bool:
        """Take it if nobody holds it; with `shared`, beside others who share it."""
        self.release()
        session = self._engine.connect()
        try:
            took, number = session.execute(_TAKE[shared], {"kind": self.kind}).one()
            if took:
                # Out of the pool: closing it ends the session, and with it the lock.
                session.detach()
        except BaseException:
            session.invalidate()
            session.close()
            raise
        if not took:
            session.close()
            return False
        self._held, self._raw = session, session.connection.dbapi_connection
        self.session = int(number)
        return True

    @property
    def is_held(self) -> bool:
        """Whether the session lives, and so holds it still; the server is asked."""
        if self._held is None:
            return False
        try:
            self._held.exec_driver_sql("select 1")
        except (SQLAlchemyError, OSError) as cause:
            LOG.warning("the session of a lock is gone: %s", told(cause))
            self.release()
            return False
        return True

    def release(self) -> None:
        """Let go; nothing where it is not held."""
        held, raw, self._held, self._raw, self.session = self._held, self._raw, None, None, 0
        if held is not None:
            with suppress(SQLAlchemyError, OSError):
                held.close()
            # A session that broke is only dropped by that.
            with suppress(self._gone, OSError):
                raw.close()

    @contextmanager
    def awaited(self, what: str) -> Generator[None]:
        """Hold it for a block, about one thing, waiting for whoever holds it."""
        with self._engine.connect() as session:
            about = {"kind": self.kind, "what": what}
            session.execute(_WAIT, about)
            try:
                yield
            finally:
                session.execute(_LET_GO, about)


def is_held_by(connection: Connection, lock: Lock) -> bool:
    """Whether the session of a lock holds it still, as a transaction sees it."""
    holder = {"kind": lock.kind, "session": lock.session}
    return connection.execute(_HELD_BY, holder).first() is not None


def _prepare(dbapi: Any, _record: object) -> None:
    # Other engines keep NUL in a text; here a sender who writes one would stop everybody's work.
    dbapi.register_out_adapter(str, _without_nul)
    # Of each session: one that writes or counts keeps everybody else waiting until it ends.
    cursor = dbapi.cursor()
    cursor.execute(_NOTICE)
    cursor.close()


def _without_nul(text: str) -> str:
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _answers(engine: Engine, dbapi: Any, record: Any, _taken: object) -> None:
    """Ask a session that lay idle whether it is still there; one that was just used is."""
    now, used = time.monotonic(), record.info.get("used")
    if used is not None and now - used > IDLE:
        try:
            engine.dialect.do_ping(dbapi)
            dbapi.rollback()
        except (engine.dialect.loaded_dbapi.Error, OSError) as cause:
            raise DisconnectionError("the session is gone") from cause
    record.info["used"] = now


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("session", False):
        return
    if options.get("writes", False):
        # Taken before anything is read; one writer at a time, on whichever machine.
        connection.exec_driver_sql(_WRITE)
    else:
        connection.exec_driver_sql(_READ)


def _engine(url: str) -> Engine:
    try:
        given = make_url(url)
        if given.get_backend_name() != "postgresql":
            raise Failure(
                f"ERRORBUDGET_STORE: {given.get_backend_name()} is no store that is known",
                f"Write {EXAMPLE}; without it the records are a file of the home.",
            )
        return create_engine(
            _spoken(given),
            connect_args=_secured(given),
            pool_size=10,
            max_overflow=20,
        )
    except (ArgumentError, ValueError) as cause:
        raise Failure(
            "ERRORBUDGET_STORE: is no address of a database", f"Write {EXAMPLE}."
        ) from cause
    except (ModuleNotFoundError, NoSuchModuleError) as cause:
        raise Failure(
            "ERRORBUDGET_STORE: the driver for PostgreSQL is not installed",
            "`pip install 'errorbudget[postgres]'` installs it.",
        ) from cause


def _spoken(given: URL) -> URL:
    """The address as the driver takes it; a socket's folder is written as libpq has it."""
    folder, query = _only(given, "host"), {}
    if folder:
        query = {"unix_sock": f"{folder}/.s.PGSQL.{_only(given, 'port') or given.port or 5432}"}
    return given.set(drivername="postgresql+brief", query=query)


def _secured(given: URL) -> dict[str, Any]:
    """TLS with a certificate that is checked, but for this machine or where the URL says so."""
    is_here = bool(_only(given, "host")) or (given.host or "") in _HERE
    mode = _only(given, "sslmode") or ("disable" if is_here else "verify-full")
    if mode not in ("disable", "require", "verify-full"):
        raise Failure(
            f"ERRORBUDGET_STORE: sslmode={mode} is not known",
            "Write verify-full (the default), require (nobody's name is checked) or disable.",
        )
    if mode == "disable":
        return {}
    context = ssl.create_default_context(cafile=_only(given, "sslrootcert") or None)
    if mode == "require":
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return {"ssl_context": context}


def _only(given: URL, name: str) -> str:
    value = given.query.get(name, "")
    return value if isinstance(value, str) else value[-1]


def is_away(cause: BaseException | None) -> bool:
    """Whether it came of a PostgreSQL that does not answer, or that ends its sessions."""
    while cause is not None:
        if type(cause).__module__.startswith("pg8000"):
            first = cause.args[0] if cause.args else ""
            code = first.get("C", "") if isinstance(first, dict) else ""
            return type(cause).__name__ == "InterfaceError" or code in _ENDING
        cause = cause.__cause__ or cause.__context__
    return False


def told(cause: BaseException) -> str:
    """A driver's complaint in one line."""
    reason = cause.orig if isinstance(cause, DBAPIError) and cause.orig else cause
    first = reason.args[0] if reason.args else reason
    return " ".join(str(first.get("M", first) if isinstance(first, dict) else first).split())
