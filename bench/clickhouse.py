"""A day of the Collector's spans counted where ClickHouse keeps them, against a query by hand."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import numpy as np

from bench.tally import Row, availability
from errorbudget.ledger.window import minute_floor
from errorbudget.source.clickhouse.engine import Engine
from errorbudget.source.clickhouse.source import ClickHouse
from errorbudget.source.clickhouse.tables import Table, Tables

SPANS = 1_000_000
ROUNDS = 5
START = datetime(2026, 3, 2, tzinfo=UTC)
FILL = (Path(__file__).parent / "a_day_of_spans.sql").read_text()
COLUMNS = {
    "route": "SpanAttributes['http.route']",
    "status": "toInt32OrNull(SpanAttributes['http.response.status_code'])",
    "environment": "ResourceAttributes['deployment.environment.name']",
    "is_bot": "match(SpanAttributes['user_agent.original'], '(?i)bot|crawl|spider')",
}
"""What one who knows that all of it is HTTP, by the newest conventions, would write."""
BY_HAND = """
select
    intDiv(toUnixTimestamp(Timestamp), 60) as minute,
    countIf(is_valid),
    countIf(is_valid and not coalesce(status < 500 and duration_ms <= 1200, false))
from (
    select
        Timestamp,
        toInt32OrNull(SpanAttributes['http.response.status_code']) as status,
        Duration / 1000000 as duration_ms,
        coalesce(status is null or status not between 400 and 499
            or (status = 499 and duration_ms >= 1200), true) as is_valid
    from bench.otel_traces
    where
        ServiceName = 'checkout'
        and SpanKind = 'Server'
        and Timestamp >= '2026-03-02 00:00:00'
        and Timestamp < '2026-03-03 00:00:00'
        and ResourceAttributes['deployment.environment.name'] in ('', 'production')
        and SpanAttributes['http.route'] not in ('/healthz', '/metrics')
        and not match(SpanAttributes['user_agent.original'], '(?i)bot|crawl|spider')
)
group by minute
"""


def run() -> list[Row]:
    import clickhouse_connect

    # The engine runs in this process, so that processor time is all that a question costs.
    with clickhouse_connect.get_client(interface="chdb") as client:
        client.command("drop database if exists bench")
        for statement in FILL.format(spans=SPANS).split(";"):
            if statement.strip():
                client.command(statement)
        plain, given = (
            ClickHouse(
                Engine(lambda: client),
                Tables(requests=Table(name="bench.otel_traces", columns=columns), logs=None),
            )
            for columns in ({}, COLUMNS)
        )
        minutes = minute_floor(START) + np.arange(1440)
        of = availability("checkout")
        taken: dict[str, list[float]] = {"plain": [], "given": [], "hand": [], "few": []}
        for _ in range(ROUNDS):
            counted = _timed(taken["plain"], lambda: plain.tally([of], minutes)[0])
            _timed(taken["given"], lambda: given.tally([of], minutes))
            rows = _timed(taken["hand"], lambda: client.query(BY_HAND).result_rows)
            _timed(taken["few"], lambda: given.tally([of], minutes[[3, 700, 1200, 1439]]))
        by_hand = {minute: (valid, bad) for minute, valid, bad in rows}
        columns = (counted.minute.tolist(), counted.valid.tolist(), counted.bad.tolist())
        told = {minute: (valid, bad) for minute, valid, bad in zip(*columns, strict=True) if valid}
        assert told == by_hand
        client.command("drop database bench")
    cost = {name: median(seconds) for name, seconds in taken.items()}
    a_day = f"CPU; {counted.valid.sum():,} of {SPANS:,} spans, 1 service, 1 day"
    return [
        ("clickhouse tally", cost["given"], cost["hand"], "s", f"{a_day}; wanted ≤ 1.3"),
        ("clickhouse all conventions", cost["plain"], cost["hand"], "s", "routes, RPC, messaging"),
        ("clickhouse dirty minutes", cost["few"], cost["given"], "s", "4 minutes of the day"),
    ]


def _timed(taken: list[float], ask: Callable[[], Any]) -> Any:
    started = process_time()
    found = ask()
    taken.append(process_time() - started)
    return found
