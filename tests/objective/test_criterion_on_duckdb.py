"""What a person wrote and what we write for the engine must judge alike, on the real engine."""

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given, settings

from errorbudget.objective.criterion import Criterion, check_criterion, check_expression
from objective.criteria import CRITERIA

ROWS = """
create table requests as select * from (values
    (1, 200, 12.5, '/pay', 'GET', false, map {'n': '7', 'x': 'a'}, 0),
    (2, 499, 1200.0, '/Pay/1', '', true, map {'n': 'seven'}, 1),
    (3, null, null, '', 'POST', null, map {}, 2),
    (4, -2147483648, 1e300, 'é%_''\\', 'x', false, map {'x': ''}, 0),
    (5, 0, -0.5, '500', '5', true, map {'n': '2147483648'}, 3)
) t(id, status, duration_ms, route, method, is_bot, attributes, error_logs)
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as connection:
        connection.execute(ROWS)
        connection.execute("alter table requests alter status type integer")
        connection.execute("alter table requests alter duration_ms type double")
        yield connection


def judge(engine: duckdb.DuckDBPyConnection, sql: str) -> list[object]:
    engine.execute("pragma enable_optimizer")
    return [row[0] for row in engine.execute(f"select {sql} from requests order by id").fetchall()]


def judge_each(engine: duckdb.DuckDBPyConnection, sql: str) -> list[object]:
    """Row by row, because one that fails must not hide the others; FAILED where it does.

    As it stands: the optimizer may drop a part that would overflow.
    """
    engine.execute("pragma disable_optimizer")
    found: list[object] = []
    for number in range(1, 6):
        try:
            row = engine.execute(f"select {sql} from requests where id = {number}").fetchone()
        except duckdb.Error:
            found.append(FAILED)
        else:
            assert row
            found.append(row[0])
    return found


FAILED = object()


def assert_alike(engine: duckdb.DuckDBPyConnection, criterion: Criterion) -> None:
    written = judge(engine, criterion.sql)
    by_hand = judge_each(engine, criterion.text)
    expected = [
        ours if theirs is FAILED else theirs for ours, theirs in zip(written, by_hand, strict=True)
    ]

    assert written == expected, criterion.sql


@settings(max_examples=400, deadline=None)
@given(text=CRITERIA)
def test_the_written_criterion_judges_each_request_as_the_text_does(engine, text):
    assert_alike(engine, check_criterion(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("status = 499", [False, True, None, False, False]),
        ("status / 2 = 249.5", [False, True, None, False, False]),
        ("1000 / status > 1", [True, True, None, False, True]),
        ("status * 2147483647 > 0", [True, True, None, False, False]),
        ("error_logs * 999999999999999999 * 99 >= 0", [True, None, None, True, None]),
        ("status % 0 = 0 OR error_logs = 0", [True, None, None, True, None]),
        ("CAST(attributes['n'] AS INTEGER) = 7", [True, None, None, None, None]),
        ("route = 'é%_''\\'", [False, False, False, True, False]),
        ("status < 500 IS NULL", [False, False, True, False, False]),
        ("NOT status = 499 AND is_bot", [False, False, None, False, True]),
    ],
)
def test_what_would_fail_on_a_row_is_null_there(engine, text, expected):
    assert judge(engine, check_criterion(text).sql) == expected
    assert_alike(engine, check_criterion(text))


@pytest.mark.parametrize(
    ("text", "given_text", "expected"),
    [
        (
            "strptime(a, '%d/%b/%Y:%H:%M:%S %z')",
            "22/Jan/2019:03:56:14 +0330",
            "2019-01-22 00:26:14",
        ),
        ("strptime(a, '%Y-%m-%d')", "2019-01-22", "2019-01-22 00:00:00"),
        ("strptime(a, '%Y-%m-%d')", "yesterday", None),
        ("epoch_ms(CAST(a AS BIGINT))", "1500", "1970-01-01 00:00:01.5"),
        ("epoch_ms(CAST(a AS BIGINT))", "99999999999999999", None),
        ("to_timestamp(CAST(a AS DOUBLE))", "1.5", "1970-01-01 00:00:01.5"),
        ("to_timestamp(CAST(a AS DOUBLE))", "1e300", None),
        ("CAST(a AS TIMESTAMP)", "2026-01-01T00:00:00+02:00", "2025-12-31 22:00:00"),
        ("CAST(a AS TIMESTAMPTZ)", "2026-01-01T00:00:00Z", "2026-01-01 00:00:00"),
        ("CAST(a AS TIMESTAMP)", "2026-01-01 00:00:00", "2026-01-01 00:00:00"),
        ("CAST(a AS TIMESTAMP)", "2026-07-01 12:00:00-0330", "2026-07-01 15:30:00"),
        ("CAST(a AS TIMESTAMP)", "2026-01-01", "2026-01-01 00:00:00"),
        ("CAST(a AS TIMESTAMP)", "yesterday: -1", None),
        ("CAST(CAST(a AS TIMESTAMP) AS TIMESTAMP)", "2026-01-01 00:00Z", "2026-01-01 00:00:00"),
        ("CAST(a AS DATE)", "2026-13-01", None),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_a_moment_in_a_file_becomes_utc_or_null(engine, zone, text, given_text, expected):
    engine.execute(f"set TimeZone = '{zone}'")
    made = check_expression(text, ["a"])

    found = engine.execute(
        f"select cast({made.sql} as timestamp)::varchar from (select $a as a)", {"a": given_text}
    ).fetchone()

    assert found == (expected,)
