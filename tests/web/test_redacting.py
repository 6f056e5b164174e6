"""A server stores nothing that its configuration forbids, whichever way it comes."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from web.served import serve

CONFIGURATION = """\
redact:
  - {columns: [tenant], with: hash}
  - {attributes: ["client.*"], with: drop}
  - {columns: [route, message], attributes: ["*"], matching: '\\d{13,19}', with: mask}
"""
EXPORT = """\
import sys
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind

url = sys.argv[1]
resource = Resource.create({"service.name": "shop"})
spans = TracerProvider(resource=resource)
spans.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(f"{url}/v1/traces")))
records = LoggerProvider(resource=resource)
records.add_log_record_processor(SimpleLogRecordProcessor(OTLPLogExporter(f"{url}/v1/logs")))
with spans.get_tracer("t").start_as_current_span("GET", kind=SpanKind.SERVER) as span:
    span.set_attribute("http.route", "/card/4711471147114711")
    span.set_attribute("tenant.id", "acme-corporation")
    span.set_attribute("client.address", "203.0.113.77")
    body = "card 4711471147114711 was refused"
    told = LogRecord(timestamp=span.start_time, severity_number=SeverityNumber.ERROR, body=body)
    records.get_logger("t").emit(told)
spans.shutdown()
records.shutdown()
"""
SECRETS = (b"acme-corp", b"4711471147114711", b"203.0.113.77")


def test_nothing_forbidden_is_stored_whichever_way_it_comes(home: Path, tmp_path: Path):
    file = tmp_path / "errorbudget.yaml"
    file.write_text(CONFIGURATION)
    row = {
        "time": datetime.now(UTC).isoformat(),  # noqa: TID251 -- a server lives in the present
        "service": "shop",
        "route": "/card/4711471147114711",
        "tenant": "acme-corporation",
        "client.address": "203.0.113.77",
    }
    sent = tmp_path / "sent.ndjson"
    sent.write_text(json.dumps(row | {"trace_id": "f"}))
    with serve(home, "--config", str(file)) as served:
        served.send(row, row | {"time": "never"})
        served.post("/api/v1/files", params={"name": "sent.ndjson"}, content=sent.read_bytes())
        subprocess.run([sys.executable, "-c", EXPORT, served.url], check=True, timeout=60)
        served.stop()

    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        stored = connection.execute("select tenant, route, attributes from requests").fetchall()
        messages = connection.execute("select message from logs").fetchall()
    assert len({tenant for tenant, _, _ in stored}) == 1
    assert [route for _, route, _ in stored] == ["/card/***"] * 3
    assert not any("client.address" in attributes for _, _, attributes in stored)
    assert messages == [("card *** was refused",)]
    for kept in home.rglob("*"):
        if kept.is_file():
            assert not any(secret in kept.read_bytes() for secret in SECRETS), kept
