"""A real server in a process of its own, on a free port of this machine."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx2

PROGRAM = Path(sys.executable).with_name("errorbudget")
STARTS_WITHIN = 30.0

DOCUMENT = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: {service}
objectives:
  availability:
    good: status < 500
    target: 99%
    window: {{rolling: 28d}}
policy:
  bands:
    - {{above: 50%, allow: [rollback, critical, low, normal, high]}}
    - {{above: -inf, allow: [rollback, critical]}}
  unknown: {{allow: [rollback, low]}}
  stale_after: 10m
"""


@dataclass
class Served:
    """A running server, and a client that talks to it."""

    process: subprocess.Popen[str]
    url: str
    home: Path
    client: httpx2.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = httpx2.Client(base_url=self.url, timeout=30, trust_env=False)

    def get(self, path: str, **query: Any) -> Any:
        answer = self.client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, *, status: int = 200, **sent: Any) -> Any:
        answer = self.client.post(path, **sent)
        assert answer.status_code == status, answer.text
        return answer.json()

    def send(self, *requests: Mapping[str, Any], key: str = "") -> Any:
        """Post requests as NDJSON."""
        lines = b"".join(json.dumps(one).encode() + b"\n" for one in requests)
        headers = {"Idempotency-Key": key} if key else {}
        return self.post("/api/v1/requests", content=lines, headers=headers)

    def apply(self, service: str = "shop") -> Any:
        text = DOCUMENT.format(service=service).encode()
        return self.post("/api/v1/documents", content=text)

    def counts(self, service: str = "shop") -> tuple[int, int]:
        (budget,) = self.get("/api/v1/budgets", service=service)
        return budget["valid"], budget["bad"]

    def counted(self, valid: int, bad: int, service: str = "shop", within: float = 30.0) -> None:
        """Wait until the server has counted so many: what is acknowledged is counted soon after."""
        deadline = time.monotonic() + within
        while (now := self.counts(service)) != (valid, bad):
            assert time.monotonic() < deadline, f"{now} was counted, and never {(valid, bad)}"
            time.sleep(0.1)

    def stop(self, number: int = signal.SIGTERM, within: float = 30.0) -> int:
        self.client.close()
        self.process.send_signal(number)
        return self.process.wait(within)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.stop()
        self.client.close()
        if self.process.stdout:
            self.process.stdout.close()


def serve(
    home: Path, *words: str, command: Sequence[str] = (str(PROGRAM),), **environment: str
) -> Served:
    """Start a server; it answers when this returns."""
    with (home.parent / "serve.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "serve", "--port", "0", *words],
            env=os.environ | {"ERRORBUDGET_HOME": str(home)} | environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    return Served(process, _announced(process, home), home)


def _announced(process: subprocess.Popen[str], home: Path) -> str:
    assert process.stdout
    ready, _, _ = select.select([process.stdout], [], [], STARTS_WITHIN)
    line = process.stdout.readline() if ready else ""
    if not line:
        process.kill()
        process.wait()
        process.stdout.close()
        raise AssertionError((home.parent / "serve.log").read_text())
    return line.split()[-1]


def until(what: Any, within: float = 20.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + within
    while not what():
        assert time.monotonic() < end, "it never came to hold"
        time.sleep(0.05)
