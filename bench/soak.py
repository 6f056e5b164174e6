"""Under load for long: does a server's memory stay, does it lose or repeat anything? (`make soak`)

`--minutes 60` reports memory; with `--kill 20` it is killed about every 20 seconds.
"""

import argparse
import os
import random
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.sending import Senders, Sent
from bench.served import Receiver, Served

OUTAGE = (0.5, 0.6)
"""When everything fails, as shares of the whole time."""


def main() -> None:
    """Run, report, and exit with 1 where something was lost or repeated."""
    words = argparse.ArgumentParser()
    words.add_argument("--minutes", type=float, default=60)
    words.add_argument("--rate", type=float, default=4_000, help="spans a second")
    words.add_argument("--kill", type=float, default=0, help="seconds between kills; 0 never")
    asked = words.parse_args()
    folder, receiver = Path(tempfile.mkdtemp(prefix="errorbudget-soak-")), Receiver()
    try:
        raise SystemExit(run(folder, receiver, asked.minutes * 60, asked.rate, asked.kill))
    finally:
        receiver.close()
        shutil.rmtree(folder)


def run(folder: Path, receiver: Receiver, seconds: float, rate: float, kill: float) -> int:
    """0 when what was acknowledged is what is counted, and each message came once."""
    served = Served(folder, receiver)
    senders, chance = Senders(served.url, rate), random.Random(1)
    senders.start()
    began, kills, memory = time.monotonic(), 0, list[tuple[float, float]]()
    try:
        while (passed := time.monotonic() - began) < seconds:
            senders.failing = OUTAGE[0] < passed / seconds < OUTAGE[1]
            pause = chance.uniform(kill / 2, kill * 1.5) if kill else 10
            time.sleep(min(pause, seconds - passed))
            memory.append((passed, served.resident()))
            if kill:
                served.kill()
                kills += 1
                served.start()
            else:
                print(_line(passed, memory[-1][1], senders.sent), flush=True)
        sent = senders.stop()
        budget = _settled(served, sent)
    finally:
        if not senders.stopped:
            senders.stop()
        served.stop()
    return _report(seconds, kills, memory, sent, budget, receiver)


def _settled(served: Served, sent: Sent) -> dict[str, Any]:
    """The budget, once it has counted everything or ten minutes are over."""
    until = time.monotonic() + 600
    while (budget := served.budget())["valid"] < sent.valid and time.monotonic() < until:
        time.sleep(0.5)
    return budget


def _line(passed: float, resident: float, sent: Sent) -> str:
    return (
        f"{passed:7.0f} s  {resident:6.0f} MB  {sent.valid:,} acknowledged, {sent.refused} refused"
    )


def _report(
    seconds: float,
    kills: int,
    memory: list[tuple[float, float]],
    sent: Sent,
    budget: dict[str, Any],
    receiver: Receiver,
) -> int:
    told = [message["id"] for _, message in receiver.told]
    titles = [message["data"]["title"] for _, message in receiver.told]
    third = max(len(memory) // 3, 1)
    first, last = (
        sorted(mb for _, mb in part)[len(part) // 2] for part in (memory[:third], memory[-third:])
    )
    print(
        f"soak {seconds / 60:.0f} min, {kills} kills, load {os.getloadavg()[1]:.1f}:"
        f" acknowledged {sent.valid:,} ({sent.bad:,} bad; {sent.valid / seconds:,.0f}/s,"
        f" {sent.refused} told to wait, {sent.lost} connections lost),"
        f" counted {budget['valid']:,} ({budget['bad']:,} bad);"
        f" resident start {memory[0][1]:,.0f} MB, median of the first third {first:,.0f} MB,"
        f" of the last {last:,.0f} MB, end {memory[-1][1]:,.0f} MB;"
        f" messages {len(told)}, different {len(set(told))}: {titles}",
        flush=True,
    )
    lost = (budget["valid"], budget["bad"]) != (sent.valid, sent.bad)
    return int(lost or len(told) != len(set(told)) or not told)


if __name__ == "__main__":
    main()
