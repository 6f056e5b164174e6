"""Heartbeats of a running server, messages that did not arrive, and the server's own budget."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from errorbudget.errors import Failure
from errorbudget.notify.heartbeat import Heartbeat
from errorbudget.program import configuration
from notify.conftest import RealAlertmanager
from notify.receiving import Answer, Receiver, eventually
from web.served import DOCUMENT, PROGRAM, Served, serve, until

SECRET = "a secret that is long enough"


def configured(folder: Path, text: str) -> Path:
    file = folder / "errorbudget.yaml"
    file.write_text(text)
    return file


def test_a_heartbeat_fires_in_alertmanager_and_arrives_at_an_address(
    home: Path, tmp_path: Path, alertmanager: RealAlertmanager, receiver: Receiver
) -> None:
    file = configured(
        tmp_path,
        f"""\
targets: {{cluster: {{alertmanager: "{alertmanager.url}"}}}}
heartbeat: {{targets: [cluster], url: "{receiver.url}/alive/secret-token", every: 1s}}
""",
    )
    with serve(home, "--config", str(file)) as served:
        until(lambda: alertmanager.active())
        until(lambda: sum(one.path == "/alive/secret-token" for one in receiver.received) >= 2)
        (alert,) = alertmanager.active()
        assert alert["labels"]["alertname"] == "ErrorBudgetHeartbeat"
        assert alert["labels"]["severity"] == "none"
        assert "errorbudget_heartbeats_total" in served.client.get("/metrics").text
        served.process.kill()
        served.process.wait()

    beats = len(receiver.received)
    time.sleep(1.5)
    assert len(receiver.received) == beats
    assert "secret-token" not in (home.parent / "serve.log").read_text()


def test_a_watch_that_does_not_work_has_no_heartbeat(receiver: Receiver) -> None:
    trouble = ["the budgets have not been evaluated yet"]
    now = datetime(2026, 7, 1, tzinfo=UTC)
    heartbeat = Heartbeat(
        channels=[],
        url=receiver.url,
        every=timedelta(minutes=1),
        problems=lambda: trouble,
        clock=lambda: now,
    )

    assert not heartbeat.beat(now)
    trouble.clear()
    assert heartbeat.beat(now)

    assert len(receiver.received) == heartbeat.sent == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("heartbeat: {targets: [nobody]}", "no target is called nobody"),
        (
            "targets: {chat: {apprise: 'json://localhost'}}\nheartbeat: {targets: [chat]}",
            "misses nothing",
        ),
        ("heartbeat: {url: 'ftp://x'}", "heartbeat.url"),
        ("heartbeat: {every: 1h}", "heartbeat.every"),
    ],
)
def test_a_heartbeat_that_nobody_would_miss_is_refused(
    tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises(Failure, match=told):
        configuration.read(configured(tmp_path, text))


@pytest.fixture
def refused(home: Path, tmp_path: Path, receiver: Receiver) -> Iterator[Served]:
    """A server whose only receiver has refused an alert."""
    receiver.answer = lambda _: Answer(status=410)
    file = configured(
        tmp_path, f"targets: {{chat: {{webhook: '{receiver.url}', secret: '{SECRET}'}}}}"
    )
    with serve(home, "--config", str(file)) as served:
        document = DOCUMENT.format(service="shop") + "notify: [chat]\n"
        served.post("/api/v1/documents", content=document.encode())
        now = datetime.now(UTC)  # noqa: TID251 -- a server lives in the present
        rows = [
            {"time": (now - timedelta(seconds=n)).isoformat(), "service": "shop", "status": 500}
            for n in range(200)
        ]
        served.send(*rows)
        until(lambda: served.get("/api/v1/letters"))
        yield served


def errorbudget(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *words],
        env=os.environ | {"ERRORBUDGET_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_dead_letter_is_shown_and_arrives_when_it_is_sent_again(
    refused: Served, receiver: Receiver
) -> None:
    (dead,) = refused.get("/api/v1/letters")
    assert dead["target"] == "chat"
    assert dead["title"].startswith("shop: requests fail so fast")
    assert "410" in dead["problem"]
    shown = errorbudget(refused.home, "letter", "list")
    assert dead["title"] in shown.stdout

    receiver.answer = lambda _: Answer()
    tried = len(receiver.received)
    again = errorbudget(refused.home, "letter", "resend", str(dead["number"]), "--json")

    assert json.loads(again.stdout) == {"resent": 1}
    eventually(lambda: len(receiver.received) > tried)
    assert receiver.received[-1].json["data"]["title"] == dead["title"]
    assert refused.get("/api/v1/letters") == []
    assert "every message arrived" in errorbudget(refused.home, "letter", "list").stdout


def test_a_number_that_no_dead_letter_has_is_refused(refused: Served) -> None:
    refused.post("/api/v1/letters/resend", json={"numbers": [4711]}, status=400)
    done = errorbudget(refused.home, "letter", "resend", "4711")

    assert done.returncode == 2
    assert "4711" in done.stderr
    refused.stop()
    assert errorbudget(refused.home, "letter", "resend", "4711").returncode == 2
    assert "410" in errorbudget(refused.home, "letter", "list").stdout


def test_the_server_keeps_its_own_budget(home: Path, tmp_path: Path) -> None:
    file = configured(tmp_path, "measure_itself: true")
    with serve(home, "--config", str(file)) as served:
        served.apply()
        for change in ("a", "b", "c"):
            asked = {"service": "shop", "change": change, "risk": "low"}
            served.post("/api/v1/gate", json=asked)
        served.client.get("/nowhere/that/anybody/serves")

        def gates() -> int:
            of = {one["objective"]: one for one in served.get("/api/v1/budgets")}
            return of["gate"]["valid"]

        until(lambda: gates() == 3)
        budgets = served.get("/api/v1/budgets", service="errorbudget")
        assert {one["objective"] for one in budgets} == {"taking-in", "gate", "answers"}
        # How fast the gate answers is the machine's affair; that everything is answered, is ours.
        assert [one["bad"] for one in budgets if one["objective"] == "answers"] == [0]


def test_what_somebody_else_promised_of_the_server_stays(home: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(DOCUMENT.format(service="errorbudget"))
    file = configured(tmp_path, f"measure_itself: true\ndocuments: ['{mine}']")
    with serve(home, "--config", str(file)) as served:
        (budget,) = served.get("/api/v1/budgets")

    assert budget["objective"] == "availability"


def test_the_shipped_document_passes_the_check_that_others_must(tmp_path: Path) -> None:
    import errorbudget.web.own as own

    file = tmp_path / "errorbudget.yaml"
    file.write_bytes(own.document())

    done = errorbudget(tmp_path / "home", "objective", "check", str(file))

    assert (done.returncode, done.stderr) == (0, "")
