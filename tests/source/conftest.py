"""A real warehouse in a directory of its own, and a way to send it rows."""

from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from errorbudget.request import Added, Receipt
from errorbudget.source.duckdb.warehouse import Warehouse

Row = Mapping[str, Any]
Send = Callable[..., Added]

REQUEST_TYPES = {
    "time": "timestamp",
    "service": "varchar",
    "route": "varchar",
    "method": "varchar",
    "status": "integer",
    "duration_ms": "double",
    "tenant": "varchar",
    "version": "varchar",
    "region": "varchar",
    "environment": "varchar",
    "trace_id": "varchar",
    "span_id": "varchar",
    "is_bot": "boolean",
    "attributes": "map(varchar, varchar)",
}
LOG_TYPES = {
    "time": "timestamp",
    "service": "varchar",
    "request_id": "varchar",
    "level": "varchar",
    "is_error": "boolean",
    "message": "varchar",
    "template": "varchar",
    "attributes": "map(varchar, varchar)",
}
STAGED = 100
"""Rows that are staged at once."""
DEFAULTS = {"varchar": "", "boolean": False, "map(varchar, varchar)": {}}


@pytest.fixture
def warehouse(tmp_path: Path) -> Generator[Warehouse]:
    with Warehouse.open(tmp_path / "warehouse.duckdb") as opened:
        yield opened


@pytest.fixture
def send(warehouse: Warehouse) -> Send:
    """Send rows as one batch; every call is a new batch unless a key is given."""
    sent = 0

    def send_rows(
        rows: Sequence[Row],
        *,
        kind: str = "requests",
        feed: str = "sender",
        key: str = "",
        position: int = 0,
    ) -> Added:
        nonlocal sent
        sent += 1
        stage(warehouse, kind, rows)
        receipt = Receipt(feed=feed, key=key or f"batch {sent}", position=position, line=0)
        return warehouse.add_logs(receipt) if kind == "logs" else warehouse.add_requests(receipt)

    return send_rows


def stage(warehouse: Warehouse, kind: str, rows: Sequence[Row]) -> None:
    """Fill the temporary table that ingestion fills."""
    types = LOG_TYPES if kind == "logs" else REQUEST_TYPES
    columns = ", ".join(f"{name} {type_}" for name, type_ in types.items())
    warehouse.connection.execute(
        f"create or replace temp table staged_{kind} (line bigint, {columns})"
    )
    marks = ", ".join(f"cast(? as {type_})" for type_ in types.values())
    for start in range(0, len(rows), STAGED):
        some = rows[start : start + STAGED]
        values = [
            value
            for line, row in enumerate(some, start)
            for value in (line, *(row.get(name, DEFAULTS.get(t)) for name, t in types.items()))
        ]
        several = ", ".join([f"(?, {marks})"] * len(some))
        warehouse.connection.execute(f"insert into staged_{kind} values {several}", values)
