"""The commands in documentation: found in `console` blocks, run as one script a page."""

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
_BLOCK = re.compile(r"^( *)```console\n(.*?)^ *```", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Command:
    """One command of a page, and where it stands."""

    place: str
    line: str


def commands(page: Path) -> Iterator[Command]:
    """Everything that a page tells to type, in its order."""
    text = page.read_text()
    for block in _BLOCK.finditer(text):
        first = text[: block.start()].count("\n") + 2
        for number, line in enumerate(block[2].splitlines()):
            typed = line.strip()
            if typed.startswith("$ "):
                yield Command(f"{page.relative_to(ROOT)}:{first + number}", typed[2:])


def script(page: list[Command]) -> str:
    """Commands as a shell script that goes on after each, and says how each ended."""
    lines = ["set -u"]
    for number, command in enumerate(page):
        lines.append(f"{{ {command.line}\n}} >out.{number} 2>err.{number} </dev/null")
        lines.append(f"echo {number} $? >>codes")
    return "\n".join(lines) + "\n"


def run(page: list[Command], folder: Path, programs: Path, **environment: str) -> dict[str, int]:
    """The exit code of each command by where it stands, run in a folder."""
    path = f"{programs}:{os.environ['PATH']}"
    (folder / "page.sh").write_text(script(page))
    subprocess.run(
        ["bash", "page.sh"],
        cwd=folder,
        env=os.environ | {"PATH": path} | environment,
        check=False,
        timeout=300,
    )
    codes = dict(line.split() for line in (folder / "codes").read_text().splitlines())
    return {one.place: int(codes[str(number)]) for number, one in enumerate(page)}


def said(folder: Path, number: int) -> str:
    """What a command of the script printed."""
    return "".join((folder / f"{name}.{number}").read_text() for name in ("out", "err"))


def words(command: Command) -> list[str]:
    """The words of a command, comments left out."""
    return shlex.split(command.line, comments=True)
