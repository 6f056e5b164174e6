"""How long the overview of a thousand services takes to make, and what it weighs."""

import asyncio
import json
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from statistics import median

import httpx2

from errorbudget import clock
from errorbudget.program.configuration import Configuration
from errorbudget.program.program import Program
from errorbudget.web.application import application
from errorbudget.web.pages.overview import SHEET
from errorbudget.web.server import Server

SERVICES = 1000
ROUNDS = 20
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
    """Milliseconds from the call to the last byte, in one process, against the limit for it."""
    with (
        tempfile.TemporaryDirectory() as name,
        Program.open(Path(name) / "home", create=True) as program,
    ):
        fill(program, Path(name) / "rows.ndjson")
        server = Server(program, Configuration(), "bench")
        took, page = asyncio.run(_asked(server))
        server.stop()
    note = (
        f"median of {ROUNDS}, worst {max(took):.0f} ms, {len(page) / 1000:,.0f} kB;"
        f" {SERVICES:,} services; reference: the limit of {LIMIT_MS} ms"
    )
    return "overview page", median(took), LIMIT_MS, " ms", note


def fill(program: Program, rows: Path) -> None:
    """Put many services into a home, and an hour of requests of each; some of them burn."""
    now = clock.now()
    with rows.open("w") as file:
        for service in range(SERVICES):
            for minute in range(60):
                told = {
                    "time": (now - timedelta(minutes=minute)).isoformat(),
                    "service": f"service-{service}",
                    "status": 500 if (service + minute) % 97 == 0 else 200,
                }
                file.write(json.dumps(told) + "\n")
    program.requests.ingest(rows)
    for number in range(SERVICES):
        name = f"service-{number}"
        # Past the checks of a person's document, which would take most of a minute.
        program.home.documents.apply(
            name=name,
            services=(name,),
            body=DOCUMENT.format(service=name, team=number % 20).encode(),
            state="binding",
            file="service.yaml",
            now=now,
        )


async def _asked(server: Server) -> tuple[list[float], bytes]:
    """The page after each of many evaluations, whose rows nobody has looked at before."""
    transport = httpx2.ASGITransport(app=application(server))
    took, page = list[float](), b""
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        for number in range(ROUNDS + 1):
            server.current.renew()
            started = time.perf_counter()
            answer = await client.get("/")
            if number:  # The first one loads the templates.
                took.append((time.perf_counter() - started) * 1000)
            page = answer.content
            assert answer.text.count("<tbody") == SHEET
            assert f"of {SERVICES:,}, the worst first" in answer.text
    return took, page
