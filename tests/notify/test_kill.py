"""kill -9 at any moment: every message arrives, and only what was on its way may come twice."""

import os
import random
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from time import sleep

from notify.receiving import Answer, Receiver

STEPS = 240
TESTS = Path(__file__).parents[1]
PROGRAM = Path(__file__).with_name("telling_process.py")


def test_a_killed_process_loses_no_message_and_repeats_only_what_was_on_its_way(
    home: Path, receiver: Receiver
):
    chance = random.Random(7)
    receiver.answer = lambda _: Answer(delay=chance.choice((0, 0, 0.004)))
    command = [sys.executable, PROGRAM, home, receiver.url, str(STEPS)]
    environment = os.environ | {"PYTHONPATH": str(TESTS)}
    kills = 0
    while True:
        process = subprocess.Popen(command, env=environment)
        before = len(receiver.received)
        try:
            # The first seconds are for starting; then it is killed amid its work.
            receiver_moved(receiver, before, process)
            assert process.wait(chance.uniform(0, 0.4)) == 0
            break
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1

    titles = [got.json["data"]["title"] for got in receiver.received]
    ids = [got.headers["webhook-id"] for got in receiver.received]
    assert kills >= 3, "the machine is too fast; take more steps"
    assert sorted(set(titles)) == [f"{number:04}" for number in range(STEPS)]
    assert len(set(ids)) == STEPS
    assert len(ids) - STEPS <= kills
    assert in_order(receiver)


def receiver_moved(receiver: Receiver, before: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until the process has delivered something, or has ended."""
    while len(receiver.received) == before and process.poll() is None:
        sleep(0.005)


def in_order(receiver: Receiver) -> bool:
    """Whether each service heard of its steps in the order they were made."""
    heard: defaultdict[str, list[str]] = defaultdict(list)
    for got in receiver.received:
        data = got.json["data"]
        if data["title"] not in heard[data["service"]]:
            heard[data["service"]].append(data["title"])
    return all(titles == sorted(titles) for titles in heard.values())
