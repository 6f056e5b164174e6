"""The shop that goes on: what is due comes once and in order, and a bad deploy shows in it."""

import json
import socket
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from errorbudget import clock
from errorbudget.shop import live
from web.served import PROGRAM


@pytest.fixture
def shop(tmp_path: Path) -> live.Live:
    shop = live.Live(tmp_path / "live", scale=0.2, search_scale=0.1)
    list(shop.past())
    return shop


def read(body: bytes) -> list[dict[str, object]]:
    return [json.loads(line) for line in body.splitlines()]


def test_what_is_due_comes_once_and_in_order(shop: live.Live) -> None:
    first = read(shop.requests(live.now() + timedelta(minutes=1)))
    then = read(shop.requests(live.now() + timedelta(minutes=2)))

    assert shop.requests(live.now() + timedelta(minutes=2)) == b""
    times = [str(one["time"]) for one in first + then]
    assert times == sorted(times)
    assert "2026-08-31 09:50" <= times[0] < "2026-08-31 09:51" <= str(then[0]["time"])
    assert {one["service"] for one in first} == {"checkout", "search"}


def test_what_was_before_is_in_files_up_to_where_it_goes_on(tmp_path: Path) -> None:
    files = list(live.Live(tmp_path / "live", scale=0.1).past())

    assert [requests.name.partition("-")[0] for requests, _ in files] == [
        "checkout",
        "search",
        "ledger",
    ]
    assert all(requests.stat().st_size and logs[0].stat().st_size for requests, logs in files)


def test_the_bad_deploy_fails_payments_in_euro_until_it_is_taken_back(shop: live.Live) -> None:
    bad, back = live.fresh()
    end = back.change.finished_at
    assert end is not None

    calm = read(shop.requests(bad.change.started_at))
    burning = read(shop.requests(end))
    after = read(shop.requests(end + timedelta(minutes=4)))

    def failed(rows: list[dict[str, object]]) -> set[tuple[object, ...]]:
        return {
            (row["route"], row["region"], row["version"])
            for row in rows
            if "rounding" in str(row["attributes"])
        }

    assert failed(calm) == set()
    assert failed(burning) == {("/pay", "eu", "2.20.0")}
    assert failed(after) == set()


def test_deploys_and_logs_are_due_when_they_are_done(shop: live.Live) -> None:
    bad, back = live.fresh()
    shop.requests(live.now() + timedelta(minutes=6))

    assert shop.deploys(bad.change.started_at) == []
    assert len(shop.logs(live.now() + timedelta(minutes=6))) == 3
    assert shop.logs(live.now() + timedelta(minutes=6)) == []
    assert [one.change.version for one in shop.deploys(live.now() + timedelta(hours=2))] == [
        bad.change.version,
        back.change.version,
    ]


def test_the_clock_of_a_story_runs_from_its_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_told", [])
    assert clock.pace() is None

    clock.tell(datetime(2026, 8, 31, tzinfo=UTC), 1e6)

    first = clock.now()
    assert first >= datetime(2026, 8, 31, tzinfo=UTC)
    assert clock.now() > first
    assert clock.pace() == 1e6


def test_a_port_that_is_taken_is_told_before_anything_is_generated(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = subprocess.run(
            [PROGRAM, "demo", "--port", str(port), "--home", str(tmp_path / "home")],
            capture_output=True,
            text=True,
            timeout=60,
        )

    assert ran.returncode == 2
    assert f"127.0.0.1:{port}: cannot listen there" in ran.stderr
    assert "--port 0" in ran.stderr
    assert ran.stdout == ""
