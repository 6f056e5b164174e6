"""What the real OpenTelemetry SDK sends is received, and its exporter accepts the answers."""

import logging
import threading
from collections.abc import Generator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode

from errorbudget.errors import Failure
from errorbudget.ingest.otlp import Door, Export, refused

RESOURCE = Resource.create({"service.name": "shop", "service.version": "2"})


@pytest.fixture
def address(door: Door) -> Generator[str]:
    """A server that does nothing but hand bodies to the door."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            export = Export(
                signal="logs" if self.path.endswith("logs") else "traces",
                body=self.rfile.read(int(self.headers["Content-Length"])),
                content_type=self.headers["Content-Type"],
                content_encoding=self.headers.get("Content-Encoding", ""),
            )
            try:
                answer = door.receive(export, datetime.now(UTC))  # noqa: TID251 -- the SDK asks too
            except Failure as failure:
                answer = refused(failure, export.content_type)
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("compression", [Compression.Gzip, Compression.NoCompression])
def test_spans_and_logs_of_the_sdk_meet_in_the_warehouse(address, stream, warehouse, compression):
    spans = TracerProvider(resource=RESOURCE)
    exporter = OTLPSpanExporter(f"{address}/v1/traces", compression=compression)
    spans.add_span_processor(BatchSpanProcessor(exporter))
    records = LoggerProvider(resource=RESOURCE)
    sink = OTLPLogExporter(f"{address}/v1/logs", compression=compression)
    records.add_log_record_processor(SimpleLogRecordProcessor(sink))

    tracer, logger = spans.get_tracer("shop"), records.get_logger("shop")
    for number in range(700):
        with tracer.start_as_current_span(f"GET /{number}", kind=SpanKind.SERVER) as span:
            span.set_attributes({"http.request.method": "GET", "http.route": "/{id}"})
            span.set_attribute("http.response.status_code", 500 if number == 7 else 200)
            with tracer.start_as_current_span("select", kind=SpanKind.CLIENT):
                pass
            if number == 7:
                span.set_status(Status(StatusCode.ERROR))
                error = LogRecord(
                    timestamp=span.start_time, severity_number=SeverityNumber.ERROR, body="lost"
                )
                logger.emit(error)
    spans.shutdown()
    records.shutdown()
    stream.load()

    def ask(sql):
        return warehouse.connection.execute(sql).fetchall()

    assert ask("select service, version, route, status, count(*) from requests group by all"
               " order by status") == [("shop", "2", "/{id}", 200, 699),
                                       ("shop", "2", "/{id}", 500, 1)]  # fmt: skip
    tied = "from logs join requests on request_id = trace_id"
    assert ask(f"select message, logs.is_error, status {tied}") == [("lost", True, 500)]


def test_the_exporter_is_told_of_spans_that_were_set_aside(address, caplog):
    spans = TracerProvider(resource=RESOURCE)
    spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{address}/v1/traces")))

    with caplog.at_level(logging.WARNING):
        spans.get_tracer("shop").start_span("old", kind=SpanKind.SERVER, start_time=1).end()
        spans.shutdown()

    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
