"""Which requests, logs, changes and corrections did the shop have? The same ones for the same seed.

Randomness is a hash of (seed, service, minute, position), and every file is written by one thread
in the order of its minutes, so neither the number of workers nor their luck shows in the data.
Another version of DuckDB may hash differently: the story stays, single requests move.
"""

import json
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import duckdb

from errorbudget.errors import Failure
from errorbudget.shop import plot
from errorbudget.shop.engine import naive, opened, statement, tell
from errorbudget.shop.truth import planted

START: Final = datetime(2026, 7, 1, tzinfo=UTC)
QUARTER: Final = 92
PODS: Final = 6
DAY: Final = 1440

Progress = Callable[[int, int, str], None]
"""Told how many files are written, of how many, and the name of the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """Where one generated shop is, and what was planted in it."""

    directory: Path
    start: datetime
    days: int
    requests: dict[str, tuple[Path, ...]]
    """Parquet files of each service, a month each."""
    logs: dict[str, tuple[Path, ...]]
    """NDJSON files of each service; a gap between two files is a feed that was down."""
    documents: dict[str, Path]
    """The objective document of each service."""
    changes: tuple[plot.Deploy, ...]
    """Every deploy in order of time, the ungated one too; `changes.json` leaves that one out."""
    corrections: tuple[dict[str, Any], ...]
    truth: dict[str, Any]

    def at(self, day: int, clock: str = "00:00") -> datetime:
        """The moment `clock` (HH:MM) of the quarter's day `day`."""
        return plot.moment(self.start, day, clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A stretch of one service, in minutes since the start: what one worker writes at once."""

    service: str
    first: int
    last: int
    requests: Path
    logs: tuple[tuple[datetime, datetime, Path], ...]


def generate(  # noqa: PLR0913 -- each is a choice of the caller, named at the call
    directory: Path,
    *,
    start: datetime = START,
    days: int = QUARTER,
    seed: int = 7,
    scale: float = 1.0,
    search_scale: float = 0.3,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Shop:
    """Write the shop into `directory`. Raises Failure when the quarter cannot be told as asked.

    `scale` multiplies the traffic of checkout and search, `search_scale` that of search once more:
    in full it is five sixths of all requests, and tells nothing that a part of it does not.
    """
    _refuse_nonsense(start, days, scale, search_scale)
    directory.mkdir(parents=True, exist_ok=True)
    told = plot.deploys(start, days)
    parts = _parts(directory, start, days, plot.events(start, days))
    choices = {"seed": seed, "scale": scale, "search_scale": search_scale}
    settings = {"start": start.replace(tzinfo=None), "days": days, **choices}
    _write_parts(parts, settings, workers or min(4, os.cpu_count() or 1), progress)
    requests = _by_service((part.service, part.requests) for part in parts)
    logs = _by_service((part.service, path) for part in parts for *_, path in part.logs)
    corrections = _corrections(requests["checkout"], start, days, scale)
    shop = Shop(
        directory=directory,
        start=start,
        days=days,
        requests=requests,
        logs=logs,
        documents={service: _document(directory, service) for service in plot.SERVICES},
        changes=told,
        corrections=corrections,
        truth=planted(requests, logs, corrections, start, days)
        | {**choices, "duckdb": duckdb.__version__},
    )
    _write_records(shop)
    return shop


def _refuse_nonsense(start: datetime, days: int, *scales: float) -> None:
    if start.tzinfo is None or start != start.astimezone(UTC).replace(hour=0, minute=0, second=0):
        raise Failure(f"the shop's quarter starts at a midnight in UTC, not at {start.isoformat()}")
    if not 1 <= days <= QUARTER:
        raise Failure(f"the shop's story is {QUARTER} days long; {days} days cannot be told of it")
    for scale in scales:
        if not 0.01 <= scale <= 10:
            raise Failure(f"the shop's scale is from 0.01 to 10 of its usual traffic, not {scale}")


def _parts(
    directory: Path, start: datetime, days: int, events: tuple[plot.Event, ...]
) -> list[Part]:
    months = sorted({(start + timedelta(days=day)).replace(day=1) for day in range(days)})
    edges = [max(start, month) for month in months] + [start + timedelta(days=days)]
    outage = next((event for event in events if event.name == "log-outage"), None)
    return [
        _part(directory, start, service, (begin, end), outage)
        for service in plot.SERVICES
        for begin, end in pairwise(edges)
    ]


def _part(
    directory: Path,
    start: datetime,
    service: str,
    month: tuple[datetime, datetime],
    outage: plot.Event | None,
) -> Part:
    begin, end = month
    spans = [(begin, end)]
    if outage and outage.service == service and begin <= outage.start and outage.end <= end:
        spans = [(begin, outage.start), (outage.end, end)]
    name = f"{service}-{begin:%Y-%m}"
    return Part(
        service=service,
        first=(begin - start) // timedelta(minutes=1),
        last=(end - start) // timedelta(minutes=1),
        requests=directory / f"{name}.parquet",
        logs=tuple(
            (since, until, directory / f"{name}{'-later' if number else ''}.logs.ndjson")
            for number, (since, until) in enumerate(spans)
        ),
    )


def _write_parts(
    parts: list[Part], settings: dict[str, Any], workers: int, progress: Progress | None
) -> None:
    largest_first = sorted(
        parts, key=lambda part: ("search", "checkout", "ledger").index(part.service)
    )
    with ThreadPoolExecutor(workers) as pool:
        written = [pool.submit(write_part, part, settings) for part in largest_first]
        for done, future in enumerate(as_completed(written), start=1):
            name = future.result()
            if progress:
                progress(done, len(parts), name)


def write_part(part: Part, settings: dict[str, Any]) -> str:
    """Write a stretch; its settings are `start` (naive), `days` and what `generate` may be told.

    `deploys` and `events` may add to the story's own.
    """
    with opened() as connection:
        _prepare(connection, part, settings)
        tell(connection, path=str(part.requests))
        connection.execute(
            f"copy ({statement(part.service)}) to (getvariable('path'))"
            " (format parquet, compression zstd)"
        )
        connection.execute(statement("beats"))
        tell(connection, requests=str(part.requests))
        for since, until, path in part.logs:
            tell(connection, path=str(path), log_from=naive(since), log_to=naive(until))
            connection.execute(
                f"copy ({statement(part.service + '_logs')}) to (getvariable('path')) (format json)"
            )
    return part.requests.name


def _prepare(connection: duckdb.DuckDBPyConnection, part: Part, settings: dict[str, Any]) -> None:
    """Lay out the part's minutes: how many requests, on which version, under which trouble."""
    start: datetime = settings["start"]
    salt = list(plot.SERVICES).index(part.service) + 1_000 * settings["seed"]
    extra = settings["search_scale"] if part.service == "search" else 1
    tell(
        connection,
        start=start,
        scale=settings["scale"] * extra,
        salt=salt,
        service=part.service,
        first=part.first,
        last=part.last,
    )
    aware = start.replace(tzinfo=UTC)
    connection.execute(
        "create table deploys (started bigint, finished bigint, version varchar, previous varchar,"
        " pods integer)"
    )
    connection.executemany(
        "insert into deploys values (?, ?, ?, ?, ?)", _deploy_rows(part.service, aware, settings)
    )
    connection.execute("create table trouble (name varchar, from_m bigint, to_m bigint)")
    for event in (*plot.events(aware, settings["days"]), *settings.get("events", ())):
        if event.service == part.service:
            connection.execute(
                "insert into trouble values (?, ?, ?)",
                [event.name, _minutes(event.start - aware), _minutes(event.end - aware)],
            )
    connection.execute(statement("calendar"))


def _deploy_rows(service: str, start: datetime, settings: dict[str, Any]) -> list[list[Any]]:
    first = plot.SERVICES[service]
    rows: list[list[Any]] = [[-1, -1, first, first, PODS]]
    for deploy in (*plot.deploys(start, settings["days"]), *settings.get("deploys", ())):
        change = deploy.change
        if change.service == service and change.finished_at:
            began, ended = _minutes(change.started_at - start), _minutes(change.finished_at - start)
            rows.append([began, ended, change.version, deploy.previous, PODS])
    return rows


def _corrections(
    requests: tuple[Path, ...], start: datetime, days: int, scale: float
) -> tuple[dict[str, Any], ...]:
    """The orders found wrong by reconciliation; none when the shop ends before that."""
    recorded = plot.moment(start, plot.RECONCILED_DAY, plot.RECONCILED_AT)
    if recorded >= start + timedelta(days=days):
        return ()
    wrong = next(event for event in plot.events(start, days) if event.name == "wrong-orders")
    with opened() as connection:
        tell(
            connection,
            requests=[str(path) for path in requests],
            **{"from": naive(wrong.start), "to": naive(wrong.end)},
            orders=round(plot.CORRECTED_ORDERS * scale),
        )
        ids = [row[0] for row in connection.execute(statement("corrections")).fetchall()]
    return (
        {
            "service": "checkout",
            "recorded_at": plot.text(recorded),
            "verdict": "bad",
            "reason": "answered 200, but the order was stored with the wrong amount",
            "request_ids": sorted(ids),
        },
    )


def _document(directory: Path, service: str) -> Path:
    """Write out the packaged objective document of a service."""
    path = directory / f"{service}.yaml"
    path.write_bytes(files("errorbudget.shop").joinpath("objectives", path.name).read_bytes())
    return path


def _write_records(shop: Shop) -> None:
    records = {
        "changes.json": [deploy.as_dict() for deploy in shop.changes if deploy.gated],
        "corrections.json": shop.corrections,
        "truth.json": shop.truth,
    }
    for name, record in records.items():
        text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
        (shop.directory / name).write_text(text, encoding="utf-8")


def _by_service(paths: Iterable[tuple[str, Path]]) -> dict[str, tuple[Path, ...]]:
    listed: dict[str, tuple[Path, ...]] = {}
    for service, path in paths:
        listed[service] = (*listed.get(service, ()), path)
    return listed


def _minutes(span: timedelta) -> int:
    return span // timedelta(minutes=1)
