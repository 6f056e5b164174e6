"""What SQL on our connections may not do, whatever a criterion would manage to say."""

import duckdb
import pytest

from errorbudget.source.duckdb.connection import open_memory

FORBIDDEN = [
    "select * from read_csv('/etc/passwd')",
    "select * from read_text('/etc/passwd')",
    "select * from '/etc/passwd'",
    "select * from glob('/etc/*')",
    "select getenv('HOME')",
    "copy (select 1) to '{home}/stolen.csv'",
    "copy (select 1) to '{home}/staging/../stolen.csv'",
    "attach '{home}/other.duckdb'",
    "export database '{home}/exported'",
    "install httpfs",
    "load httpfs",
    "select * from read_csv('https://example.org/a.csv')",
    "set enable_external_access = true",
    "set allowed_directories = ['/']",
    "set memory_limit = '100GB'",
    "set temp_directory = '/'",
    "reset lock_configuration",
    "select * from row_of_python",
]


@pytest.fixture(params=["file", "memory"])
def connection(request, warehouse):
    if request.param == "file":
        yield warehouse.connection
    else:
        with open_memory() as connection:
            yield connection


@pytest.mark.parametrize("sql", FORBIDDEN)
def test_the_connection_refuses(connection, tmp_path, sql):
    row_of_python = {"a": [1]}

    with pytest.raises((duckdb.Error, duckdb.InvalidInputException)):
        connection.execute(sql.format(home=tmp_path)).fetchall()
    assert row_of_python
    assert not (tmp_path / "stolen.csv").exists()


def test_the_staging_directory_can_be_read(warehouse):
    (warehouse.staging / "rows.csv").write_text("a\n1\n")

    read = warehouse.connection.execute("select a from read_csv($path)",
                                        {"path": str(warehouse.staging / "rows.csv")})  # fmt: skip
    assert read.fetchall() == [(1,)]


def test_memory_is_bounded_and_work_spills_inside_the_home(warehouse, tmp_path):
    told = warehouse.connection.execute(
        "select name, value from duckdb_settings() where name in ('memory_limit', 'temp_directory')"
    )
    settings = dict(told.fetchall())
    assert settings["memory_limit"] == "244.1 MiB"
    assert settings["temp_directory"] == str(tmp_path / "spill")
