"""How long one `gate check` takes as a process, from nothing to its exit code."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROUNDS = 11
DOCUMENT = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: web
objectives:
  availability: {good: status < 500, target: 99%, window: {rolling: 28d}}
policy:
  bands:
    - {above: 50%, allow: [rollback, critical, low, normal, high]}
    - {above: -inf, allow: [rollback, critical]}
  unknown: {allow: [rollback, low]}
  stale_after: 10m
"""


def run() -> tuple[str, float, float, str, str]:
    """Milliseconds of a `gate check` that opens the home itself, against `python -c pass`."""
    program = Path(sys.executable).with_name("errorbudget")
    with tempfile.TemporaryDirectory() as folder:
        home = _home(Path(folder), program)
        asked = [program, "gate", "check", "web", "--change", "c1", "--risk", "low"]
        asked += ["--at", "2026-07-02T00:00:00Z"]
        ours = [_took([str(word) for word in asked], home) for _ in range(ROUNDS)]
        bare = [_took([sys.executable, "-c", "pass"], home) for _ in range(ROUNDS)]
    note = f"median of {ROUNDS}, worst {max(ours):.0f} ms; reference: python -c pass"
    return "gate check", median(ours), median(bare), " ms", note


def _home(folder: Path, program: Path) -> dict[str, str]:
    """A home with a month of requests and a document, already counted."""
    environment = os.environ | {"ERRORBUDGET_HOME": str(folder / "home")}
    rows = folder / "rows.ndjson"
    with rows.open("w") as file:
        for minute in range(31 * 1440):
            day, rest = divmod(minute, 1440)
            moment = f"2026-06-{day + 1:02}" if day < 30 else "2026-07-01"
            file.write(
                f'{{"time":"{moment}T{rest // 60:02}:{rest % 60:02}:00Z","service":"web",'
                f'"status":{500 if minute % 997 == 0 else 200}}}\n'
            )
    document = folder / "web.yaml"
    document.write_text(DOCUMENT)
    for words in (["ingest", rows], ["objective", "apply", document], ["budget"]):
        command = [str(program), *(str(word) for word in words)]
        subprocess.run(command, env=environment, check=True, capture_output=True)
    return environment


def _took(command: list[str], environment: dict[str, str]) -> float:
    started = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    took = (time.perf_counter() - started) * 1000
    if done.returncode:
        raise SystemExit(f"{command}: exit {done.returncode}: {done.stderr.decode()}")
    return took
