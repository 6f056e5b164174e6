"""How is PostgreSQL asked in few round trips?

The driver takes three for a statement with values, three to end a transaction and one to begin it.
Here a statement that comes again is prepared once a session and takes one; so does an end.
"""

from collections.abc import Sequence
from typing import Any, Final

from pg8000.converters import make_params
from pg8000.dbapi import convert_paramstyle
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql.pg8000 import PGDialect_pg8000

_KEPT: Final = "statements"


class Dialect(PGDialect_pg8000):
    """The driver's sessions, which begin no transaction of themselves."""

    supports_statement_cache = True

    def connect(self, *arguments: Any, **named: Any) -> Any:
        """A new session."""
        session = super().connect(*arguments, **named)
        # Transactions are begun by who knows which kind it is: see `connected`.
        session.autocommit = True
        return session

    def do_commit(self, dbapi_connection: Any) -> None:
        """End a transaction, on disk."""
        _end(dbapi_connection, "commit")

    def do_rollback(self, dbapi_connection: Any) -> None:
        """Undo a transaction, where there is one."""
        if dbapi_connection._in_transaction:
            _end(dbapi_connection, "rollback")

    @staticmethod
    def run_again(connection: Connection, sql: str, values: Sequence[Any]) -> tuple[list[Any], int]:
        """The rows that a statement finds and how many it touched; prepared at its first time."""
        session: Any = connection.connection.driver_connection
        kept = connection.info.setdefault(_KEPT, {})
        if (found := kept.get(sql)) is None:
            spoken, _ = convert_paramstyle("format", sql, values)
            found = kept[sql] = (*session.prepare_statement(spoken, ()), spoken)
        name, columns, readers, spoken = found
        ready = make_params(session.py_types, values)
        ran = session.execute_named(name, ready, columns, readers, spoken)
        return ran.rows or [], ran.row_count


def _end(session: Any, how: str) -> None:
    cursor = session.cursor()
    try:
        cursor.execute(how)
    finally:
        cursor.close()
