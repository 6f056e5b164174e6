"""Budgets by Prometheus's own recording rules, in Sloth's shape, and by us from the same counters.

A month of day and night traffic, fifty to one, on a real Prometheus. Half of the objectives fail
by night, half by day: a mean of ratios weighs a night's minute like a day's.
"""

import subprocess
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
import numpy as np
from numpy.typing import NDArray

from bench.sloth import rules
from bench.tally import Row
from errorbudget import clock
from errorbudget.ledger.tally import DAY
from errorbudget.ledger.window import minute_floor, moment
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.objective.reading import read
from errorbudget.program.budgets.book import Book
from errorbudget.program.budgets.held import HeldDays
from errorbudget.source.asking import Asking
from errorbudget.source.prometheus.api import Api
from errorbudget.source.prometheus.source import Prometheus

OBJECTIVES = 20
FLEET = 10_000
HISTORY = 30 * DAY + 60
TICKS = 8
TARGET = 0.999
ADDRESS = "http://127.0.0.1:9391"
FAILING = (0.0004, 0.003), (0.0017, 0.0004)
"""Which share of the requests fails by day and by night: of one objective, and of the next."""
DOCUMENT = """
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: {service}
requests: {{source: metrics}}
objectives:
  availability:
    prometheus:
      bad: http_requests_total{{job="{service}",code=~"5.."}}
      valid: http_requests_total{{job="{service}"}}
    target: 99.9%
    window: {{rolling: 30d}}
"""

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Truth:
    """What a service served in each minute."""

    service: str
    valid: Counts
    bad: Counts

    def left(self, until: int) -> float:
        """The share of a month's budget that is left at a minute of the history, by requests."""
        month = slice(until - 30 * DAY, until)
        return 1 - self.bad[month].sum() / (self.valid[month].sum() * (1 - TARGET))


def run() -> list[Row]:
    """Processor seconds an evaluation, and how far the budget left is from the truth."""
    with TemporaryDirectory(prefix="errorbudget-bench-") as name:
        folder = Path(name)
        end = minute_floor(clock.now()) + 1
        served = [*_served(end)]
        _store(folder, served, end)
        names = [one.service for one in served]
        (folder / "rules.yml").write_text(rules(names, TARGET))
        with _serving(folder, "rule_files: [rules.yml]"):
            theirs, told = _by_rules()
        with _serving(folder, ""):
            ours, known = _by_us([read(DOCUMENT.format(service=n), file=n) for n in names], end)
    wrong, theirs_wrong = (
        mean(abs(left[one.service] - one.left(HISTORY)) * 100 for one in served)
        for left in (known, told)
    )
    scale = FLEET / OBJECTIVES
    of = f"CPU an evaluation of {FLEET:,} objectives, from {OBJECTIVES} measured, a scrape a minute"
    return [
        ("prometheus: by us, its answers included", ours * scale, theirs * scale, "s", of),
        (
            "prometheus: budget left, mean error",
            wrong,
            theirs_wrong,
            " points",
            "failing by night and by day",
        ),
    ]


def _served(end: int) -> Iterator[Truth]:
    random = np.random.default_rng(1)
    is_day = (np.arange(end - HISTORY, end) % DAY) < DAY // 2
    for place in range(OBJECTIVES):
        by_day, by_night = FAILING[place % len(FAILING)]
        valid = random.poisson(np.where(is_day, 1000, 20))
        bad = random.binomial(valid, np.where(is_day, by_day, by_night))
        yield Truth(f"service-{place}", valid, bad)


def _store(folder: Path, served: Iterable[Truth], end: int) -> None:
    """The history as scrapes, and as the rule of five minutes would have recorded it."""
    seconds = (np.arange(end - HISTORY, end) + 1) * 60
    with (folder / "history.txt").open("w") as file:
        for one in served:
            for code, counts in (("200", one.valid - one.bad), ("500", one.bad)):
                labels = f'job="{one.service}",instance="{one.service}:80",code="{code}"'
                _samples(file, f"http_requests_total{{{labels}}}", np.cumsum(counts), seconds)
        for one in served:
            bad, valid = (np.convolve(x, np.ones(5))[: len(x)] for x in (one.bad, one.valid))
            labels = f'sloth_id="{one.service}",sloth_window="5m"'
            _samples(file, f"slo:sli_error:ratio_rate5m{{{labels}}}", bad / valid, seconds)
        file.write("# EOF\n")
    made = ["tsdb", "create-blocks-from", "--max-block-duration=744h", "openmetrics"]
    paths = [folder / "history.txt", folder / "data"]
    subprocess.run(["promtool", *made, *paths], check=True, capture_output=True)


def _samples(file: Any, series: str, values: NDArray[Any], seconds: Counts) -> None:
    pairs = zip(values.tolist(), seconds.tolist(), strict=True)
    file.writelines(f"{series} {value} {at}\n" for value, at in pairs)


@contextmanager
def _serving(folder: Path, more: str) -> Generator[None]:
    """A Prometheus on what is stored, which scrapes nothing."""
    (folder / "prometheus.yml").write_text(f"global: {{evaluation_interval: 2s}}\n{more}\n")
    command = [
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--storage.tsdb.retention.time=1y",
        f"--web.listen-address={ADDRESS.removeprefix('http://')}",
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _until(lambda: httpx2.get(f"{ADDRESS}/-/ready").is_success)
        yield
    finally:
        process.terminate()
        process.wait(30)


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if holds():
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.2)
    raise TimeoutError("Prometheus did not come so far within a minute")


def _by_rules() -> tuple[float, Mapping[str, float]]:
    """Processor seconds that the server takes for a round of all rules, and what they record."""
    _until(lambda: _rounds() >= 2)
    before, spent = _rounds(), _processor()
    _until(lambda: _rounds() >= before + TICKS)
    cost = (_processor() - spent) / (_rounds() - before)
    query = {"query": "slo:period_error_budget_remaining:ratio"}
    found = httpx2.get(f"{ADDRESS}/api/v1/query", params=query).json()["data"]["result"]
    return cost, {one["metric"]["sloth_id"]: float(one["value"][1]) for one in found}


def _by_us(documents: list[ObjectiveDocument], end: int) -> tuple[float, Mapping[str, float]]:
    """Processor seconds of this process and of the server for a tick, and the budgets left."""
    now = moment(end - TICKS)

    def at() -> datetime:
        return now

    api = Api(ADDRESS, headers={}, seconds=30)
    source = Prometheus(api, asking=Asking(history=HISTORY, late=5), now=at)
    book = Book(source, HeldDays(), documents)
    book.bring_to(now)
    while book.is_behind:
        book.bring_to(now)
    costs = list[float]()
    for minute in range(end - TICKS + 1, end + 1):
        now = moment(minute)
        spent = _processor() + time.process_time()
        book.bring_to(now)
        book.columns(now)
        costs.append(_processor() + time.process_time() - spent)
    left = {one.document.name: float(one.budget.remaining or 0) for one in book.budgets(now)}
    assert not book.problems, book.problems
    api.close()
    return median(costs), left


def _rounds() -> float:
    counts = _numbers("prometheus_rule_group_iterations_total")
    return min(counts) if counts else 0


def _processor() -> float:
    """Processor seconds that the server has taken."""
    (taken,) = _numbers("process_cpu_seconds_total")
    return taken


def _numbers(name: str) -> list[float]:
    lines = httpx2.get(f"{ADDRESS}/metrics").text.splitlines()
    return [
        float(one.rsplit(" ", 1)[1]) for one in lines if one.startswith((f"{name} ", f"{name}{{"))
    ]
