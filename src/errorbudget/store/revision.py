"""Does a database have the newest tables, and how does it get them?"""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DatabaseError

from errorbudget.errors import Failure
from errorbudget.store.database import Database

NEWEST: Final = "r0013"
"""The revision that `schema` describes; a constant, so that opening need not load Alembic."""

MIGRATIONS: Final = Path(__file__).parent / "migrations"


def bring_up_to_date(database: Database) -> None:
    """Migrate the tables to the newest revision where they are not. Raises Failure."""
    try:
        with database.reading() as connection:
            stored = _stored(connection)
    except DatabaseError as cause:
        raise Failure(
            f"{database.engine.url.database}: not an errorbudget database: {cause.orig}",
            "Point ERRORBUDGET_HOME at another folder, or restore this file from a copy.",
        ) from cause
    if stored != NEWEST:
        _migrate(database, stored)


def _stored(connection: Connection) -> str | None:
    """The revision in the database; None where there are no tables yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("select version_num from alembic_version")).scalar()


def _migrate(database: Database, stored: str | None) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if stored is not None and stored not in known:
        raise Failure(
            f"{database.engine.url.database}: written by a newer errorbudget (revision {stored})",
            "Install that version, or a later one.",
        )
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
