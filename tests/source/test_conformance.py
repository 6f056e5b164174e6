"""Every source that keeps requests tells the same of the same requests."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import clickhouse_connect
import numpy as np
import pytest

from errorbudget.burn.breakdown import Breakdown
from errorbudget.ledger.window import Span, minute_floor
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.objective.indicator import Indicator, Union, indicator, union
from errorbudget.objective.reading import read
from errorbudget.request import Receipt
from errorbudget.source import Source
from errorbudget.source.clickhouse.engine import Engine
from errorbudget.source.clickhouse.source import ClickHouse
from errorbudget.source.clickhouse.tables import Table, Tables
from errorbudget.source.duckdb.warehouse import Warehouse
from source import shops
from source.conftest import stage

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
SPAN = Span(minute_floor(START), minute_floor(START) + 120)
MINUTES = np.arange(SPAN.start, SPAN.end)
BURN = Span(SPAN.start + 80, SPAN.end)
BEFORE = Span(SPAN.start, BURN.start)
COLUMNS = ("route", "tenant", "version", "status", "duration_ms", "attributes.order.kind")

DOCUMENT = """
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: shop
environment: production
requests:
  scope: route NOT IN ('/healthz', '/metrics') AND NOT is_bot
  operation: attributes['idempotency_key']
objectives:
  availability:
    valid: >-
      status IS NULL OR status NOT BETWEEN 400 AND 499 OR (status = 499 AND duration_ms >= 1200)
    good: >-
      (status < 500 OR attributes['error.type'] = 'invalid_input')
      AND duration_ms <= 1200 AND error_logs = 0 AND corrections = 0
    target: 99.9%
    window: {rolling: 28d}
  latency: {valid: status < 400, good: duration_ms <= 300, target: 99%, window: {rolling: 28d}}
  texts:
    good: NOT (route LIKE '/item%' AND tenant = 'o''neil') AND regexp_matches(trace_id, '[0-7]$')
    target: 99%
    window: {rolling: 28d}
"""
PLAIN = DOCUMENT.replace("  operation: attributes['idempotency_key']\n", "")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Source]]:
    """The same requests and logs in DuckDB, in the Collector's tables, and in one's own."""
    rows = shops.requests(START, 3_000)
    records = shops.logs(rows)
    with clickhouse_connect.get_client(interface="chdb") as client:
        into_clickhouse(client, rows, records)
        with Warehouse.open(tmp_path_factory.mktemp("kept") / "warehouse.duckdb") as warehouse:
            into_warehouse(warehouse, rows, records)
            logs = Table(name="conformance.otel_logs")
            spans = Table(name="conformance.otel_traces")
            own = Table(name="conformance.access", columns=shops.OWN_COLUMNS)
            yield {
                "warehouse": warehouse,
                "spans": source(client, Tables(requests=spans, logs=logs)),
                "own": source(client, Tables(requests=own, logs=logs)),
            }


def source(client: Any, tables: Tables) -> ClickHouse:
    return ClickHouse(Engine(lambda: client), tables, now=lambda: START.replace(hour=16))


def into_clickhouse(client: Any, rows: list[Any], records: list[Any]) -> None:
    client.command("drop database if exists conformance")
    client.command("create database conformance")
    for table in (shops.COLLECTOR, shops.COLLECTOR_LOGS, shops.OWN):
        client.command(table.format(database="conformance"))
    spans = [shops.span(row) for row in rows]
    client.insert("conformance.otel_traces", spans, column_names=shops.SPAN_COLUMNS)
    lines = [shops.log(record) for record in records]
    client.insert("conformance.otel_logs", lines, column_names=shops.LOG_COLUMNS)
    own = [[row[name] for name in shops.OWN_COLUMNS] for row in rows]
    names = list(shops.OWN_COLUMNS.values())
    client.insert("conformance.access", own, column_names=names)


def into_warehouse(warehouse: Warehouse, rows: list[Any], records: list[Any]) -> None:
    stage(warehouse, "requests", rows)
    warehouse.add_requests(Receipt(feed="sender", key="1", position=0, line=0))
    stage(warehouse, "logs", records)
    warehouse.add_logs(Receipt(feed="sender", key="2", position=0, line=0))


def document(text: str = DOCUMENT) -> ObjectiveDocument:
    return read(text, file="shop.yaml")


def indicators(text: str = DOCUMENT) -> list[Indicator | Union]:
    promised = document(text)
    return [*(indicator(promised, name) for name in promised.objectives), union(promised)]


@pytest.mark.parametrize("name", ["spans", "own"])
@pytest.mark.parametrize("text", [DOCUMENT, PLAIN])
def test_the_same_requests_give_the_same_tallies(kept, name, text):
    counted = [kept[one].tally(indicators(text), MINUTES) for one in ("warehouse", name)]

    for ours, theirs in zip(*counted, strict=True):
        assert ours.valid.sum() > 300 < 10 * ours.bad.sum()
        assert (ours.valid == theirs.valid).all()
        assert (ours.bad == theirs.bad).all()


def test_only_minutes_that_are_asked_about_are_counted(kept):
    some = MINUTES[[3, 4, 17, 90]]
    counted = [kept[one].tally(indicators(), some) for one in kept]

    for ours, *others in zip(*counted, strict=True):
        assert ours.minute.tolist() == some.tolist()
        assert all(
            (ours.valid == one.valid).all() and (ours.bad == one.bad).all() for one in others
        )


def facts(found: Breakdown) -> dict[tuple[str, ...], tuple[int, ...]]:
    sums = found.sums
    table = np.stack([sums.valid, sums.bad, sums.valid_before, sums.bad_before], axis=1)
    return {
        tuple(
            found.values[place][code - 1] if code else "…" for place, code in enumerate(codes)
        ): tuple(row)
        for codes, row in zip(found.codes.tolist(), table.tolist(), strict=True)
    }


@pytest.mark.parametrize("name", ["spans", "own"])
def test_a_burn_is_broken_down_alike(kept, name):
    of = indicators()[0]
    ours, theirs = (
        kept[one].breakdown(of, COLUMNS, [BURN], [BEFORE]) for one in ("warehouse", name)
    )

    assert ours.values == theirs.values
    assert len(facts(ours)) > 50
    assert facts(ours) == facts(theirs)
    tenants = [
        dict(zip(one.tenants.values, one.tenants.sums.bad.tolist(), strict=True))
        for one in (ours, theirs)
    ]
    assert tenants[0] == tenants[1]
    assert set(tenants[0]) == {"acme", "zeta", "", "o'neil"}


@pytest.mark.parametrize("name", ["spans", "own"])
def test_failed_requests_are_the_same_ones(kept, name):
    of = indicators()[0]
    ours, theirs = (kept[one].failing(of, [BURN], 50) for one in ("warehouse", name))

    assert ours.count == theirs.count > 50
    assert ours.requests == theirs.requests


@pytest.mark.parametrize("name", ["spans", "own"])
def test_versions_routes_and_paths_are_the_same(kept, name):
    of = indicators()[0]
    for through in (None, "ledger"):
        told = []
        for one in ("warehouse", name):
            found = kept[one].split(of, SPAN, through=through)
            columns = (found.minute, found.version, found.route, found.valid, found.bad)
            told.append(sorted(zip(*(column.tolist() for column in columns), strict=True)))
        assert told[0] == told[1]
        assert len(told[0]) > 50
    paths = [kept[one].paths(of, SPAN, ["ledger", "stock"], 100) for one in ("warehouse", name)]
    assert paths[0] == paths[1]
    assert paths[0]["ledger"].bad > 10


@pytest.mark.parametrize("name", ["spans", "own"])
def test_log_records_belong_to_the_same_requests(kept, name):
    of = indicators(PLAIN)[0]
    told = []
    for one in ("warehouse", name):
        found = kept[one].logs(of, BEFORE, BURN)
        lines = [
            line
            for batch in found.batches
            for line in zip(batch.message, batch.of, batch.trace_id, batch.is_error, strict=True)
        ]
        told.append(sorted(lines))
        assert len(lines) == found.records

    assert told[0] == told[1]
    assert {belongs for _, belongs, _, _ in told[0]} == {0, 1, 2, 3}


@pytest.mark.parametrize("name", ["spans", "own"])
def test_versions_and_how_much_was_served_are_the_same(kept, name):
    ours, theirs = (
        [
            kept[one].versions("shop", "production", START.replace(hour=15)),
            kept[one].served("shop", "", START.replace(minute=7), START.replace(minute=40)),
        ]
        for one in ("warehouse", name)
    )

    assert ours == theirs
    assert len(ours[0]) == 2
