"""Does a database have the newest tables, and how does it get them?"""

import threading
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from errorbudget.errors import Failure
from errorbudget.store.database import Database

NEWEST: Final = "r0013"
"""The revision that `schema` describes; a constant, so that opening need not load Alembic."""

MIGRATIONS: Final = Path(__file__).parent / "migrations"
_ONE_AT_A_TIME: Final = threading.Lock()
"""Alembic keeps what it works on in variables of the process."""


def bring_up_to_date(database: Database) -> None:
    """Migrate the tables to the newest revision where they are not. Raises Failure."""
    if stored_in(database) != NEWEST:
        _migrate(database)


def stored_in(database: Database) -> str | None:
    """The revision of a database; None where there are no tables yet. Raises Failure."""
    try:
        with database.reading() as connection:
            return _stored(connection)
    except SQLAlchemyError as cause:
        if not database.is_file:
            from errorbudget.store.postgresql import unreachable

            raise unreachable(database.engine, cause) from cause
        raise Failure(
            f"{database.name}: not an errorbudget database: {getattr(cause, 'orig', cause)}",
            "Point ERRORBUDGET_HOME at another folder, or restore this file from a copy.",
        ) from cause


def _stored(connection: Connection) -> str | None:
    """The revision in the database; None where there are no tables yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("select version_num from alembic_version")).scalar()


def _migrate(database: Database) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with _ONE_AT_A_TIME, database.writing() as connection:
        # Read again: another process that shares the database may have been first.
        stored = _stored(connection)
        if stored is not None and stored not in known:
            raise Failure(
                f"{database.name}: written by a newer errorbudget (revision {stored})",
                "Install that version, or a later one.",
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
