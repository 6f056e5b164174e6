"""Traffic of one service by the minute, taken in from a file, and a document that judges it."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from errorbudget.ledger.window import minute_floor, moment
from errorbudget.program.program import Program

START = datetime(2026, 3, 2, tzinfo=UTC)
"""A Monday."""

Minute = tuple[int, int]
"""Good and bad requests."""


def at(days: float, clock: str = "00:00") -> datetime:
    """The moment `clock` (HH:MM) of a day, the first being day 0."""
    hours, minutes = clock.split(":")
    return START + timedelta(days=days, hours=int(hours), minutes=int(minutes))


def document(folder: Path, service: str = "shop", *, target: str = "99%", more: str = "") -> Path:
    """A document with one objective, written to a folder."""
    path = folder / f"{service}.yaml"
    path.write_text(
        f"""\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: {service}
objectives:
  availability: {{good: status < 500, target: {target}, window: {{rolling: 28d}}}}
{more}"""
    )
    return path


def rows(
    since: datetime, until: datetime, traffic: Callable[[int], Minute], service: str = "shop"
) -> bytes:
    """NDJSON of what traffic says of each minute from one moment to another."""
    lines: list[bytes] = []
    for minute in range(minute_floor(since), minute_floor(until)):
        good, bad = traffic(minute)
        time = f"{moment(minute):%Y-%m-%dT%H:%M:00Z}"
        for status, count in ((200, good), (500, bad)):
            row = {"time": time, "service": service, "status": status}
            lines += [orjson.dumps(row)] * count
    return b"\n".join(lines) + b"\n"


def fed(
    folder: Path,
    traffic: Callable[[int], Minute],
    *,
    days: float,
    service: str = "shop",
    documents: Mapping[str, str] | None = None,
    **promised: str,
) -> Program:
    """A program on a home of its own that has seen so many days of traffic, from a file."""
    program = Program.open(folder / "home", create=True)
    file = folder / f"{service}.ndjson"
    file.write_bytes(rows(START, START + timedelta(days=days), traffic, service))
    program.requests.ingest(file)
    program.objectives.apply(document(folder, service, **promised), now=START)
    return program


def between(
    since: datetime, until: datetime, then: Minute, usual: Minute
) -> Callable[[int], Minute]:
    """Usual traffic, but in one span."""
    span = range(minute_floor(since), minute_floor(until))
    return lambda minute: then if minute in span else usual
