"""A server proposes and replays, and answers what the command prints at home."""

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta

from web.served import PROGRAM, Served

START = datetime(2026, 3, 2, tzinfo=UTC)


def test_a_command_given_the_servers_home_proposes_and_replays_through_it(
    server: Served, tmp_path
) -> None:
    lines = []
    for number in range(6_000):
        row = {"time": (START + timedelta(minutes=10 * number)).isoformat(), "service": "shop"}
        lines.append(json.dumps(row | {"status": 503 if number % 120 == 0 else 200}))
    (tmp_path / "shop.ndjson").write_text("\n".join(lines))

    def run(*words: str) -> str:
        environment = os.environ | {"ERRORBUDGET_HOME": str(server.home)}
        done = subprocess.run(
            [PROGRAM, *words],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        return done.stdout

    run("ingest", "shop.ndjson")
    assert [one["service"] for one in server.get("/api/v1/proposals")] == ["shop"]
    proposed = json.loads(run("objective", "propose", "shop", "--out", "shop.yaml", "--json"))
    asked = server.post("/api/v1/proposals", params={"service": "shop"})
    assert {name: proposed[name] for name in asked} == asked

    told = json.loads(run("objective", "backtest", "shop.yaml", "--json"))
    sent = {"document": (tmp_path / "shop.yaml").read_text()}
    assert server.post("/api/v1/backtests", params={"name": "shop.yaml"}, json=sent) == told


def test_a_service_nobody_knows_and_a_broken_document_are_refused(server: Served) -> None:
    unknown = server.post("/api/v1/proposals", params={"service": "nobody"}, status=400)
    assert "nobody: no request" in unknown["error"]["message"]

    sent = {"document": "kind: Nothing"}
    broken = server.post("/api/v1/backtests", params={"name": "a.yaml"}, json=sent, status=422)
    assert broken["error"]["lines"][0].startswith("a.yaml:1:")
