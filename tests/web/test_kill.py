"""kill -9 again and again under load: nothing acknowledged is lost, nobody is told twice."""

import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from notify.receiving import Receiver, receiving
from otel import PROTOBUF, span, traces
from ports import free_port
from web.served import DOCUMENT, Served, serve, until

KILLS = 4
BATCH = 100
CONFIGURATION = """\
documents: ['{document}']
targets: {{people: {{webhook: '{url}', secret: a-secret-of-these-tests-alone}}}}
"""


@dataclass
class Sender:
    """Sends OpenTelemetry batches, each until it is acknowledged; every second request is bad."""

    port: int
    acknowledged: int = 0
    broken: int = 0
    """Calls that a kill cut short: whether they were taken, nobody knows; they are sent again."""
    stopping: threading.Event = field(default_factory=threading.Event)
    given_up: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        with httpx2.Client(timeout=30, trust_env=False) as client:
            while not self.stopping.is_set():
                self.acknowledged += self.delivered(client, batch())

    def delivered(self, client: httpx2.Client, body: bytes) -> int:
        """How many requests were acknowledged: all, or none where nobody answers any more."""
        url = f"http://127.0.0.1:{self.port}/v1/traces"
        while not self.given_up.is_set():
            try:
                answer = client.post(url, content=body, headers={"Content-Type": PROTOBUF})
            except httpx2.TransportError:
                self.broken += 1
                time.sleep(0.05)
                continue
            if answer.status_code == 200:
                return BATCH
            assert answer.status_code in (429, 503), answer.text
            time.sleep(0.2)
        return 0


def batch() -> bytes:
    now = datetime.now(UTC)  # noqa: TID251 -- a sender lives in the present
    end = int(now.timestamp() * 1000) * 10**6
    times = {"start_time_unix_nano": end - 10**6, "end_time_unix_nano": end}
    return traces(
        *(
            span({"http.response.status_code": 500 if number % 2 else 200}, **times)
            for number in range(BATCH)
        )
    ).SerializeToString()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def test_a_server_killed_under_load_loses_no_request_and_repeats_no_message(
    home: Path, receiver: Receiver, tmp_path: Path
) -> None:
    words, sender = configured(tmp_path, receiver), Sender(free_port())
    at, chance = ("--port", str(sender.port)), random.Random(3)
    thread = threading.Thread(target=sender.run)
    server = serve(home, *words, *at)
    thread.start()
    try:
        until(lambda: receiver.received, within=60)
        for _ in range(KILLS):
            before = sender.acknowledged
            until(lambda at_least=before + 5 * BATCH: sender.acknowledged > at_least)
            time.sleep(chance.uniform(0, 2))
            kill(server)
            server = serve(home, *words, *at)
        sender.stopping.set()
        thread.join(30)
    finally:
        sender.given_up.set()
        sender.stopping.set()
        thread.join()
    with server:
        server.counted(sender.acknowledged, sender.acknowledged // 2)

    ids = [one.json["id"] for one in receiver.received]
    assert sender.broken
    assert len(ids) == len(set(ids))
    assert levels(receiver).count("fire") == 1


def configured(folder: Path, receiver: Receiver) -> list[str]:
    document, configuration = folder / "shop.yaml", folder / "errorbudget.yaml"
    document.write_text(DOCUMENT.format(service="shop") + "notify: [people]\n")
    configuration.write_text(CONFIGURATION.format(document=document, url=receiver.url))
    return ["--config", str(configuration)]


def kill(server: Served) -> None:
    server.client.close()
    server.process.kill()
    server.process.wait()
    if server.process.stdout:
        server.process.stdout.close()


def levels(receiver: Receiver) -> list[str]:
    return [one.json["data"]["level"] for one in receiver.received]
