"""One criterion judges a request alike in DuckDB and in ClickHouse, both as they really are."""

from collections.abc import Iterator
from typing import Any

import clickhouse_connect
import duckdb
import pytest
from hypothesis import example, given, settings

from errorbudget.objective.criterion import check_criterion
from errorbudget.source.clickhouse.criteria import written
from errorbudget.source.clickhouse.engine import unwanted
from objective.criteria import CRITERIA

COLUMNS = "status, duration_ms, route, method, is_bot, n, x, error_logs"
ROWS = """
    (200, 12.5, '/pay', 'GET', false, '7', 'a', 0),
    (499, 1200.0, '/Pay/1', '', true, 'seven', null, 1),
    (null, null, '', 'POST', false, null, null, 2),
    (-70000, 1e15, 'é%_''|', 'x', false, null, '', 0),
    (0, -0.5, '500', '5', true, '2147483648', null, 3)
"""


@pytest.fixture(scope="module")
def clickhouse() -> Iterator[Any]:
    with clickhouse_connect.get_client(interface="chdb") as client:
        client.command(
            "create or replace table judged ("
            " id UInt8, status Nullable(Int32), duration_ms Nullable(Float64), route String,"
            " method String, is_bot Bool, n Nullable(String), x Nullable(String), error_logs Int64"
            ") engine = Memory"
        )
        numbered = ROWS.strip().replace("|", "\\\\").replace("    (", "(").split(",\n")
        rows = ", ".join(f"({place}, {row[1:]}" for place, row in enumerate(numbered))
        client.command(f"insert into judged values {rows}")
        yield client


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            "create table judged (status integer, duration_ms double, route varchar,"
            " method varchar, is_bot boolean, n varchar, x varchar, error_logs bigint)"
        )
        connection.execute(f"insert into judged values {ROWS.replace('|', chr(92))}")
        connection.execute(
            "create view requests as select *, map_from_entries(list_filter([('n', n), ('x', x)],"
            " lambda one: one[2] is not null)) as attributes from judged"
        )
        yield connection


def judged(clickhouse: Any, text: str) -> list[bool | None]:
    found = written(check_criterion(text).sql)
    names = {"attributes.n": "n", "attributes.x": "x"}
    columns = ", ".join(f"{names.get(name, name)} as `q_{name}`" for name in found.columns)
    relation = f"(select id{', ' if columns else ''}{columns} from judged)"
    query = f"select {found.sql} from {relation} order by id"
    rows = clickhouse.query(query, settings=unwanted(clickhouse)).result_rows
    return [None if value is None else bool(value) for (value,) in rows]


def expected(duck: duckdb.DuckDBPyConnection, text: str) -> list[bool | None]:
    rows = duck.execute(f"select {check_criterion(text).sql} from requests").fetchall()
    return [value for (value,) in rows]


@settings(max_examples=80, deadline=None)
@example("CASE WHEN is_bot THEN '' = lower(route) ELSE status BETWEEN status AND length(route) END")
@given(text=CRITERIA)
def test_a_criterion_judges_a_request_alike_in_both(clickhouse, duck, text):
    assert judged(clickhouse, text) == expected(duck, text), written(check_criterion(text).sql).sql
