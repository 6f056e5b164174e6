"""The product from outside: its command line, in processes of their own, on a home of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(sys.executable).with_name("errorbudget")


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document it printed."""
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture
def run(home: Path, tmp_path: Path) -> Run:
    """Run `errorbudget` with these words."""

    def ran(*words: str | Path, cwd: Path = tmp_path, **environment: str) -> Ran:
        done = subprocess.run(
            [PROGRAM, *(str(word) for word in words)],
            env=os.environ | {"ERRORBUDGET_HOME": str(home)} | environment,
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return ran


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a file beside the home."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return write
