"""A real Prometheus and a real VictoriaMetrics, as Debian packages them, that scraped a day ago."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from notify.receiving import eventually
from ports import free_port
from source import shops
from source.prometheus.exposing import Scrapes, scraped
from source.prometheus.histories import histories

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
UNTIL = START + timedelta(hours=2, minutes=5)


@pytest.fixture(scope="session")
def rows() -> list[dict[str, object]]:
    """Requests of one service, with a status each."""
    return [
        row
        for row in shops.requests(START, 2_000)
        if row["service"] == "shop" and row["status"] is not None
    ]


@pytest.fixture(scope="session")
def scrapes(rows: list[dict[str, object]]) -> Scrapes:
    """What was scraped of them, and some histories with a point to make."""
    found = scraped(rows, UNTIL)
    found.series |= histories(START)
    return found


@pytest.fixture(scope="session")
def prometheus(tmp_path_factory: pytest.TempPathFactory, scrapes: Scrapes) -> Iterator[str]:
    server, tool = program("prometheus"), program("promtool")
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "history.txt").write_text(scrapes.openmetrics())
    made = ["tsdb", "create-blocks-from", "openmetrics", folder / "history.txt", folder / "data"]
    subprocess.run([tool, *made], check=True, capture_output=True)
    (folder / "prometheus.yml").write_text("global: {scrape_interval: 15s}\n")
    port = free_port()
    command = [
        server,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--storage.tsdb.retention.time=20y",
        f"--web.listen-address=127.0.0.1:{port}",
        "--query.max-samples=20000",
    ]
    with running(command, folder / "log", f"http://127.0.0.1:{port}/-/ready"):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def victoria(tmp_path_factory: pytest.TempPathFactory, scrapes: Scrapes) -> Iterator[str]:
    server = program("victoria-metrics")
    folder = tmp_path_factory.mktemp("victoria")
    port = free_port()
    command = [
        server,
        f"-storageDataPath={folder / 'data'}",
        f"-httpListenAddr=127.0.0.1:{port}",
        "-retentionPeriod=20y",
        "-search.latencyOffset=0s",
    ]
    address = f"http://127.0.0.1:{port}"
    with running(command, folder / "log", f"{address}/health"):
        body = scrapes.exposition()
        httpx2.post(f"{address}/api/v1/import/prometheus", content=body).raise_for_status()
        httpx2.get(f"{address}/internal/force_flush").raise_for_status()
        yield address


@pytest.fixture(params=["prometheus", "victoria"])
def server(request: pytest.FixtureRequest) -> str:
    """One after the other."""
    return request.getfixturevalue(request.param)


@contextmanager
def running(command: list[str], log: Path, ready: str) -> Iterator[None]:
    with log.open("wb") as out:
        process = subprocess.Popen(command, stderr=out, stdout=out)
    try:
        eventually(lambda: _answers(ready), 30)
        yield
    finally:
        process.kill()
        process.wait()


def _answers(url: str) -> bool:
    try:
        return httpx2.get(url).is_success
    except httpx2.TransportError:
        return False


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{name} is missing: apt-get install prometheus victoria-metrics")
        pytest.skip(f"{name} is not on this machine")
    return found
