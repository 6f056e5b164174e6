"""Documents of several sources in one book: what one source does not tell is no other's silence."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import clickhouse_connect
import orjson
import pytest

from errorbudget import clock
from errorbudget.errors import DocumentInvalid, Failure
from errorbudget.program.budgets.book import Standing
from errorbudget.program.configuration import Configuration
from errorbudget.program.objectives.objectives import checked
from errorbudget.program.program import Program
from program.traffic import at, fed
from source import shops

ELSEWHERE = """
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: elsewhere
requests: {source: lake}
objectives:
  availability: {good: status < 500, target: 99.9%, window: {rolling: 7d}}
"""


def put(program: Program, text: str) -> None:
    program.objectives.put(text.encode(), Path("elsewhere.yaml"), now=at(0))


def test_a_source_that_nobody_configured_leaves_its_budget_unknown_and_the_others_known(
    tmp_path: Path,
) -> None:
    with fed(tmp_path, lambda _: (10, 1), days=1) as program:
        put(program, ELSEWHERE)

        book = program.budgets.book(program.objectives.all(), at=at(1))
        told = {one.document.name: one.budget for one in book.budgets(at(1))}

        assert told["elsewhere"].remaining is None
        assert told["elsewhere"].valid == 0
        assert told["shop"].valid == 11 * 1440
        assert told["shop"].bad == 1440
        assert "no source is called lake" in book.problems["elsewhere"]
        problems = {one.document.name: one.problem for one in book.budgets(at(1))}
        assert problems == {"elsewhere": book.problems["elsewhere"], "shop": ""}


def test_a_source_that_nobody_configured_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "elsewhere.yaml"
    file.write_text(ELSEWHERE)

    with pytest.raises(DocumentInvalid) as refused:
        checked(file, ["traces"])
    (told,) = refused.value.lines
    assert told.startswith(f"{file}:5: requests.source: no source is called lake")
    assert "warehouse, traces" in told
    assert checked(file, ["traces", "lake"])[1] == []
    (note,) = checked(file)[1]
    assert note.startswith(f"{file}:5: requests.source: whether the server has a source lake")

    configuration = Configuration.model_validate({"sources": {"traces": {"embedded": True}}})
    with Program.open(tmp_path / "home", create=True, configuration=configuration) as program:
        assert program.objectives.apply(file, now=at(0)).notes == (told,)


def test_what_only_the_warehouse_can_do_is_refused_of_requests_elsewhere(tmp_path: Path) -> None:
    with fed(tmp_path, lambda _: (10, 1), days=1) as program:
        put(program, ELSEWHERE)

        with pytest.raises(Failure, match="the source lake, and only requests of the embedded"):
            program.requests.correct("elsewhere", ["r1"], "bad", "it was", now=at(1))
        with pytest.raises(Failure, match="in the source lake, and proposals are made of"):
            program.proposals.read("elsewhere")


SHOP = """
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: shop
requests: {source: traces, scope: NOT is_bot}
objectives:
  availability:
    valid: status IS NULL OR status NOT BETWEEN 400 AND 499
    good: (status < 500 OR attributes['error.type'] = 'invalid_input') AND duration_ms <= 1200
    target: 90%
    window: {rolling: 7d}
  latency: {valid: status < 400, good: duration_ms <= 300, target: 50%, window: {rolling: 7d}}
"""


def standings(home: Path, sources: Mapping[str, Any], rows: list[dict[str, Any]]) -> list[Standing]:
    """What the document above says on a home of its own, asked as often as it takes."""
    configuration = Configuration.model_validate({"sources": sources})
    with Program.open(home, create=True, configuration=configuration) as program:
        file = home / "shop.ndjson"
        file.write_bytes(b"\n".join(orjson.dumps(row) for row in rows))
        program.requests.ingest(file)
        program.objectives.put(SHOP.encode(), Path("shop.yaml"), now=clock.now())
        return program.budgets.read(at=clock.now())


def test_one_document_says_the_same_on_duckdb_and_on_clickhouse(tmp_path: Path) -> None:
    start = clock.now() - timedelta(hours=30)
    rows = [row for row in shops.requests(start, 600) if row["service"] == "shop"]
    clickhouse = {"clickhouse": "chdb://memory", "requests": "twin.otel_traces", "logs": None}
    with clickhouse_connect.get_client(interface="chdb") as client:
        client.command("drop database if exists twin")
        client.command("create database twin")
        client.command(shops.COLLECTOR.format(database="twin"))
        spans = [shops.span(row) for row in rows]
        client.insert("twin.otel_traces", spans, column_names=shops.SPAN_COLUMNS)

        here = standings(tmp_path / "here", {"traces": {"embedded": True}}, rows)
        there = standings(tmp_path / "there", {"traces": clickhouse}, [])

    told = [
        [(one.objective, one.budget.valid, one.budget.bad, one.budget.remaining) for one in both]
        for both in (here, there)
    ]
    assert told[0] == told[1]
    assert all(valid > 50 and bad > 5 for _, valid, bad, _ in told[0])
