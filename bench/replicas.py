"""Replicas on one PostgreSQL, killed at random: is a decision lost, or an alert repeated?

`python -m bench.replicas --minutes 10` (`make soak-replicas`) kills; `python -m bench replicas`
measures the gate. Requests are counters in a VictoriaMetrics, which every replica reads.
"""

import argparse
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from tests import databases
from tests.ports import free_port

from bench.served import PROGRAM, Receiver
from errorbudget import clock
from errorbudget.store.home import Home

REPLICAS = 3
SCRAPE = 15
"""Seconds between two points of a counter."""
HISTORY = 3 * 3600
DOCUMENT = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: checkout
requests: {source: metrics}
objectives:
  availability:
    prometheus:
      bad: 'http_requests_total{job="checkout",code="500"}'
      valid: 'http_requests_total{job="checkout"}'
    target: 99%
    window: {rolling: 28d}
policy:
  bands:
    - {above: 50%, allow: [rollback, critical, low, normal, high]}
    - {above: -inf, allow: [rollback, critical]}
  unknown: {allow: [rollback, low]}
  stale_after: 10m
notify: [bench]
"""
CONFIGURATION = """\
documents: ['{document}']
sources: {{metrics: {{prometheus: '{metrics}', history: 3h}}}}
targets: {{bench: {{webhook: '{receiver}', secret: a-secret-of-the-bench-alone}}}}
"""


class Metrics:
    """Counters of one service, scraped every 15 s: three hours of them, and on as time goes."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._at = int(_now()) // SCRAPE * SCRAPE - HISTORY
        self._good = self._bad = 0

    def go_on(self, *, failing_since: float) -> None:
        """Every scrape up to now; a third of the requests fails from a moment on."""
        lines = list[str]()
        while self._at + SCRAPE <= _now():
            self._at += SCRAPE
            bad = 50 if self._at > failing_since else 0
            self._good, self._bad = self._good + 150 - bad, self._bad + bad
            for code, count in (("200", self._good), ("500", self._bad)):
                name = f'http_requests_total{{job="checkout",code="{code}"}}'
                lines.append(f"{name} {count} {self._at * 1000}\n")
        if lines:
            body = "".join(lines).encode()
            address = f"{self._url}/api/v1/import/prometheus"
            httpx2.post(address, content=body, trust_env=False).raise_for_status()


@contextmanager
def victoria(folder: Path) -> Generator[str]:
    """A real VictoriaMetrics."""
    port = free_port()
    command = ["victoria-metrics", f"-storageDataPath={folder / 'metrics'}"]
    command += [f"-httpListenAddr=127.0.0.1:{port}", "-search.latencyOffset=0s"]
    with (folder / "metrics.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until(lambda: _answers(f"http://127.0.0.1:{port}/health"), 30)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


class Member:
    """One replica; killed and started again, it is found at the same address."""

    def __init__(self, folder: Path, store: str) -> None:
        self.home = folder / "home"
        self.home.mkdir(parents=True, mode=0o700)
        self._folder, self._store = folder, store
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it, or start it again."""
        with (self._folder / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "serve", "--replica", "--port", str(self._port)],
                env=os.environ
                | {
                    "ERRORBUDGET_HOME": str(self.home),
                    "ERRORBUDGET_STORE": self._store,
                    "ERRORBUDGET_CONFIG": str(self._folder.parent / "errorbudget.yaml"),
                },
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """End it as power failures do."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Let it end."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()

    @property
    def status(self) -> dict[str, Any]:
        """What it says of itself; empty where it does not answer."""
        try:
            return httpx2.get(f"{self.url}/api/v1/status", timeout=5, trust_env=False).json()
        except httpx2.TransportError:
            return {}

    def log(self) -> str:
        """What it wrote last."""
        return (self._folder / "serve.log").read_text()[-3000:]


@dataclass
class Replicas:
    """Some of them on one database and one source, with everything around."""

    members: list[Member]
    metrics: Metrics
    receiver: Receiver
    store: str
    failing_since: float

    def start(self) -> None:
        """Start all, and return when each has evaluated."""
        for member in self.members:
            member.start()
        for member in self.members:
            try:
                until(lambda member=member: member.status.get("status") == "ready", 60)
            except TimeoutError:
                raise RuntimeError(member.log()) from None

    def stop(self) -> None:
        """Stop all."""
        for member in self.members:
            member.stop()

    @property
    def waiting(self) -> int:
        """Messages that wait to be delivered."""
        return max(one.status.get("letters", {}).get("waiting", 1) for one in self.members)

    @property
    def leaders(self) -> list[Member]:
        """Those who say that they watch."""
        return [one for one in self.members if one.status.get("watches")]


@contextmanager
def replicas(folder: Path, store: str, *, failing_since: float) -> Generator[Replicas]:
    """Three replicas that run, with the trail's key in each home."""
    receiver = Receiver()
    try:
        with victoria(folder) as address:
            document = folder / "checkout.yaml"
            document.write_text(DOCUMENT)
            told = {"document": document, "metrics": address, "receiver": receiver.url}
            (folder / "errorbudget.yaml").write_text(CONFIGURATION.format(**told))
            members = [Member(folder / f"replica{n}", store) for n in range(REPLICAS)]
            with Home.open(members[0].home, create=True, store=store) as home:
                home.trail.attest(b"the key is made before the replicas are")
            for member in members[1:]:
                shutil.copy(members[0].home / "trail.key", member.home)
            metrics = Metrics(address)
            metrics.go_on(failing_since=failing_since)
            running = Replicas(members, metrics, receiver, store, failing_since)
            running.start()
            try:
                yield running
            finally:
                running.stop()
    finally:
        receiver.close()


@dataclass
class Callers:
    """Pipelines that ask whichever replica answers, each change until somebody decides."""

    running: Replicas
    decided: dict[str, int] = field(default_factory=dict)
    """The entry of every decision that was heard, by change."""
    asked_again: int = 0
    _stopping: threading.Event = field(default_factory=threading.Event)
    _numbers: Any = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self._threads = [threading.Thread(target=self._run, args=(seed,)) for seed in range(2)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _run(self, seed: int) -> None:
        chance = random.Random(seed)
        while not self._stopping.wait(0.05):
            change = f"c{next(self._numbers)}"
            while (entry := self._ask(chance.choice(self.running.members), change)) is None:
                self.asked_again += 1
                if self._stopping.wait(0.1):
                    return
            self.decided[change] = entry

    def _ask(self, member: Member, change: str) -> int | None:
        told = {"service": "checkout", "change": change, "risk": "low"}
        try:
            answer = httpx2.post(
                f"{member.url}/api/v1/gate", json=told, timeout=20, trust_env=False
            )
        except httpx2.TransportError:
            return None
        return answer.json()["entry"] if answer.status_code == 200 else None


@dataclass
class Ended:
    """What was left when all had stopped."""

    kills: int
    takeovers: list[float]
    """Seconds from the kill of a leader to another one that says it leads."""
    decided: int
    lost: list[str]
    """Decisions that somebody heard and the trail has not."""
    repeated: list[str]
    """Alerts that were told as two."""
    redelivered: int
    """Messages whose sender was killed before it noted that they had arrived."""
    alerts: Counter[str]
    flaw: str
    entries: int


def killing(running: Replicas, seconds: float, pause: tuple[float, float], seed: int = 1) -> Ended:
    """Kill members at random, the leader more often than not, while callers ask."""
    callers, chance = Callers(running), random.Random(seed)
    kills, takeovers, end = 0, list[float](), time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            time.sleep(min(chance.uniform(*pause), max(end - time.monotonic(), 0)))
            running.metrics.go_on(failing_since=running.failing_since)
            leaders = running.leaders
            victim = leaders[0] if leaders and chance.random() < 0.6 else None
            member = victim or chance.choice(running.members)
            member.kill()
            kills += 1
            if member in leaders:
                killed = time.monotonic()
                until(lambda: bool(running.leaders), 60)
                takeovers.append(time.monotonic() - killed)
            member.start()
        until(lambda: all(one.status.get("status") == "ready" for one in running.members), 120)
        # What was put for somebody is with them when no letter waits.
        until(lambda: not running.waiting, 60)
    finally:
        callers.stop()
        running.stop()
    return _ended(running, callers, kills, takeovers)


def _ended(running: Replicas, callers: Callers, kills: int, takeovers: list[float]) -> Ended:
    with Home.open(running.members[0].home, store=running.store) as home:
        found = home.trail.verify()
        entries = {entry.seq: json.loads(entry.body) for entry in home.trail.entries()}
    decisions = {
        seq: one["body"]["change"] for seq, one in entries.items() if one["kind"] == "decision"
    }
    lost = [change for change, seq in callers.decided.items() if decisions.get(seq) != change]
    told = [one["body"] for one in entries.values() if one["kind"] == "alert"]
    ids = Counter(one["id"] for one in told)
    begun = Counter(f"{one['objective']} {one['notice']} {one['started']}" for one in told)
    heard = Counter(message["id"] for _, message in running.receiver.told)
    return Ended(
        kills=kills,
        takeovers=takeovers,
        decided=len(callers.decided),
        lost=lost,
        repeated=[one for one, count in (ids + begun).items() if count > 1],
        redelivered=sum(count - 1 for count in heard.values()),
        alerts=Counter(one["notice"] for one in told),
        flaw=str(found.flaw or ""),
        entries=len(entries),
    )


def run() -> list[tuple[str, float, float, str, str]]:
    """The gate's p99 by three replicas at once, against the 15 ms that are wanted."""
    with _everything(_now()) as running:
        took, each = list[float](), int(os.environ.get("ASKED", "200"))
        clients = [httpx2.Client(base_url=one.url, trust_env=False) for one in running.members]
        for number in range(each * REPLICAS + 30):
            asked = {"service": "checkout", "change": f"c{number}", "risk": "low"}
            started = time.perf_counter()
            clients[number % REPLICAS].post("/api/v1/gate", json=asked).raise_for_status()
            took.append((time.perf_counter() - started) * 1000)
            time.sleep(0.02)
        for client in clients:
            client.close()
    took = sorted(took[30:])
    note = f"p50 {took[len(took) // 2]:.1f} ms, {len(took)} new changes in turn;"
    note += f" load {os.getloadavg()[0]:.1f}"
    return [("gate across 3 replicas p99", took[int(len(took) * 0.99)], 15.0, " ms", note)]


@contextmanager
def _everything(failing_since: float) -> Generator[Replicas]:
    folder = Path(tempfile.mkdtemp(prefix="errorbudget-replicas-"))
    try:
        with (
            databases.running(durable=True) as server,
            replicas(folder, server.new(), failing_since=failing_since) as running,
        ):
            yield running
    finally:
        shutil.rmtree(folder)


def _now() -> float:
    return clock.now().timestamp()


def until(holds: Any, within: float) -> None:
    """Wait until something holds. Raises TimeoutError."""
    end = time.monotonic() + within
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"it never came to hold within {within:g} s")
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        return httpx2.get(url, trust_env=False).is_success
    except httpx2.TransportError:
        return False


def main() -> None:
    """Kill for some minutes, report, and exit with 1 where something was lost or repeated."""
    words = argparse.ArgumentParser()
    words.add_argument("--minutes", type=float, default=10)
    minutes = words.parse_args().minutes
    # It has burnt for a while when they start, and goes on: there is something to tell.
    with _everything(_now() - 1200) as running:
        ended = killing(running, minutes * 60, (5, 20))
    slowest = max(ended.takeovers, default=0)
    print(
        f"{minutes:g} minutes, {ended.kills} kills, {len(ended.takeovers)} of the leader"
        f" (slowest hand-over {slowest:.1f} s): {ended.decided} decisions heard,"
        f" {len(ended.lost)} lost; alerts {dict(ended.alerts)}, {len(ended.repeated)} repeated,"
        f" {ended.redelivered} delivered again; {ended.entries} entries, "
        f"{ended.flaw or 'the chain verifies'}"
    )
    sys.exit(bool(ended.lost or ended.repeated or ended.flaw or slowest > 10))


if __name__ == "__main__":
    main()
