"""Judges example requests with the same SQL that counts real ones."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import duckdb
import numpy as np

from errorbudget import clock
from errorbudget.request import COLUMNS, SENT
from errorbudget.source.duckdb.connection import open_memory
from errorbudget.source.duckdb.counting import tally
from errorbudget.source.duckdb.statements import statement

if TYPE_CHECKING:
    from errorbudget.objective.indicator import Indicator, Requests

Judgement = Literal["good", "bad", "excluded"]


def judge(
    requests: Requests, indicators: Mapping[str, Indicator], rows: Sequence[Mapping[str, Any]]
) -> list[dict[str, Judgement]]:
    """What each indicator makes of each example. Raises CriterionFailed like counting does."""
    if not rows or not indicators:
        return [{} for _ in rows]
    with open_memory() as connection:
        connection.execute(statement("example_schema"))
        for number, row in enumerate(rows):
            _store(connection, requests, number, row)
        # One example a minute: the counts of a minute are the judgement of its only request.
        minutes = np.arange(len(rows), dtype=np.int64)
        counted = tally(connection, list(indicators.values()), minutes, told=True)
    return [
        {
            name: _judgement(int(counts.valid[number]), int(counts.bad[number]))
            for name, counts in zip(indicators, counted, strict=True)
        }
        for number in range(len(rows))
    ]


def _judgement(valid: int, bad: int) -> Judgement:
    if not valid:
        return "excluded"
    return "bad" if bad else "good"


def _store(
    connection: duckdb.DuckDBPyConnection, requests: Requests, number: int, row: Mapping[str, Any]
) -> None:
    texts = [name for name in SENT if COLUMNS[name] == "text" and name != "service"]
    attributes: Mapping[str, Any] = row.get("attributes") or {}
    values = {name: row.get(name) or "" for name in texts} | {
        "number": number,
        "time": _time(row.get("time")),
        "service": row.get("service") or requests.services[0],
        "status": row.get("status"),
        "duration_ms": row.get("duration_ms"),
        "is_bot": bool(row.get("is_bot", False)),
        "names": list(attributes),
        "texts": [_text(value) for value in attributes.values()],
        "error_logs": row.get("error_logs") or 0,
        "corrections": row.get("corrections") or 0,
    }
    connection.execute(statement("insert_example"), values)


def _time(value: object) -> datetime | None:
    """As ingestion reads it: RFC 3339, or milliseconds since 1970; without a zone it is UTC."""
    if value is None:
        return None
    if isinstance(value, int | float):
        moment = datetime.fromtimestamp(value / 1000, UTC)
    else:
        moment = clock.parse(str(value))
    return moment.astimezone(UTC).replace(tzinfo=None)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
