"""How long a person waits for the overview of a thousand services, and what it weighs."""

import json
import os
import signal
import subprocess
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from statistics import median

import httpx2

from bench.served import PROGRAM
from errorbudget import clock
from errorbudget.program.program import Program

SERVICES = 1000
ROUNDS = 15
LIMIT_MS = 200
DOCUMENT = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: {service}
labels: {{team: team-{team}}}
objectives:
  availability: {{good: status < 500, target: 99%, window: {{rolling: 28d}}}}
policy:
  bands:
    - {{above: 50%, allow: [rollback, critical, low, normal, high]}}
    - {{above: -inf, allow: [rollback, critical]}}
"""


def run() -> tuple[str, float, float, str, str]:
    """Milliseconds until the whole page has come over loopback, against the limit for it."""
    with tempfile.TemporaryDirectory() as name:
        home = _home(Path(name))
        process = subprocess.Popen(
            [PROGRAM, "serve", "--port", "0"],
            env=os.environ | {"ERRORBUDGET_HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert process.stdout
            url = process.stdout.readline().split()[-1]
            took, weight = _waited(url)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
    note = (
        f"median of {ROUNDS}, worst {max(took):.0f} ms, {weight / 1000:,.0f} kB;"
        f" {SERVICES:,} services; reference: the limit of {LIMIT_MS} ms"
    )
    return "overview page", median(took), LIMIT_MS, " ms", note


def _home(folder: Path) -> Path:
    """A home with many services and an hour of requests of each; some of them burn."""
    now, rows = clock.now(), folder / "rows.ndjson"
    with rows.open("w") as file:
        for service in range(SERVICES):
            for minute in range(60):
                at = now - timedelta(minutes=minute)
                told = {
                    "time": at.isoformat(),
                    "service": f"service-{service}",
                    "status": 500 if (service + minute) % 97 == 0 else 200,
                }
                file.write(json.dumps(told) + "\n")
    with Program.open(folder / "home", create=True) as program:
        program.requests.ingest(rows)
        for service in range(SERVICES):
            body = DOCUMENT.format(service=f"service-{service}", team=service % 20).encode()
            program.objectives.put(body, Path("service.yaml"), now=now)
    return folder / "home"


def _waited(url: str) -> tuple[list[float], int]:
    with httpx2.Client(base_url=url, timeout=120, trust_env=False) as client:
        client.get("/")
        took, weight = list[float](), 0
        for _ in range(ROUNDS):
            time.sleep(0.5)
            started = time.perf_counter()
            answer = client.get("/")
            took.append((time.perf_counter() - started) * 1000)
            assert answer.text.count("<tbody") == SERVICES
            weight = len(answer.content)
    return took, weight
