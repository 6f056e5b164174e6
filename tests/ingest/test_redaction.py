"""What must not be stored is dropped, hashed or masked, alike for every way in."""

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import orjson
import pytest

from errorbudget.ingest.redaction import Redaction, Rule
from errorbudget.ingest.run import ingest
from errorbudget.source.duckdb.warehouse import Warehouse

RULES = (
    Rule(columns=("tenant",), treatment="hash"),
    Rule(attributes=("client.*",), treatment="drop"),
    Rule(attributes=("note",), matching="secret", treatment="drop"),
    Rule(attributes=("user.*",), matching=r"[^\s<>]+@[^\s<>]+", treatment="hash"),
    Rule(columns=("route",), attributes=("*",), matching=r"\d{4,}", treatment="mask"),
)
REDACTION = Redaction(RULES, "a key")
TEXTS = (
    "",
    "acme",
    "/card/12345/of/67890",
    "a@b.c",
    "hi <a@b.c> and d@e.f!",
    "a\nsecret 4711\n",
    "É1234",
)


def by_python(tenant: str, route: str, attributes: dict[str, str]) -> tuple:
    row = REDACTION.treat({"tenant": tenant, "route": route, "attributes": dict(attributes)})
    return row["tenant"], row["route"], row["attributes"]


def by_sql(tenant: str, route: str, attributes: dict[str, str]) -> tuple:
    replacing = REDACTION.replacing(("tenant", "route"))
    row = {"tenant": tenant, "route": route, "attributes": attributes}
    with duckdb.connect() as connection:
        told = connection.execute(
            f"select * replace ({replacing}) from (select $tenant as tenant, $route as route,"
            " cast($attributes as map(varchar, varchar)) as attributes)",
            row,
        ).fetchall()
    return told[0]


@pytest.mark.parametrize("text", TEXTS)
def test_python_and_sql_do_the_same(text: str) -> None:
    attributes = dict.fromkeys(("client.address", "note", "user.mail", "x", "xclient.y"), text)

    assert by_python(text, text, attributes) == by_sql(text, text, attributes)


def test_what_is_hashed_stays_alike_and_needs_the_key() -> None:
    hashed, *_ = by_python("acme", "", {})

    assert hashed == by_python("acme", "", {})[0] != by_python("acmf", "", {})[0]
    other = Redaction(RULES, "another key")
    assert other.treat({"tenant": "acme", "attributes": {}})["tenant"] != hashed


def test_only_the_part_that_matches_is_replaced() -> None:
    _, route, attributes = by_python("", "/card/12345/x", {"user.mail": "by a@b.c, 99"})

    assert route == "/card/***/x"
    assert attributes["user.mail"].startswith("by ")
    assert attributes["user.mail"].endswith(" 99")
    assert "a@b.c" not in attributes["user.mail"]


def test_files_are_taken_in_without_what_must_not_be_stored(tmp_path: Path) -> None:
    file = tmp_path / "rows.ndjson"
    said = {"service": "shop", "tenant": "acme-corporation", "route": "/card/4711471147114711"}
    rows = [
        said | {"time": "2026-07-01T00:00:00Z", "client.address": "203.0.113.77", "status": 200},
        said | {"time": "not a time", "client.address": "203.0.113.77"},
    ]
    file.write_bytes(b"\n".join(orjson.dumps(row) for row in rows))
    rejected = tmp_path / "rejected"
    with Warehouse.open(tmp_path / "warehouse.duckdb") as warehouse:
        report = ingest(
            warehouse,
            file,
            rejected=rejected,
            now=datetime(2026, 7, 2, tzinfo=UTC),
            redaction=REDACTION,
        )
        ((tenant, route, attributes),) = warehouse.connection.execute(
            "select tenant, route, attributes from requests"
        ).fetchall()

    assert (report.stored, report.rejected) == (1, 1)
    assert len(tenant) == 16
    assert route == "/card/***"
    assert attributes == {}
    told = b"".join(
        one.read_bytes() for one in tmp_path.rglob("*") if one != file and one.is_file()
    )
    for secret in (b"acme", b"4711", b"203.0.113"):
        assert secret not in told
