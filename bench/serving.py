"""A server at work: how soon is an outage told, and what does the gate take while it receives?"""

import os
import shutil
import tempfile
import time
from pathlib import Path

import httpx2

from bench.sending import Senders
from bench.served import Receiver, Served

CALM, LONGEST = 20.0, 60.0
"""Seconds of good requests before the outage, and that anybody waits for its message."""
FIRES_AT = 0.06
"""The share of failures that is a fire at 99 %: 6x over six hours, of which few are known."""
ASKED = 200

Row = tuple[str, float, float, str, str]


def run() -> list[Row]:
    """The delay of a message, and the gate's p99 under load."""
    folder, receiver = Path(tempfile.mkdtemp(prefix="errorbudget-serving-")), Receiver()
    served = Served(folder, receiver)
    rate = float(os.environ.get("RATE", "2000"))
    senders = Senders(served.url, rate)
    senders.start()
    try:
        load = f"{rate:,.0f} spans/s, load average {os.getloadavg()[0]:.1f}"
        time.sleep(CALM)
        p50, p99 = _gate(served.url)
        delay = _told_after(senders, receiver)
    finally:
        senders.stop()
        served.stop()
        receiver.close()
        shutil.rmtree(folder)
    return [
        ("an outage's threshold to its message", delay, 15.0, "s", load),
        ("gate while receiving, p99", p99 * 1000, 20.0, "ms", f"p50 {p50 * 1000:.1f} ms; {load}"),
    ]


def _gate(url: str) -> tuple[float, float]:
    """Median and 99th percentile of one decision after the other, each on a new change."""
    took = list[float]()
    with httpx2.Client(timeout=60, trust_env=False) as client:
        for number in range(ASKED):
            asked = {"service": "checkout", "change": f"c{number}", "risk": "low"}
            started = time.perf_counter()
            client.post(f"{url}/api/v1/gate", json=asked).raise_for_status()
            took.append(time.perf_counter() - started)
            time.sleep(0.05)
    took.sort()
    return took[len(took) // 2], took[int(len(took) * 0.99)]


def _told_after(senders: Senders, receiver: Receiver) -> float:
    """Seconds from the request that makes it a fire to the first message of a fire."""
    senders.failing, crossed, end = True, 0.0, time.monotonic() + LONGEST
    while time.monotonic() < end:
        sent = senders.sent
        if not crossed and sent.bad >= FIRES_AT * sent.valid:
            crossed = time.monotonic()
        fires = [at for at, told in receiver.told if told.get("data", {}).get("level") == "fire"]
        if crossed and fires:
            return fires[0] - crossed
        time.sleep(0.02)
    raise RuntimeError(f"no fire was told: {[told for _, told in receiver.told]}")
