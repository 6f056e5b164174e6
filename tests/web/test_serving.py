"""A server receives, counts, decides and answers, over HTTP on loopback."""

import gzip
import json
import os
import subprocess
import sys
import textwrap
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2

from errorbudget.program.trail.audit import verify_copy
from web.served import DOCUMENT, PROGRAM, Served, serve

EXPORT = """\
import sys
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind

url = sys.argv[1]
resource = Resource.create({"service.name": "shop"})
spans = TracerProvider(resource=resource)
spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{url}/v1/traces")))
records = LoggerProvider(resource=resource)
records.add_log_record_processor(SimpleLogRecordProcessor(OTLPLogExporter(f"{url}/v1/logs")))
for number in range(1000):
    with spans.get_tracer("t").start_as_current_span("GET", kind=SpanKind.SERVER) as span:
        span.set_attribute("http.response.status_code", 500 if number % 100 == 0 else 200)
        if number == 1:
            record = LogRecord(
                timestamp=span.start_time, severity_number=SeverityNumber.ERROR, body="lost"
            )
            records.get_logger("t").emit(record)
spans.shutdown()
records.shutdown()
"""


def ago(minutes: float) -> str:
    # When it is asked: collected minutes earlier, the data would be late and the budget unknown.
    now = datetime.now(UTC)  # noqa: TID251 -- a server lives in the present
    return (now - timedelta(minutes=minutes)).isoformat()


def shop(status: int = 200, minutes: float = 5, **columns: object) -> dict[str, object]:
    return {"time": ago(minutes), "service": "shop", "status": status, **columns}


def test_the_real_exporter_in_another_process_is_counted(server: Served):
    document = DOCUMENT.format(service="shop").replace(
        "good: status < 500", "good: status < 500 AND error_logs = 0"
    )
    server.post("/api/v1/documents", content=document.encode())

    subprocess.run([sys.executable, "-c", EXPORT, server.url], check=True, timeout=60)

    server.counted(1000, 11)


def test_posted_requests_are_counted_and_the_same_batch_counts_once(server: Served):
    server.apply()
    batch = [shop(), shop(500), {"status": 200}]

    first, again = server.send(*batch), server.send(*batch)
    server.send(shop(minutes=4), key="k")
    server.send(shop(minutes=3), key="k")

    assert [first[name] for name in ("read", "stored", "duplicates", "rejected")] == [3, 2, 0, 1]
    assert [again[name] for name in ("read", "stored", "duplicates", "rejected")] == [3, 0, 2, 1]
    server.counted(3, 1)


def test_a_zipped_body_is_read(server: Served):
    body = gzip.compress(json.dumps(shop()).encode())

    told = server.post("/api/v1/requests", content=body, headers={"Content-Encoding": "gzip"})

    assert told["stored"] == 1


def test_the_gate_over_http_decides_and_is_in_the_trail(server: Served, tmp_path: Path):
    server.apply()
    server.send(*(shop(minutes=number / 100) for number in range(500)))
    server.counted(500, 0)

    allowed = server.post("/api/v1/gate", json={"service": "shop", "change": "c1", "risk": "low"})
    server.send(*(shop(500, minutes=number / 100) for number in range(500)))
    server.counted(1000, 500)
    # The gate reads the last evaluation, which follows the count within a tick or two.
    deadline = time.monotonic() + 30
    refused = allowed
    while refused["decision"] == "allow" and time.monotonic() < deadline:
        asked = {"service": "shop", "change": "c2", "risk": "low"}
        refused = server.post("/api/v1/gate", json=asked)
    outcome = server.post(f"/api/v1/gate/{allowed['entry']}/outcome", json={"exit_code": 0})

    assert (allowed["decision"], refused["decision"]) == ("allow", "block")
    assert outcome["outcome"] == "succeeded"
    decisions = server.get("/api/v1/decisions", service="shop")
    assert {allowed["entry"], refused["entry"]} <= {one["seq"] for one in decisions}
    (change,) = server.get("/api/v1/changes", service="shop")
    assert change["id"] == "c1"
    told = {"service": "shop", "version": "7"}
    once, again = (
        server.post("/api/v1/changes", json=told, headers={"Idempotency-Key": "job-7"})
        for _ in range(2)
    )
    assert once == again
    assert len(server.get("/api/v1/changes", service="shop")) == 2
    refused_kind = server.post("/api/v1/changes", json=told | {"kind": "x"}, status=400)
    assert "kind: 'x' is not a kind" in str(refused_kind)
    assert "--" not in str(refused_kind)
    kept = {"checkpoints": [allowed["checkpoint"], refused["checkpoint"]]}
    assert server.post("/api/v1/audit/verify", json=kept)["entries"] > refused["entry"]

    copy = tmp_path / "copy"
    command = [str(PROGRAM), "audit", "export", str(copy), "--json"]
    around = os.environ | {"ERRORBUDGET_URL": server.url}
    told = subprocess.run(command, env=around, capture_output=True, text=True, check=True).stdout
    verified = verify_copy(copy, json.loads(told)["key"], *kept["checkpoints"])
    assert verified["entries"] > refused["entry"]


def test_a_document_that_is_wrong_is_told_line_by_line(server: Served):
    error = server.post(
        "/api/v1/documents?name=shop.yaml",
        status=422,
        content=DOCUMENT.format(service="shop").replace("target", "targt").encode(),
    )["error"]

    assert error["kind"] == "document"
    assert any(line.startswith("shop.yaml:") and "targt" in line for line in error["lines"])


WRONG = [
    ("/api/v1/gate", {"json": {"service": "nobody", "change": "c"}}, 400, "usage"),
    ("/api/v1/gate", {"json": {"service": "shop"}}, 400, "usage"),
    ("/api/v1/gate", {"json": {"service": "shop", "change": "c", "x": 1}}, 400, "usage"),
    ("/api/v1/gate/99/outcome", {"json": {"exit_code": 0}}, 400, "usage"),
    ("/api/v1/nothing", {}, 404, "not_found"),
    ("/api/v1/requests", {"content": b"x" * (17 << 20)}, 413, "too_large"),
    ("/api/v1/requests", {"content": gzip.compress(b"\n" * (64 << 20))}, 413, "usage"),
    (
        "/api/v1/requests",
        {"content": b"(\xb5/\xfd", "headers": {"Content-Encoding": "zstd"}},
        415,
        "usage",
    ),
]


def test_failures_have_one_shape(server: Served):
    for path, sent, status, kind in WRONG:
        error = server.post(path, status=status, **sent)["error"]

        assert error["kind"] == kind, (path, error)
        assert error["message"] == "\n".join(error["lines"])


def test_every_endpoint_is_documented(server: Served):
    described = server.get("/api/v1/openapi.json")

    endpoints = [
        (path, method, one)
        for path, methods in described["paths"].items()
        for method, one in methods.items()
    ]
    assert {path for path, _, _ in endpoints} >= {
        "/v1/traces",
        "/v1/logs",
        "/api/v1/requests",
        "/api/v1/budgets",
        "/api/v1/burn",
        "/api/v1/changes",
        "/api/v1/decisions",
        "/api/v1/gate",
        "/healthz",
        "/readyz",
    }
    for path, method, one in endpoints:
        assert one["summary"], (path, method)
        assert "200" in one["responses"], (path, method)


def test_commands_given_the_same_home_talk_to_its_server(server: Served, tmp_path: Path):
    server.apply()
    server.send(shop(), shop(500))
    moment = ago(0)
    log = tmp_path / "more.ndjson"
    log.write_text("".join(json.dumps(shop(minutes=2)) + "\n" for _ in range(10)))

    def ran(*words: str, code: int = 0, **environment: str) -> str:
        done = subprocess.run(
            [PROGRAM, *words],
            env=os.environ | {"ERRORBUDGET_HOME": str(server.home)} | environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == code, done.stderr
        return done.stdout

    taken = json.loads(ran("ingest", str(log), "--json"))
    assert (taken["read"], taken["stored"]) == (10, 10)
    assert json.loads(ran("ingest", str(log), "--json"))["duplicates"] == 10
    server.counted(12, 1)
    by_command = ran("budget", "--json", "--at", moment)
    by_url = ran(
        "budget", "--json", "--at", moment, ERRORBUDGET_HOME="/x", ERRORBUDGET_URL=server.url
    )
    ran("gate", "check", "shop", "--change", "c", "--risk", "high", code=4)
    ran("gate", "run", "shop", "--change", "d", "--risk", "low", "--", "true")
    ran("budget", "nobody", code=2)
    entries = ran("audit", "log", "--json")
    by_http = server.client.get("/api/v1/budgets", params={"at": moment}).text
    server.stop()

    assert not (server.home / "server.json").exists()
    assert by_command == by_url == by_http == ran("budget", "--json", "--at", moment)
    assert entries == ran("audit", "log", "--json")
    kinds = [entry["kind"] for entry in json.loads(entries)]
    assert kinds == ["objective", "decision", "decision", "outcome"]


def test_a_server_that_was_killed_leaves_a_home_that_commands_open(home: Path):
    with serve(home) as first:
        first.apply()
        first.send(shop())
        first.process.kill()
        first.process.wait()
        assert (home / "server.json").exists()

        done = subprocess.run(
            [PROGRAM, "audit", "log", "--json"],
            env=os.environ | {"ERRORBUDGET_HOME": str(home)},
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert len(json.loads(done.stdout)) == 1
    with serve(home) as second:
        assert second.counts() == (1, 0)


def test_pages_of_other_sites_may_not_call(server: Served):
    for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
        answer = httpx2.post(f"{server.url}/api/v1/gate", headers=headers, json={})

        assert answer.status_code == 403


def test_the_last_acknowledged_requests_are_loaded_when_it_stops(home: Path):
    with serve(home) as first:
        first.apply()
        first.send(*(shop(minutes=number / 100) for number in range(300)))
        assert first.stop() == 0
    assert not list((home / "journal").rglob("*.ndjson"))
    code = textwrap.dedent(
        """
        import duckdb, sys
        print(duckdb.connect(sys.argv[1]).execute("select count(*) from requests").fetchone()[0])
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(home / "warehouse.duckdb")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "300"
