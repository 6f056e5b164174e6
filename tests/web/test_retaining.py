"""A server drops what is older than it is kept, and sets aside what could not be counted."""

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta

from web.served import PROGRAM, Served


def of(days: float) -> dict[str, object]:
    now = datetime.now(UTC)  # noqa: TID251 -- a server lives in the present
    return {"time": (now - timedelta(days=days)).isoformat(), "service": "shop", "status": 200}


def prune(server: Served, *words: str, code: int = 0) -> str:
    done = subprocess.run(
        [PROGRAM, "prune", *words],
        env=os.environ | {"ERRORBUDGET_HOME": str(server.home)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_old_requests_go_by_command_while_their_counts_stay(server: Served) -> None:
    server.apply()
    server.send(of(20), of(20), of(5))
    server.counted(3, 0)

    told = json.loads(prune(server, "--requests", "10d", "--json"))

    assert (told["requests"], told["logs"]) == (2, 0)
    late = server.send(of(15), of(6))
    assert (late["stored"], late["rejected"]) == (1, 1)
    server.counted(4, 0)


def test_without_a_span_everything_is_kept(server: Served) -> None:
    server.send(of(300))

    told = json.loads(prune(server))

    assert (told["requests_before"], told["requests"]) == (None, 0)


def test_a_span_that_senders_may_be_late_by_is_refused(server: Served) -> None:
    assert "receive.late" in prune(server, "--requests", "2d", code=2)
    assert "less than a day" in prune(server, "--requests", "2h", code=2)
