"""Migrations and the schema they must arrive at."""

from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from errorbudget.errors import Failure
from errorbudget.store.database import Database
from errorbudget.store.home import DATABASE, Home
from errorbudget.store.revision import MIGRATIONS, NEWEST
from errorbudget.store.schema import metadata


def test_the_newest_revision_is_the_last_migration():
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))

    assert ScriptDirectory.from_config(config).get_current_head() == NEWEST


def test_migrations_arrive_at_the_schema(opened: Home):
    with opened.database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, metadata)

    # What a column means is said in the schema alone.
    found = [one for one in differences if one[0][0] != "modify_comment"]
    assert found == []


def test_migrations_name_keys_as_the_schema_does(opened: Home):
    with opened.database.reading() as connection:
        inspector = inspect(connection)
        made = {
            table: {
                "pk": inspector.get_pk_constraint(table),
                "fk": inspector.get_foreign_keys(table),
                "nullable": {c["name"]: c["nullable"] for c in inspector.get_columns(table)},
            }
            for table in metadata.tables
        }

    for name, table in metadata.tables.items():
        assert made[name]["pk"]["name"] == table.primary_key.name
        assert made[name]["pk"]["constrained_columns"] == list(table.primary_key.columns.keys())
        assert {key["name"] for key in made[name]["fk"]} == {
            key.name for key in table.foreign_key_constraints
        }
        assert made[name]["nullable"] == {c.name: c.nullable for c in table.columns}


def test_the_schema_can_be_said_to_postgresql():
    said = [
        str(CreateTable(table).compile(dialect=postgresql.dialect()))
        for table in metadata.sorted_tables
    ]

    assert len(said) == len(metadata.tables)
    assert not any("BLOB" in statement for statement in said)


def test_opening_again_migrates_nothing(home: Path, store: str):
    Home.open(home, create=True, store=store).close()

    with Home.open(home, store=store) as again, again.database.reading() as connection:
        stored = connection.execute(text("select version_num from alembic_version")).scalar()

    assert stored == NEWEST


def test_a_home_whose_making_was_cut_short_is_finished(home: Path):
    home.mkdir()
    (home / "errorbudget.sqlite").touch()

    with Home.open(home) as opened:
        assert opened.documents.names() == []


def test_a_home_of_a_newer_program_is_refused(opened: Home, store: str):
    with opened.database.writing() as connection:
        connection.execute(text("update alembic_version set version_num = 'r9999'"))
    opened.close()

    try:
        with pytest.raises(Failure, match=r"newer errorbudget \(revision r9999\)"):
            Home.open(opened.path, store=store)
    finally:
        again = Database.postgresql(store) if store else Database.sqlite(opened.path / DATABASE)
        with again.writing() as connection:
            connection.execute(text(f"update alembic_version set version_num = '{NEWEST}'"))
        again.close()


def test_what_is_committed_is_on_disk_and_keys_are_checked(home: Path):
    with Home.open(home, create=True) as opened, opened.database.reading() as connection:
        found = {
            name: connection.execute(text(f"pragma {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }

    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_every_migration_leaves_tables_that_the_version_before_it_can_write(tmp_path: Path):
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    revisions = [one.revision for one in ScriptDirectory.from_config(config).walk_revisions()][::-1]
    database = Database.sqlite(tmp_path / "records.sqlite")
    before = dict[str, dict[str, Any]]()
    for revision in revisions:
        with database.writing() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
            inspector = inspect(connection)
            after = {
                table: {column["name"]: column for column in inspector.get_columns(table)}
                for table in inspector.get_table_names()
            }
        for table, columns in before.items():
            for name, column in columns.items():
                kept = after[table][name]
                assert str(kept["type"]) == str(column["type"]), (revision, table, name)
                assert kept["nullable"] >= column["nullable"], (revision, table, name)
            for name in after[table].keys() - columns.keys():
                new = after[table][name]
                assert new["nullable"] or new["default"] is not None, (revision, table, name)
        before = after
    database.close()
    assert len(revisions) > 10
