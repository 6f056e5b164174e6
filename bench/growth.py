"""What a tick costs as objectives and history grow, and the lines that fit what was measured.

A tick counts what is new and evaluates every budget, burn and alert. A fleet has two objectives a
service. `all stir`: every service had requests since the last tick; `none stirs`: no service had.
"""

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from bench.tally import Row
from errorbudget.ledger.tally import DAY
from errorbudget.ledger.window import moment
from errorbudget.program.program import Program
from errorbudget.program.watching.watching import Watch
from errorbudget.request import Receipt

FLEETS = (10, 100, 1_000)
HISTORIES = (1, 10, 100, 400)
SERVICES = 5
"""Of the homes with a long history."""
ROUNDS = 3
FLEET = 10_000
"""Objectives that are told by the fit: to set them up takes longer than to measure them."""
START = 20_500 * DAY
SOME_MINUTES = (Path(__file__).parent / "some_minutes.sql").read_text()
DOCUMENT = """
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: service-{place}
objectives:
  availability: {{good: status < 500, target: 99.9%, window: {{rolling: 28d}}}}
  latency: {{good: duration_ms <= 1000, target: 99%, window: {{calendar: quarter}}}}
"""


def run() -> list[Row]:
    """Processor seconds a tick, beside what the fitted line says."""
    busy, quiet, begun = zip(*(_fleet(objectives // 2) for objectives in FLEETS), strict=True)
    aged, restarted = zip(*_aged(), strict=True)
    return [
        *_fitted("all stir", "objectives", FLEETS, busy),
        *_fitted("none stirs", "objectives", FLEETS, quiet),
        *_fitted("the first after a start", "objectives", FLEETS, begun),
        *_fitted("all stir", f"days of {2 * SERVICES} objectives", HISTORIES, aged),
        *_fitted("the first after a start", "days", HISTORIES, restarted),
    ]


def _fitted(what: str, of: str, sizes: Sequence[int], seconds: Sequence[float]) -> Iterator[Row]:
    """A line through what was measured, by least squares of its relative errors."""
    size, cost = np.array(sizes, float), np.array(seconds)
    slope, fixed = np.polyfit(size, cost, 1, w=1 / cost)
    note = f"CPU; fitted: {fixed * 1000:.2g} ms + {slope * 1e6:.3g} µs each"
    if of == "objectives":
        note += f"; {FLEET:,}: {fixed + slope * FLEET:.2g} s"
    for one, measured in zip(sizes, seconds, strict=True):
        yield f"tick, {what}: {one:,} {of}", measured, fixed + slope * one, "s", note


def _fleet(services: int) -> tuple[float, float, float]:
    """Seconds of a tick of which all services stir, of one of which none does, and of the first."""
    with _home(services) as (program, watch):
        _send(program, services, START, START + 60)
        begun = _ticking(watch, START + 60)
        busy, quiet = list[float](), list[float]()
        for minute in range(START + 60, START + 60 + ROUNDS):
            _send(program, services, minute, minute + 1)
            busy.append(_ticking(watch, minute + 1))
            quiet.append(_ticking(watch, minute + 1))
        return median(busy), median(quiet), begun


def _aged() -> Iterator[tuple[float, float]]:
    """Seconds of a tick at each age of one home, and of the first tick of a new watch then."""
    with _home(SERVICES) as (program, watch):
        minute = START
        for days in HISTORIES:
            while minute < START + days * DAY:
                until = min(minute + 10 * DAY, START + days * DAY)
                _send(program, SERVICES, minute, until)
                minute = until
            _ticking(watch, minute)
            took = list[float]()
            for _ in range(ROUNDS):
                _send(program, SERVICES, minute, minute + 1)
                minute += 1
                took.append(_ticking(watch, minute))
            yield median(took), _ticking(program.watch(), minute)


@contextmanager
def _home(services: int) -> Generator[tuple[Program, Watch]]:
    with (
        TemporaryDirectory(prefix="errorbudget-bench-") as name,
        Program.open(Path(name) / "home", create=True) as program,
    ):
        for place in range(services):
            document = DOCUMENT.format(place=place).encode()
            program.objectives.put(document, Path(f"{place}.yaml"), now=moment(START))
        yield program, program.watch()


def _send(program: Program, services: int, first: int, last: int) -> None:
    staged = {"services": services, "first": first, "last": last}
    program.warehouse.connection.execute(SOME_MINUTES, staged)
    program.warehouse.add_requests(Receipt(feed="fleet", key=str(last), position=last, line=0))


def _ticking(watch: Watch, minute: int) -> float:
    started = time.process_time()
    watch.tick(moment(minute))
    return time.process_time() - started
