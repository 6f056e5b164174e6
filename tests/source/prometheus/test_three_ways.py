"""By command: one document on DuckDB and on ClickHouse, and its twin in PromQL on a Prometheus."""

import json
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import clickhouse_connect
import orjson
import pytest
from typer.testing import CliRunner

from errorbudget import clock
from errorbudget.cli.main import application
from path.outside import PROGRAM
from ports import free_port
from source import shops
from source.prometheus.conftest import program, running
from source.prometheus.exposing import scraped
from source.prometheus.test_counting import SHOP, TWIN

NOW = clock.now().replace(second=0, microsecond=0)
START = NOW - timedelta(hours=3)
ONE = TWIN.replace("objectives:", "requests: {source: traces}\nobjectives:")
ROWS = [
    row
    for row in shops.requests(START, 1_000)
    if row["service"] == "shop" and row["status"] is not None
]


@pytest.fixture(scope="module")
def scraping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus that scraped the service of these requests until now."""
    server, tool = program("prometheus"), program("promtool")
    folder = tmp_path_factory.mktemp("three")
    (folder / "history.txt").write_text(scraped(ROWS, NOW, every=60).openmetrics())
    made = ["tsdb", "create-blocks-from", "openmetrics", folder / "history.txt", folder / "data"]
    subprocess.run([tool, *made], check=True, capture_output=True)
    (folder / "prometheus.yml").write_text("{}\n")
    address = f"127.0.0.1:{free_port()}"
    options = {
        "config.file": folder / "prometheus.yml",
        "storage.tsdb.path": folder / "data",
        "web.listen-address": address,
    }
    command = [server, *(f"--{name}={value}" for name, value in options.items())]
    with running(command, folder / "log", f"http://{address}/-/ready"):
        yield f"http://{address}"


def told(
    home: Path, sources: dict[str, Any], document: str, patch: pytest.MonkeyPatch
) -> dict[str, tuple[int, int, float]]:
    """What `errorbudget budget` says of a document, once the requests that lie beside are in."""
    home.mkdir()
    (home / "errorbudget.yaml").write_text(json.dumps({"sources": sources}))
    (home / "shop.yaml").write_text(document)
    (home / "shop.ndjson").write_bytes(b"\n".join(orjson.dumps(row) for row in ROWS))
    patch.setenv("ERRORBUDGET_HOME", str(home / "home"))
    patch.setenv("ERRORBUDGET_CONFIG", str(home / "errorbudget.yaml"))
    patch.delenv("ERRORBUDGET_URL", raising=False)
    app = application(["objective", "ingest", "budget"])

    def ran(*words: str | Path) -> str:
        if "metrics" in sources:  # A command leaves its connections to the end of its process.
            command = [PROGRAM, *words]
            return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        done = CliRunner().invoke(app, [str(word) for word in words])
        assert done.exit_code == 0, (done.output, done.exception)
        return done.stdout

    ran("objective", "check", home / "shop.yaml")
    if {"embedded": True} in sources.values():
        ran("ingest", home / "shop.ndjson")
    ran("objective", "apply", home / "shop.yaml")
    budgets = json.loads(ran("budget", "shop", "--at", clock.text(NOW), "--json"))
    return {one["objective"]: (one["valid"], one["bad"], one["remaining"]) for one in budgets}


def test_one_document_and_its_twin_in_promql_leave_the_same_budgets(
    scraping: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with clickhouse_connect.get_client(interface="chdb") as client:
        client.command("create database if not exists three")
        client.command("drop table if exists three.otel_traces")
        client.command(shops.COLLECTOR.format(database="three"))
        spans = [shops.span(row) for row in ROWS]
        client.insert("three.otel_traces", spans, column_names=shops.SPAN_COLUMNS)
        table = {"clickhouse": "chdb://memory", "requests": "three.otel_traces", "logs": None}

        duckdb = told(tmp_path / "1", {"traces": {"embedded": True}}, ONE, monkeypatch)
        clickhouse = told(tmp_path / "2", {"traces": table}, ONE, monkeypatch)
    counters = told(tmp_path / "3", {"metrics": {"prometheus": scraping}}, SHOP, monkeypatch)

    assert duckdb == clickhouse == counters
    assert all(valid > 300 and bad > 50 for valid, bad, _ in duckdb.values())
