"""Three weeks of an image service through a running server, their bursts at 1,000 times speed.

What came before a burst is posted as history; the burst itself is lived through: the server's clock
and the sender's go 1,000 times as fast, each request is sent when it is due, and messages are
received where the document says. Data is late by what a machine takes, times 1,000: that is told
too, and is no alert of a budget.
"""

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from errorbudget import clock
from notify.receiving import Receiver, receiving
from web.paced import Pace
from web.served import PROGRAM, Served, serve, until

SPEED = 1000
PACED = (sys.executable, str(Path(__file__).with_name("paced.py")))
WARNS, QUIET, BURNS = "2024-11-28T15:00Z", "2024-12-05T12:00Z", "2024-12-06T18:00Z"
END = "2024-12-12T00:00Z"
STATUS = {"SUCCEED": 200, "FAILED": 500}
MAPS = (
    "time=gmt_create",
    "route=predict_type",
    "status=CASE predict_status WHEN 'SUCCEED' THEN 200 WHEN 'FAILED' THEN 500 END",
)
CONFIGURATION = """\
documents: ['{document}']
receive: {{oldest: 1830d}}
watch: {{every: 50ms, load: 50ms}}
targets: {{people: {{webhook: '{url}', secret: a-secret-of-these-tests-alone}}}}
"""
DOCUMENT = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: images
objectives:
  availability: {good: status < 500, target: 99%, window: {rolling: 28d}}
notify: [people]
"""

Row = tuple[datetime, dict[str, Any]]


@dataclass
class Replay:
    """What came of it: the messages of each time that was lived through, and the last budget."""

    told: dict[str, list[dict[str, Any]]] = field(default_factory=dict[str, list[dict[str, Any]]])
    budget: dict[str, Any] = field(default_factory=dict[str, Any])


@pytest.fixture(scope="module")
def trace(shared_data: Path) -> Path:
    return shared_data / "genai-requests" / "lora_request_trace.csv"


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory, trace: Path) -> Replay:
    folder, rows, replay = tmp_path_factory.mktemp("replay"), read(trace), Replay()
    document, configuration = folder / "images.yaml", folder / "errorbudget.yaml"
    document.write_text(DOCUMENT)
    with receiving() as receiver:
        text = CONFIGURATION.format(document=document, url=receiver.url)
        configuration.write_text(text)
        config = ("--config", str(configuration))
        sent = 0
        for start, end in (
            (WARNS, "2024-11-28T19:00Z"),
            (QUIET, "2024-12-05T18:00Z"),
            (BURNS, "2024-12-06T22:00Z"),
        ):
            pace = Pace(clock.parse(start), folder / start, SPEED)
            command = (*PACED, start, str(pace.file), str(SPEED))
            with serve(folder / "home", *config, command=command) as server:
                sent = history(server, rows, sent, pace.moment)
                until(lambda so_far=sent: budget(server)["valid"] == so_far)
                before = len(receiver.received)
                pace.go()
                sent = live(server, rows, sent, pace, clock.parse(end))
                server.stop()
            replay.told[start] = told(receiver, before)
        with serve(folder / "home", *config) as server:
            history(server, rows, sent, clock.parse("2025-01-01"))
            until(lambda: budget(server)["valid"] == len(rows))
            replay.budget = budget(server)
    return replay


def read(trace: Path) -> list[Row]:
    """The requests of the trace, in the order of their times."""
    with trace.open() as lines:
        found = [
            (
                datetime.fromisoformat(record["gmt_create"]).replace(tzinfo=UTC),
                {
                    "time": record["gmt_create"],
                    "service": "images",
                    "route": record["predict_type"],
                    "status": STATUS.get(record["predict_status"]),
                },
            )
            for record in csv.DictReader(lines)
        ]
    return sorted(found, key=lambda row: row[0])


def budget(server: Served) -> dict[str, Any]:
    """The budget of the 28 days that hold the whole trace, by what was sent so far."""
    (one,) = server.get("/api/v1/budgets", at=END)
    return one


def history(server: Served, rows: Sequence[Row], sent: int, until: datetime) -> int:
    """Post what came before a moment; how many rows are sent now."""
    due = next((place for place, (at, _) in enumerate(rows) if at >= until), len(rows))
    for first in range(sent, due, 5000):
        post(server, rows, first, min(first + 5000, due))
    return due


def live(server: Served, rows: Sequence[Row], sent: int, pace: Pace, last: datetime) -> int:
    """Post each row when the fast clock says that it is due; how many rows are sent now."""
    while (now := pace.now()) < last:
        due = sent
        while due < len(rows) and rows[due][0] <= now:
            due += 1
        if due > sent:
            post(server, rows, sent, due)
            sent = due
        time.sleep(0.03)
    return sent


def post(server: Served, rows: Sequence[Row], first: int, end: int) -> None:
    taken = server.send(*(row for _, row in rows[first:end]), key=f"rows-{first}")
    assert taken["stored"] == end - first, taken


def told(receiver: Receiver, before: int) -> list[dict[str, Any]]:
    """The alerts of budgets that arrived; each message once."""
    messages = [one.json for one in receiver.received[before:]]
    assert len({one["id"] for one in messages}) == len(messages)
    alerts = [one["data"] for one in messages if one["data"]["objective"]]
    return [one for one in alerts if one["kind"] != "resolved"]


@pytest.mark.parametrize(
    ("lived", "hour", "level"),
    [(WARNS, "2024-11-28T17", "warn"), (BURNS, "2024-12-06T20", "fire")],
)
def test_a_burst_is_told_in_its_hour(replay: Replay, lived: str, hour: str, level: str) -> None:
    onsets = [clock.parse(one["started_at"]) for one in replay.told[lived] if one["level"] == level]
    began = clock.parse(f"{hour}:00Z")

    # A machine that is stalled for a second looks a quarter of an hour late.
    assert any(began <= onset < began + timedelta(hours=2) for onset in onsets), onsets


def test_a_quiet_day_is_told_to_nobody(replay: Replay) -> None:
    assert replay.told[QUIET] == []


def test_the_budget_is_that_of_the_same_rows_from_a_file(
    replay: Replay, trace: Path, tmp_path: Path
) -> None:
    def run(*words: str) -> Any:
        around = os.environ | {"ERRORBUDGET_HOME": str(tmp_path / "home")}
        done = subprocess.run(
            [PROGRAM, *words, "--json"], env=around, capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)

    document = tmp_path / "images.yaml"
    document.write_text(DOCUMENT)
    maps = [word for expression in MAPS for word in ("--map", expression)]
    run("ingest", str(trace), "--service", "images", *maps)
    run("objective", "apply", str(document))
    (of_file,) = run("budget", "--at", END)

    # A file vouches for the time between its rows, a sender only for that of its batches.
    about_feeds = {"as_of", "coverage", "state"}
    for name in of_file.keys() - about_feeds:
        assert replay.budget[name] == of_file[name], name
