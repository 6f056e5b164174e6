"""`POST /api/v1/gate` at a steady 500 a second, each a new change: how long until it is answered.

Open loop: a question is due when it is due, whatever became of the one before, and its time counts
from then. The server has one core, the client the other. Beside it the same load on an endpoint
that answers a constant, and a bare fsync of as many bytes as an entry has.
"""

import asyncio
import json
import os
import tempfile
import time
from itertools import count
from pathlib import Path

import httpx2

from bench.served import Receiver, Served
from errorbudget import clock

RATE = 500
SECONDS = float(os.environ.get("BENCH_SECONDS", "60"))
CONNECTIONS = 32
NUMBERS = count(1)


def run() -> list[tuple[str, float, float, str, str]]:
    """p99 and p50 in milliseconds; the reference is the constant endpoint, then the fsync."""
    receiver = Receiver()
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as folder:
        served = Served(Path(folder), receiver)
        try:
            _feed(served)
            cores = sorted(os.sched_getaffinity(0))
            os.sched_setaffinity(0, cores[-1:])
            for task in Path(f"/proc/{served.process.pid}/task").iterdir():
                os.sched_setaffinity(int(task.name), cores[:1])
            asyncio.run(_load(served, _question, 3))
            constant = asyncio.run(_load(served, _health, SECONDS / 4))
            before = _cpu(served)
            asked = asyncio.run(_load(served, _question, SECONDS))
            busy = (_cpu(served) - before) / len(asked)
            os.sched_setaffinity(0, cores)
            entries = httpx2.post(
                f"{served.url}/api/v1/audit/verify", json={}, timeout=300, trust_env=False
            ).json()["entries"]
            bare = _fsyncs(Path(folder))
        finally:
            served.stop()
            receiver.close()
    note = f"{len(asked)} new of {entries} entries, {busy * 1000:.2f} ms CPU each"
    load = f"{note}, load {os.getloadavg()[0]:.1f}"
    return [
        ("gate over HTTP p99", _at(asked, 0.99), _at(constant, 0.99), " ms", f"constant; {load}"),
        ("gate over HTTP p50", _at(asked, 0.5), _at(constant, 0.5), " ms", "constant"),
        ("gate over HTTP p99", _at(asked, 0.99), _at(bare, 0.99), " ms", "bare fsync of 2 KB"),
        ("gate over HTTP p50", _at(asked, 0.5), _at(bare, 0.5), " ms", "bare fsync of 2 KB"),
    ]


def _feed(served: Served) -> None:
    """Enough good requests for a budget that is known."""
    now = clock.text(clock.now())
    row = json.dumps({"time": now, "service": "checkout", "status": 200}).encode()
    sent = httpx2.post(
        f"{served.url}/api/v1/requests", content=b"\n".join([row] * 5000), trust_env=False
    )
    sent.raise_for_status()
    end = time.monotonic() + 60
    while served.budget()["valid"] < 5000 and time.monotonic() < end:
        time.sleep(0.1)


def _question() -> bytes:
    body = json.dumps(
        {"service": "checkout", "change": f"change-{next(NUMBERS)}", "risk": "low", "by": ["bench"]}
    ).encode()
    head = f"POST /api/v1/gate HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"Content-Type: application/json\r\n\r\n" + body


def _health() -> bytes:
    return b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


async def _load(served: Served, asks, seconds: float) -> list[float]:
    """Milliseconds from when each question was due until its answer was there."""
    due: asyncio.Queue[float | None] = asyncio.Queue()
    took: list[float] = []
    callers = [asyncio.create_task(_caller(served, asks, due, took)) for _ in range(CONNECTIONS)]
    started = time.perf_counter()
    for number in range(int(RATE * seconds)):
        moment = started + number / RATE
        if (wait := moment - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        due.put_nowait(moment)
    for _ in callers:
        due.put_nowait(None)
    await asyncio.gather(*callers)
    return took


async def _caller(served: Served, asks, due: asyncio.Queue, took: list[float]) -> None:
    port = int(served.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while (moment := await due.get()) is not None:
        writer.write(asks())
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        length = next(
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length")
        )
        await reader.readexactly(length)
        took.append((time.perf_counter() - moment) * 1000)
    writer.close()


def _fsyncs(folder: Path) -> list[float]:
    took: list[float] = []
    with (folder / "bare").open("wb", buffering=0) as file:
        for _ in range(1000):
            started = time.perf_counter()
            file.write(b"x" * 2048)
            os.fsync(file.fileno())
            took.append((time.perf_counter() - started) * 1000)
    return took


def _at(took: list[float], share: float) -> float:
    return sorted(took)[int(len(took) * share)]


def _cpu(served: Served) -> float:
    """Seconds of processor time that the server has used."""
    fields = Path(f"/proc/{served.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
