"""A service that counts its requests, and what a Prometheus scrapes of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Key = tuple[str, tuple[tuple[str, str], ...]]

BOUNDS = (0.1, 0.3, 1.2)


def key(name: str, labels: Mapping[str, str]) -> Key:
    return name, tuple(sorted(labels.items()))


@dataclass
class Process:
    """Counters of a service: a child comes to be with the first request that needs it."""

    instance: str
    counters: dict[Key, int] = field(default_factory=dict)

    def begin(self) -> None:
        """What clients do at start: what has no labels is there at 0, and one child is made."""
        for bound in (*map(str, BOUNDS), "+Inf"):
            self._count("http_duration_seconds_bucket", {"le": bound}, 0)
        self._count("http_duration_seconds_count", {}, 0)
        self._count("http_requests_total", {"code": "200", "handler": "/"}, 0)

    def serve(self, row: Mapping[str, Any]) -> None:
        labels = {
            "code": str(row["status"]),
            "handler": row["route"],
            "version": row["version"],
            "tenant": row["tenant"],
        }
        self._count("http_requests_total", labels)
        seconds = row["duration_ms"] / 1000
        for bound in BOUNDS:
            self._count("http_duration_seconds_bucket", {"le": str(bound)}, seconds <= bound)
        self._count("http_duration_seconds_bucket", {"le": "+Inf"})
        self._count("http_duration_seconds_count", {})

    def _count(self, name: str, labels: Mapping[str, str], more: int = 1) -> None:
        own = key(name, {**labels, "job": "shop", "instance": self.instance})
        self.counters[own] = self.counters.get(own, 0) + int(more)


@dataclass
class Scrapes:
    """What was scraped: by series, moments in milliseconds and values."""

    series: dict[Key, list[tuple[int, float]]] = field(default_factory=dict)

    def scrape(self, process: Process, at: int) -> None:
        for own, value in process.counters.items():
            self.series.setdefault(own, []).append((at, value))

    def openmetrics(self) -> str:
        """As promtool takes history in."""
        lines = list[str]()
        names = dict.fromkeys(name for name, _ in self.series)
        for name in names:
            lines.append(f"# TYPE {name.removesuffix('_total')} unknown")
            for (own, labels), samples in self.series.items():
                if own == name:
                    lines += (
                        f"{name}{_braced(labels)} {value} {at / 1000:.3f}" for at, value in samples
                    )
        return "\n".join([*lines, "# EOF", ""])

    def exposition(self) -> str:
        """As VictoriaMetrics takes history in."""
        return "".join(
            f"{name}{_braced(labels)} {value} {at}\n"
            for (name, labels), samples in self.series.items()
            for at, value in samples
        )


def _braced(labels: Iterable[tuple[str, str]]) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels) + "}"


def scraped(rows: Iterable[Mapping[str, Any]], until: datetime, *, every: int = 15) -> Scrapes:
    """What scrapes of one process each so many seconds tell of some requests."""
    process, scrapes = Process("shop-1:8080"), Scrapes()
    waiting = sorted(rows, key=lambda row: row["time"])
    start = int(waiting[0]["time"].replace(tzinfo=UTC).timestamp()) // 60 * 60
    process.begin()
    place = 0
    for at in range(start - 60 + 3, int(until.timestamp()) + 1, every):
        while place < len(waiting) and waiting[place]["time"].replace(tzinfo=UTC).timestamp() <= at:
            process.serve(waiting[place])
            place += 1
        scrapes.scrape(process, at * 1000)
    return scrapes
