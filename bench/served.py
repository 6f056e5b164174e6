"""A real server in a process of its own, a document and an address for its messages."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2

PROGRAM = Path(sys.executable).with_name("errorbudget")
DOCUMENT = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: checkout
objectives:
  availability: {good: status < 500, target: 99%, window: {rolling: 28d}}
policy:
  bands:
    - {above: 50%, allow: [rollback, critical, low, normal, high]}
    - {above: -inf, allow: [rollback, critical]}
  unknown: {allow: [rollback, low]}
  stale_after: 10m
notify: [bench]
"""
CONFIGURATION = """\
documents: ['{document}']
targets: {{bench: {{webhook: '{url}', secret: a-secret-of-the-bench-alone}}}}
"""


@dataclass
class Receiver:
    """Where messages arrive; with the second in which each did."""

    told: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    url: str = ""

    def __post_init__(self) -> None:
        told = self.told

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                told.append((time.monotonic(), json.loads(body)))
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Receive no more."""
        self._server.shutdown()
        self._server.server_close()


class Served:
    """A server on a home; killed and started again, it is found at the same address."""

    def __init__(self, folder: Path, receiver: Receiver) -> None:
        self.home = folder / "home"
        self.log = folder / "serve.log"
        self._configuration = folder / "errorbudget.yaml"
        document = folder / "checkout.yaml"
        document.write_text(DOCUMENT)
        self._configuration.write_text(CONFIGURATION.format(document=document, url=receiver.url))
        self._port = 0
        self.start()

    def start(self) -> None:
        """Start it, or start it again; it answers when this returns."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "serve", "--config", self._configuration, "--port", str(self._port)],
                env=os.environ | {"ERRORBUDGET_HOME": str(self.home)},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(self.log.read_text()[-2000:])
        self.url = line.split()[-1]
        self._port = int(self.url.rpartition(":")[2])

    def kill(self) -> None:
        """End it as power failures do."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Let it load what it acknowledged, and end."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(120)

    def resident(self) -> float:
        """Megabytes of memory in use."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def budget(self) -> dict[str, Any]:
        """The one budget there is."""
        answer = httpx2.get(f"{self.url}/api/v1/budgets", timeout=60, trust_env=False)
        answer.raise_for_status()
        return answer.json()[0]
