"""Real receivers: an HTTP server of our own, and the Alertmanager that Debian packages."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from notify.receiving import Receiver, eventually, receiving
from ports import free_port

CONFIGURATION = """
route:
  receiver: people
  group_by: [alertname, service, objective, level]
  group_wait: 50ms
  group_interval: 1s
  repeat_interval: 1h
receivers:
  - name: people
    webhook_configs: [{{url: "{url}", send_resolved: true}}]
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@dataclass(frozen=True)
class RealAlertmanager:
    url: str
    people: Receiver
    """Who is notified by it."""

    def active(self) -> list[Any]:
        return httpx2.get(f"{self.url}/api/v2/alerts").json()


@pytest.fixture
def alertmanager(tmp_path: Path, receiver: Receiver) -> Iterator[RealAlertmanager]:
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Alertmanager is missing: apt-get install prometheus-alertmanager")
        pytest.skip("Alertmanager is not on this machine")
    (tmp_path / "alertmanager.yml").write_text(CONFIGURATION.format(url=receiver.url))
    address = f"127.0.0.1:{free_port()}"
    command = [
        program,
        f"--config.file={tmp_path / 'alertmanager.yml'}",
        f"--storage.path={tmp_path / 'alertmanager'}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
    ]
    with (tmp_path / "alertmanager.log").open("wb") as log:
        process = subprocess.Popen(command, stderr=log, stdout=log)
    try:
        eventually(lambda: _ready(f"http://{address}"), 20)
        yield RealAlertmanager(f"http://{address}", receiver)
    finally:
        process.kill()
        process.wait()


def _ready(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/-/ready").is_success
    except httpx2.TransportError:
        return False
