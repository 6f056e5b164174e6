"""What does the shop do now? Its story, minute by minute, with a fresh bad deploy in it."""

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from errorbudget.shop import plot
from errorbudget.shop.engine import opened
from errorbudget.shop.generation import DAY, QUARTER, START, Part, write_part

DAYS: Final = 61
"""Whole days that are over; the day after is the one that is shown."""
BEGINS: Final = 9 * 60 + 50
"""The minute of that day at which the showing begins: a Monday morning."""
PACE: Final = 10
"""Times as fast as the world outside."""
_FRESH: Final = 20
"""Minutes into the showing at which the bad deploy begins: two minutes of who is looking."""
_BURNS: Final = 47
_STRETCH: Final = 5
"""Minutes that are written at once."""


def now() -> datetime:
    """The moment at which the showing begins."""
    return START + timedelta(days=DAYS, minutes=BEGINS)


def fresh() -> tuple[plot.Deploy, plot.Deploy]:
    """The bad deploy that nobody asked the gate about, and the one that takes it back."""
    began = BEGINS + _FRESH
    files = "src/checkout/rounding.py +31 -12; src/checkout/pay.py +4 -2"
    bad = _row("2.20.0", began, 6, "normal", "Round amounts as banks do", files)
    back = _row("2.19.0", began + _BURNS, 3, "rollback", "Back to 2.19.0", "VERSION +1 -1")
    return plot.deploy(bad, START, "2.19.0"), plot.deploy(back, START, "2.20.0")


def _row(*told: Any) -> dict[str, str]:
    version, minute, takes, risk, title, files = told
    return {
        "service": "checkout",
        "day": str(DAYS),
        "time": f"{minute // 60:02d}:{minute % 60:02d}",
        "minutes": str(takes),
        "version": version,
        "author": "femi",
        "risk": risk,
        "gated": "no",
        "title": title,
        "files": files,
    }


class Live:
    """The shop from a minute on: what is due, in order of time. For one thread."""

    def __init__(self, folder: Path, *, scale: float = 1.0, search_scale: float = 0.3) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._deploys = deque(fresh())
        bad, back = fresh()
        trouble = plot.Event(
            name="eur-rounding",
            service="checkout",
            start=bad.change.started_at,
            end=back.change.finished_at or back.change.started_at,
            match={"route": "/pay", "region": "eu"},
            change=bad.change.id,
            what="2.20.0 brings the rounding of July back",
            expect="fire within minutes; where: route=/pay AND region=eu; change 2.20.0 on top",
        )
        self._settings: dict[str, Any] = {
            "start": START.replace(tzinfo=None),
            "days": QUARTER,
            "seed": 7,
            "scale": scale,
            "search_scale": search_scale,
            "deploys": fresh(),
            "events": (trouble,),
        }
        self._next = DAYS * DAY
        self._waiting = deque[tuple[datetime, str]]()
        self._logs = deque[tuple[datetime, Path]]()

    def past(self) -> Iterator[tuple[Path, Sequence[Path]]]:
        """Files of requests and of logs, of the part of the day before the showing begins."""
        first, self._next = self._next, DAYS * DAY + BEGINS
        for service in plot.SERVICES:
            part = self._write(service, first, self._next)
            yield part.requests, [path for *_, path in part.logs]

    def requests(self, at: datetime) -> bytes:
        """The requests since the last asking, as NDJSON."""
        while self._next < min((at - START) // timedelta(minutes=1) + 1, QUARTER * DAY):
            self._go_on()
        due = list[str]()
        while self._waiting and self._waiting[0][0] <= at:
            due.append(self._waiting.popleft()[1])
        return "".join(f"{line}\n" for line in due).encode()

    def logs(self, at: datetime) -> list[Path]:
        """The files of logs that have become whole since the last asking."""
        due = list[Path]()
        while self._logs and self._logs[0][0] <= at:
            due.append(self._logs.popleft()[1])
        return due

    def deploys(self, at: datetime) -> list[plot.Deploy]:
        """The fresh deploys that were finished since the last asking."""
        due = list[plot.Deploy]()
        while self._deploys and (self._deploys[0].change.finished_at or at) <= at:
            due.append(self._deploys.popleft())
        return due

    def _go_on(self) -> None:
        first, last = self._next, min(self._next + _STRETCH, QUARTER * DAY)
        rows = list[tuple[datetime, str]]()
        for service in plot.SERVICES:
            part = self._write(service, first, last)
            rows += _lines(part.requests)
            part.requests.unlink()
            self._logs += [(until, path) for _, until, path in part.logs]
        self._waiting += sorted(rows)
        self._next = last

    def _write(self, service: str, first: int, last: int) -> Part:
        begin, end = (START + timedelta(minutes=minute) for minute in (first, last))
        name = f"{service}-{first}"
        part = Part(
            service=service,
            first=first,
            last=last,
            requests=self._folder / f"{name}.parquet",
            logs=((begin, end, self._folder / f"{name}.logs.ndjson"),),
        )
        write_part(part, self._settings)
        return part


def _lines(file: Path) -> list[tuple[datetime, str]]:
    """The requests of a file as the server takes them in, each with its time."""
    with opened() as connection:
        found = connection.execute(
            "select r.time, cast(to_json(r) as varchar) from read_parquet($1) r", [str(file)]
        ).fetchall()
    return [(time.replace(tzinfo=UTC), line) for time, line in found]
