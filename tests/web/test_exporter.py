"""What OpenTelemetry's own exporter sends comes to the budgets of the same requests from a file."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from web.served import DOCUMENT, PROGRAM, Served

EXPORT = """\
import json, sys
from datetime import UTC, datetime
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind

class Written(SpanProcessor):
    def on_end(self, span):
        of = span.get_span_context()
        time = datetime.fromtimestamp(span.start_time / 10**9, UTC).isoformat()
        row = {
            "time": time, "service": "shop", "trace_id": f"{of.trace_id:032x}",
            "span_id": f"{of.span_id:016x}", "status": span.attributes.get(STATUS),
            "duration_ms": (span.end_time - span.start_time) / 10**6,
        }
        print(json.dumps(row), file=rows)

STATUS = "http.response.status_code"
rows = open(sys.argv[2], "w")
spans = TracerProvider(resource=Resource.create({"service.name": "shop"}))
exporter = OTLPSpanExporter(f"{sys.argv[1]}/v1/traces")
spans.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=10_000))
spans.add_span_processor(Written())
for number in range(3000):
    with spans.get_tracer("t").start_as_current_span("GET", kind=SpanKind.SERVER) as span:
        span.set_attribute(STATUS, 503 if number % 91 == 0 else 200)
spans.shutdown()
"""


def test_the_exporter_and_a_file_of_its_requests_come_to_the_same_budget(
    server: Served, tmp_path: Path
) -> None:
    rows, document = tmp_path / "rows.ndjson", tmp_path / "shop.yaml"
    document.write_text(DOCUMENT.format(service="shop"))

    def run(*words: str, **environment: str) -> Any:
        around = os.environ | {"ERRORBUDGET_HOME": str(tmp_path / "of-file")} | environment
        done = subprocess.run(
            [PROGRAM, *words, "--json"], env=around, capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)

    server.apply()
    subprocess.run([sys.executable, "-c", EXPORT, server.url, rows], check=True, timeout=60)
    failed = sum(1 for line in rows.read_text().splitlines() if '"status": 200' not in line)
    server.counted(3000, failed)
    at = datetime.now(UTC).isoformat()  # noqa: TID251 -- a server lives in the present
    (sent,) = run("budget", "--at", at, ERRORBUDGET_URL=server.url)
    run("ingest", str(rows))
    run("objective", "apply", str(document))
    (of_file,) = run("budget", "--at", at)

    assert (sent["valid"], sent["bad"]) == (3000, failed)
    for name in of_file.keys() - {"as_of"}:
        assert sent[name] == of_file[name], name
