"""Three weeks of the simulated shop in a home, with its deploy that broke payments on a Tuesday."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

from errorbudget.program.program import Program
from errorbudget.shop.generation import generate
from errorbudget.shop.story import record_deploys

START = datetime(2026, 7, 2, tzinfo=UTC)
TUESDAY = ("2026-07-21T00:00:00Z", "2026-07-22T00:00:00Z")
"""Of the day on which checkout 2.14.0 failed payments from 14:05."""
AFTERWARDS = "2026-07-21T15:30:00Z"


def fill(folder: Path) -> Path:
    """Generate it, take it in, apply its documents, record its deploys; the home."""
    shop = generate(folder / "shop", start=START, days=22, scale=0.2, search_scale=0.1)
    with Program.open(folder / "home", create=True) as program:
        for service, paths in shop.requests.items():
            for path in paths:
                program.requests.ingest(path)
            for path in shop.logs[service]:
                program.requests.ingest(path, logs=True)
        for path in shop.documents.values():
            program.objectives.apply(path, now=shop.start)
        record_deploys(program, shop, shop.start, shop.at(21, "12:00"))
    return folder / "home"


def copied(home: Path, to: Path) -> Path:
    """A copy of a home to write into."""
    shutil.copytree(home, to)
    return to
