"""The same requests where each source keeps them: as rows, as spans, as a table of one's own."""

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

Row = Mapping[str, Any]

COLLECTOR = """
create table {database}.otel_traces (
    Timestamp DateTime64(9), TraceId String, SpanId String, ParentSpanId String, TraceState String,
    SpanName LowCardinality(String), SpanKind LowCardinality(String),
    ServiceName LowCardinality(String), ResourceAttributes Map(LowCardinality(String), String),
    ScopeName String, ScopeVersion String, SpanAttributes Map(LowCardinality(String), String),
    Duration UInt64, StatusCode LowCardinality(String), StatusMessage String
) engine = MergeTree partition by toDate(Timestamp)
order by (ServiceName, SpanName, toDateTime(Timestamp))
"""
COLLECTOR_LOGS = """
create table {database}.otel_logs (
    Timestamp DateTime64(9), TimestampTime DateTime default toDateTime(Timestamp), TraceId String,
    SpanId String, TraceFlags UInt8, SeverityText LowCardinality(String), SeverityNumber UInt8,
    ServiceName LowCardinality(String), Body String,
    ResourceAttributes Map(LowCardinality(String), String),
    LogAttributes Map(LowCardinality(String), String)
) engine = MergeTree partition by toDate(TimestampTime)
order by (ServiceName, TimestampTime, Timestamp)
"""
"""As the Collector's exporter makes them."""

OWN = """
create table {database}.access (
    at DateTime64(6), path String, verb String, code Nullable(Int32), ms Nullable(Float64),
    customer String, build String, zone String, stage String, trace String, span String,
    crawler Bool, extra Map(String, String), app String
) engine = MergeTree order by (app, at)
"""
OWN_COLUMNS = {
    "time": "at",
    "service": "app",
    "route": "path",
    "method": "verb",
    "status": "code",
    "duration_ms": "ms",
    "tenant": "customer",
    "version": "build",
    "region": "zone",
    "environment": "stage",
    "trace_id": "trace",
    "span_id": "span",
    "is_bot": "crawler",
    "attributes": "extra",
}


def requests(start: datetime, count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Requests of three services over two hours, with everything that criteria look at."""
    dice = random.Random(seed)
    rows: list[dict[str, Any]] = []
    for number in range(count):
        at = start + timedelta(microseconds=dice.randrange(2 * 3600 * 10**6))
        trace = f"{dice.randrange(count):032x}"
        extra = {"order.kind": dice.choice(["new", "again"])} if dice.random() < 0.7 else {}
        if dice.random() < 0.2:
            extra["idempotency_key"] = f"key {dice.randrange(count // 8 + 1)}"
        status = dice.choice([200, 200, 200, 201, 404, 499, 500, 503, None])
        if status and dice.random() < 0.1:
            extra["error.type"] = dice.choice(["invalid_input", "it's broken", ""])
        rows.append(
            {
                "time": at.replace(tzinfo=None),
                "service": dice.choice(["shop", "shop", "shop", "ledger", "stock"]),
                "route": dice.choice(["/pay", "/cart", "/items/{id}", "/healthz"]),
                "method": dice.choice(["GET", "POST"]),
                "status": status,
                "duration_ms": dice.choice([dice.randrange(2_000_000) / 1000, 300.0, 1200.0]),
                "tenant": dice.choice(["acme", "zeta", "", "o'neil"]),
                "version": f"v{1 + int(trace, 16) % 2}",
                "region": dice.choice(["eu", "us"]),
                "environment": dice.choice(["production", "production", "staging", ""]),
                "trace_id": trace,
                "span_id": f"{number + 1:016x}",
                "is_bot": dice.random() < 0.05,
                "attributes": extra,
            }
        )
    return rows


def logs(rows: Sequence[Row], seed: int = 2) -> list[dict[str, Any]]:
    """Log records, a part of them errors, some of a request, up to a day from it."""
    dice = random.Random(seed)
    records: list[dict[str, Any]] = []
    for row in rows:
        if dice.random() < 0.6:
            continue
        late = dice.choice([timedelta(seconds=1), timedelta(hours=23), timedelta(hours=25)])
        late = dice.choice([late, -timedelta(minutes=59), -timedelta(minutes=61)])
        records.append(
            {
                "time": row["time"] + late,
                "service": dice.choice([row["service"], row["service"], "", "stock"]),
                "request_id": dice.choice([row["trace_id"], row["trace_id"], ""]),
                "level": dice.choice(["ERROR", "INFO"]),
                "is_error": False,
                "message": f"took {dice.randrange(100)} ms",
                "template": "",
                "attributes": {},
            }
        )
        records[-1]["is_error"] = records[-1]["level"] == "ERROR"
    return records


def span(row: Row) -> tuple[Any, ...]:
    """A request as the Collector writes the span that tells of it."""
    attributes = dict(row["attributes"]) | {
        "http.route": row["route"],
        "http.request.method": row["method"],
    }
    if row["status"] is not None:
        attributes["http.response.status_code"] = str(row["status"])
    if row["tenant"]:
        attributes["tenant.id"] = row["tenant"]
    if row["is_bot"]:
        attributes["user_agent.original"] = "Examplebot/1.0"
    resource = {
        "service.name": row["service"],
        "service.version": row["version"],
        "cloud.region": row["region"],
    }
    if row["environment"]:
        resource["deployment.environment.name"] = row["environment"]
    return (
        row["time"],
        row["trace_id"],
        row["span_id"],
        row["route"],
        "Server",
        row["service"],
        resource,
        attributes,
        round(row["duration_ms"] * 1_000_000),
        "Unset",
    )


SPAN_COLUMNS = [
    "Timestamp",
    "TraceId",
    "SpanId",
    "SpanName",
    "SpanKind",
    "ServiceName",
    "ResourceAttributes",
    "SpanAttributes",
    "Duration",
    "StatusCode",
]
LOG_COLUMNS = ["Timestamp", "TraceId", "SeverityText", "SeverityNumber", "ServiceName", "Body"]


def log(record: Row) -> tuple[Any, ...]:
    """A log record as the Collector writes it."""
    number = 17 if record["is_error"] else 9
    return (
        record["time"],
        record["request_id"],
        record["level"],
        number,
        record["service"],
        record["message"],
    )
