"""How many spans a second are acknowledged on disk and loaded, against only decoding them?"""

import contextlib
import os
import random
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from errorbudget.errors import Failure
from errorbudget.ingest.otlp import Door, Export
from errorbudget.ingest.stream import Stream
from errorbudget.source.duckdb.warehouse import Warehouse

SPANS = 512
"""In a batch, as the batch processors of OpenTelemetry SDKs send them."""
BATCHES = 1_200
SENDERS = 4
ROUTES = ("/cart/{id}", "/checkout", "/search", "/order/{id}/status")
START = 1_784_556_000_000_000_000
NOW = datetime.fromtimestamp(START // 10**9 + 60, UTC)
RESOURCE = {
    "service.name": "checkout",
    "service.version": "2.14.0",
    "deployment.environment.name": "production",
    "cloud.region": "eu-central-1",
    "k8s.pod.name": "checkout-6d5f7c9b4-x2x7p",
    "telemetry.sdk.name": "opentelemetry",
    "telemetry.sdk.language": "java",
    "telemetry.sdk.version": "1.45.0",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of sending every payload."""

    acknowledged: float
    """Seconds until all were."""
    loaded: float
    """Seconds until every row was in the warehouse."""
    early: float
    """Megabytes in memory when a quarter had been acknowledged."""
    late: float
    """Megabytes in memory when all had been."""


def run(batches: int = BATCHES) -> tuple[str, float, float, str, str]:
    """Spans a second: acknowledged on disk while they are loaded; reference: decoded and read."""
    with _folder() as folder:
        files = [_payload_file(folder, number) for number in range(batches)]
        some = [file.read_bytes() for file in files[:200]]
        reference = _best(lambda: _only_read(some), len(some) * SPANS)
        taken = _taken_in(folder, files)
    total = batches * SPANS
    note = (
        f"{total:,} spans in batches of {SPANS} from {SENDERS} senders; all in the warehouse at"
        f" {total / taken.loaded:,.0f}/s; reference: protobuf decoded, every attribute read;"
        f" resident {taken.early:,.0f} MB after a quarter, {taken.late:,.0f} MB at the end,"
        f" peak {_peak():,.0f} MB"
    )
    return "OTLP spans per second", total / taken.acknowledged, reference, "1/s", note


def _taken_in(folder: Path, files: list[Path]) -> Taken:
    with Warehouse.open(folder / "warehouse.duckdb") as warehouse:
        stream = Stream.open(folder / "journal", warehouse)
        stream.start()
        door = Door(stream, folder / "rejected")
        started = time.perf_counter()
        _send_all(door, files[: len(files) // 4])
        early = _resident()
        _send_all(door, files[len(files) // 4 :])
        acknowledged, late = time.perf_counter() - started, _resident()
        stream.close()
        loaded = time.perf_counter() - started
        rows = warehouse.connection.execute("select count(*) from requests").fetchone()
    if rows != (len(files) * SPANS,):
        raise AssertionError(f"{rows} rows in the warehouse, {stream.state}")
    return Taken(acknowledged=acknowledged, loaded=loaded, early=early, late=late)


def _send_all(door: Door, files: list[Path]) -> None:
    with ThreadPoolExecutor(SENDERS) as senders:
        list(senders.map(partial(_send, door), files))


def _send(door: Door, file: Path) -> None:
    body = file.read_bytes()
    export = Export(signal="traces", body=body, content_type="application/x-protobuf")
    while True:
        try:
            door.receive(export, NOW)
        except Failure:
            time.sleep(0.1)
        else:
            return


def _only_read(payloads: list[bytes]) -> None:
    for body in payloads:
        for resource_spans in ExportTraceServiceRequest.FromString(body).resource_spans:
            _texts(resource_spans.resource.attributes)
            for scope in resource_spans.scope_spans:
                for span in scope.spans:
                    _read(span)


def _read(span: Span) -> tuple[object, ...]:
    return (
        _texts(span.attributes),
        span.kind,
        span.name,
        span.trace_id.hex(),
        span.span_id.hex(),
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        span.status.code,
    )


def _texts(attributes: Iterable[KeyValue]) -> dict[str, str]:
    found: dict[str, str] = {}
    for attribute in attributes:
        value = attribute.value
        text = value.string_value
        if not text:
            kind = value.WhichOneof("value")
            text = str(getattr(value, kind)) if kind else ""
        found[attribute.key] = text
    return found


def _payload_file(folder: Path, number: int) -> Path:
    file = folder / f"{number}.payload"
    file.write_bytes(payload(number))
    return file


def payload(number: int) -> bytes:
    """A batch of spans as an exporter sends it."""
    chance = random.Random(number)
    message = ExportTraceServiceRequest()
    resource_spans = message.resource_spans.add()
    resource_spans.resource.attributes.extend(_attributes(RESOURCE))
    spans = resource_spans.scope_spans.add().spans
    for index in range(SPANS):
        _fill(spans.add(), chance, START + (number * SPANS + index) * 10_000)
    return message.SerializeToString()


def _fill(span: Span, chance: random.Random, start: int) -> None:
    route = chance.choice(ROUTES)
    span.trace_id, span.span_id = chance.randbytes(16), chance.randbytes(8)
    span.kind, span.name = Span.SPAN_KIND_SERVER, f"GET {route}"
    span.start_time_unix_nano = start
    span.end_time_unix_nano = start + chance.randrange(10**6, 10**9)
    said = {
        "http.request.method": "GET",
        "http.route": route,
        "http.response.status_code": 500 if chance.random() < 0.001 else 200,
        "url.path": route.replace("{id}", str(chance.randrange(10**6))),
        "url.scheme": "https",
        "server.address": "shop.example",
        "server.port": 443,
        "network.protocol.version": "1.1",
        "client.address": f"10.0.{chance.randrange(256)}.{chance.randrange(256)}",
        "user_agent.original": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0",
        "tenant.id": f"tenant-{chance.randrange(120)}",
    }
    span.attributes.extend(_attributes(said))


def _attributes(said: Mapping[str, str | int]) -> list[KeyValue]:
    return [
        KeyValue(
            key=name,
            value=AnyValue(int_value=value)
            if isinstance(value, int)
            else AnyValue(string_value=value),
        )
        for name, value in said.items()
    ]


def _best(work: Callable[[], None], items: int) -> float:
    """Items a second, in the best of three."""
    took: list[float] = []
    for _ in range(3):
        started = time.perf_counter()
        work()
        took.append(time.perf_counter() - started)
    return items / min(took)


@contextlib.contextmanager
def _folder() -> Generator[Path]:
    path = Path(tempfile.mkdtemp(prefix="errorbudget-otlp-"))
    try:
        yield path
    finally:
        shutil.rmtree(path)


def _resident() -> float:
    """Megabytes of this process in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    print(run())
