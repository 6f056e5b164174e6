"""What rows of Parquet files become."""

import duckdb
import pytest

from errorbudget.errors import Failure

ROWS = """
    select timestamptz '2026-07-20 14:05:00+00' + to_seconds(i) as time, 'web' as service,
        200::smallint as status, i / 2 as duration_ms, i as shard, 'x' as "o'dd", [i] as list
    from range({n}) r(i)
"""


THREE = ROWS.format(n=3)


def write(desk, sql=THREE):
    file = desk.folder / "requests.parquet"
    duckdb.connect().execute(f"copy ({sql}) to '{file}' (format parquet, row_group_size 2048)")
    return file


def test_typed_columns_are_read_and_others_become_attributes(desk):
    report = desk.take_file(write(desk))

    assert (report.read, report.stored, report.rejected) == (3, 3, 0)
    assert desk.rows("line, strftime(time, '%H:%M:%S'), status, duration_ms, attributes")[1] == (
        2,
        "14:05:01",
        200,
        0.5,
        {"shard": "1", "o'dd": "x", "list": "[1]"},
    )


def test_a_map_reads_typed_columns(desk):
    desk.take_file(write(desk), maps={"duration_ms": "shard * 10", "tenant": '"o\'dd"'})

    assert desk.rows("duration_ms, tenant") == [(0, "x"), (10, "x"), (20, "x")]


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("map", "map {'a': 1}"),
        ("struct", "{'a': 1}"),
        ("json text", """'{"a":1}'"""),
    ],
)
def test_attributes_of_any_shape_are_merged(desk, type_, value):
    sql = f"select timestamp '2026-07-20' as time, 'web' as service, {value} as attributes, 2 as b"
    desk.take_file(write(desk, sql))

    assert desk.column("attributes") == [{"a": "1", "b": "2"}]


def test_a_row_that_cannot_be_read_is_set_aside_by_its_number(desk):
    sql = "select '2026-07-20' as time, 'web' as service, unnest([1, -1, 2]) as status"
    report = desk.take_file(write(desk, sql))

    assert (report.read, report.stored, report.rejected) == (3, 2, 1)
    assert desk.rejected() == [(2, "status is not a whole number from 0 to 99999")]


def test_the_same_file_again_counts_once(desk):
    file = write(desk, ROWS.format(n=250_000))
    first, again = desk.take_file(file), desk.take_file(file)

    assert (first.read, first.stored) == (250_000, 250_000)
    assert (again.read, again.stored, again.duplicates) == (250_000, 0, 250_000)
    assert list((desk.warehouse.staging).iterdir()) == []


def test_what_is_no_parquet_is_refused(desk):
    with pytest.raises(Failure, match="cannot be read as Parquet"):
        desk.take(b"PAR1 and nothing more\n", "requests.parquet")


def test_a_file_damaged_within_is_refused_in_one_line_and_may_be_replaced(desk):
    file = write(desk, ROWS.format(n=250_000))
    whole = file.read_bytes()
    at = len(whole) * 7 // 10
    file.write_bytes(whole[:at] + b"\xff" * 4_000 + whole[at + 4_000 :])
    with pytest.raises(Failure) as damaged:
        desk.take_file(file)

    cause, way_out = damaged.value.lines
    assert cause.startswith(f"{file}: cannot be read as Parquet: ")
    assert "select" not in cause.lower()
    assert str(desk.warehouse.staging) not in cause
    assert way_out.startswith("nothing of it is stored")
    assert desk.column("line") == []
    file.write_bytes(whole)
    assert desk.take_file(file).stored == 250_000


def test_what_is_told_of_a_file_that_is_no_parquet_takes_a_line(desk):
    with pytest.raises(Failure) as refused:
        desk.take(b"PAR1 and nothing more\n", "requests.parquet")

    assert "\n" not in refused.value.lines[0]
    assert str(desk.warehouse.staging) not in refused.value.lines[0]
