"""The commands of the page that leads from requests to a signed promise, as they stand there."""

import os
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
from outside import PROGRAM

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "promise.md"
START = datetime(2026, 3, 2, tzinfo=UTC)


def commands() -> list[str]:
    """What the page tells to type, in its order."""
    blocks = re.findall(r"```console\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]


def test_every_command_of_the_page_does_what_the_page_says(home: Path, tmp_path: Path) -> None:
    rows = [
        {
            "time": (START + timedelta(minutes=20 * number)).isoformat(),
            "service": "shop",
            "status": 503 if number % 120 == 0 else 200,
        }
        for number in range(3_000)
    ]
    (tmp_path / "requests.ndjson").write_bytes(b"\n".join(map(orjson.dumps, rows)))
    path = f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}"
    script = ["set -eu", *(f"echo '#{n}'\n{line}" for n, line in enumerate(commands()))]

    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        env=os.environ | {"ERRORBUDGET_HOME": str(home), "PATH": path},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert done.returncode == 0, done.stdout[-500:] + done.stderr
    parts = re.split(r"^#\d+\n", done.stdout, flags=re.M)[1:]
    said = dict(zip(commands(), parts, strict=True))
    assert "propose shop" in said["errorbudget objective propose"]
    assert '"examples"' in said["errorbudget objective test shop.yaml"]
    assert "fantasy" not in said["errorbudget objective backtest shop.yaml"]
    compared = said["errorbudget objective backtest shop.yaml --against tighter.yaml"]
    assert "99.9% is a fantasy" in compared
    (targets,) = [line for line in compared.splitlines() if "availability: target" in line]
    assert targets.split() == ["availability:", "target", "98%", "99.9%"]
    assert "is signed as" in said["errorbudget objective verify shop.yaml"]
    assert "98% becomes 99%" in said["errorbudget objective diff shop.yaml"]
    assert '"state":"unsigned"' in said["errorbudget objective apply shop.yaml"]
    assert "stays in force" in done.stderr
    assert "in force since" in said["errorbudget objective history shop"]
    (cost,) = [text for line, text in said.items() if line.startswith("errorbudget forecast")]
    assert "availability" in cost
