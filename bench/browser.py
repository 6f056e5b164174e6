"""What Lighthouse makes of the pages in Debian's Chromium: first paint, and its scores.

It comes from npm when this is run, and is part of nothing else.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from bench.pages import SERVICES, fill
from errorbudget.program.program import Program

PROGRAM = Path(sys.executable).with_name("errorbudget")
LIGHTHOUSE = "lighthouse@13.5.0"
NPM = ("npm", "exec", "--yes", f"--package={LIGHTHOUSE}", "--")
LIMIT_MS = 1000
WANTED = 95
PAGES = {
    "overview": "/",
    "service": "/services/service-1",
    "burn": "/services/service-1/availability/burn",
    "decisions": "/decisions",
    "objective": "/objectives/service-1",
}
FLAGS = ["--headless=new", *(["--no-sandbox"] if os.geteuid() == 0 else [])]


def run() -> list[tuple[str, float, float, str, str]]:
    """First paint of each page on loopback against a second; the lowest score against 95."""
    with tempfile.TemporaryDirectory() as name, _serving(Path(name)) as url:
        found = {page: _measured(f"{url}{path}", Path(name)) for page, path in PAGES.items()}
    rows = list[tuple[str, float, float, str, str]]()
    for page, told in found.items():
        scores = {kind: one["score"] * 100 for kind, one in told["categories"].items()}
        paint = told["audits"]["first-contentful-paint"]["numericValue"]
        weight = told["audits"]["total-byte-weight"]["numericValue"] / 1000
        note = f"{SERVICES:,} services; {weight:.0f} kB with styles and scripts; no throttling"
        rows.append((f"first paint: {page}", paint, LIMIT_MS, " ms", note))
        said = ", ".join(f"{kind} {score:.0f}" for kind, score in scores.items())
        rows.append((f"lighthouse: {page}", min(scores.values()), WANTED, "", said))
    return rows


@contextmanager
def _serving(folder: Path) -> Generator[str]:
    """A server on a home of many services that has looked at them all."""
    with Program.open(folder / "home", create=True) as program:
        fill(program, folder / "rows.ndjson")
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            [PROGRAM, "serve", "--port", "0"],
            env=os.environ | {"ERRORBUDGET_HOME": str(folder / "home")},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        assert process.stdout
        url = process.stdout.readline().split()[-1]
        # Templates and what draws are loaded by the first who looks.
        for path in PAGES.values():
            httpx2.get(f"{url}{path}", timeout=60, trust_env=False).raise_for_status()
        time.sleep(1)
        yield url
    finally:
        process.terminate()
        process.wait(120)


def _measured(url: str, folder: Path) -> dict[str, Any]:
    out = folder / "lighthouse.json"
    chromium = shutil.which("chromium")
    if chromium is None:
        raise RuntimeError("chromium is missing: `make servers` installs it")
    words = ("--quiet", "--preset=desktop", "--throttling-method=provided", "--output=json")
    about = (f"--output-path={out}", f"--chrome-flags={' '.join(FLAGS)}")
    only = "--only-categories=performance,accessibility,best-practices"
    subprocess.run(
        [*NPM, "lighthouse", url, *words, *about, only],
        env=os.environ | {"CHROME_PATH": chromium, "PUPPETEER_SKIP_DOWNLOAD": "1"},
        check=True,
        capture_output=True,
        timeout=180,
    )
    return json.loads(out.read_bytes())
