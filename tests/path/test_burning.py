"""Burns from outside: as JSON, as a table, and as a table that keeps itself up to date."""

import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from outside import PROGRAM, Run

Write = Callable[[str, str], Path]

SHOP = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: shop
objectives:
  availability: {good: status < 500, target: 99%, window: {rolling: 28d}}
"""


@pytest.fixture
def outage(run: Run, written: Write) -> str:
    """An hour in which the last ten minutes fail; the moment at which it ends."""
    rows = [
        f'{{"time": "2026-03-02T12:{minute:02}:00Z", "service": "shop",'
        f' "status": {500 if minute >= 50 else 200}}}'
        for minute in range(60)
        for _ in range(10)
    ]
    assert run("ingest", written("shop.ndjson", "\n".join(rows) + "\n")).code == 0
    assert run("objective", "apply", written("shop.yaml", SHOP)).code == 0
    return "2026-03-02T13:00:00Z"


def test_a_burn_is_told_with_its_numbers(run: Run, outage: str) -> None:
    (burn,) = run("burn", "shop", "--json", "--at", outage).json

    assert (burn["service"], burn["objective"], burn["alert"]) == ("shop", "availability", "fire")
    assert burn["reason"].startswith("100 of 600 requests failed in 1h = 16.7x; on budget")
    hour = burn["horizons"][0]
    assert hour["horizon"] == "1h"
    assert (hour["valid"], hour["bad"]) == (600, 100)
    assert hour["rate"] == pytest.approx(100 / 600 / 0.01)
    assert hour["shown_rate"] == pytest.approx(101 / 7)
    assert burn["onset"] == "2026-03-02T12:52:00Z"


def test_long_before_and_long_after_nothing_is_known(run: Run, outage: str) -> None:
    del outage
    for at in ("2026-03-01T00:00:00Z", "2026-03-09T00:00:00Z"):
        (burn,) = run("burn", "--json", "--at", at).json
        assert burn["alert"] == "unknown"
        assert [one["rate"] for one in burn["horizons"]] == [None] * 3


def test_the_table_tells_why_below(run: Run, outage: str) -> None:
    told = run("burn", "--at", outage)

    assert told.err == ""
    assert "fire" in told.out
    assert "shop availability: 100 of 600 requests failed in 1h" in told.out


def test_a_service_nobody_knows_and_a_home_that_is_not_there_are_refused(
    run: Run, home: Path, written: Write
) -> None:
    assert run("burn").code == 2
    assert not home.exists()
    run("objective", "apply", written("shop.yaml", SHOP))

    unknown = run("burn", "cart")
    assert (unknown.code, unknown.out) == (2, "")
    assert "there are: shop" in unknown.err


def test_watch_piped_looks_once(run: Run, outage: str) -> None:
    del outage
    told = run("watch")

    assert told.code == 0
    assert "shop availability: no valid request in 24h" in told.out


def test_watch_on_a_terminal_goes_on_until_interrupted(home: Path, outage: str) -> None:
    del outage
    ours, theirs = pty.openpty()
    watching = subprocess.Popen(
        [PROGRAM, "watch", "--every", "0.5"],
        stdin=theirs,
        stdout=theirs,
        env=os.environ | {"ERRORBUDGET_HOME": str(home), "TERM": "xterm", "COLUMNS": "120"},
    )
    os.close(theirs)
    seen, until = b"", time.monotonic() + 20
    while seen.count(b"Ctrl-C ends") < 2 and time.monotonic() < until:
        if select.select([ours], [], [], 0.5)[0]:
            seen += os.read(ours, 65536)
    watching.send_signal(signal.SIGINT)

    assert watching.wait(timeout=10) == 0
    assert seen.count(b"Ctrl-C ends") >= 2
    assert b"no valid request in 24h" in seen
    os.close(ours)
