"""The options that several commands share, and how a command opens the home it works on."""

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from errorbudget import clock
from errorbudget.errors import Failure

if TYPE_CHECKING:
    from errorbudget.program.program import Program

Json = Annotated[bool, typer.Option("--json", help="Print JSON, one document, and nothing else.")]
At = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="Evaluate as of this moment (RFC 3339)."),
]


def home_path() -> Path:
    """`$ERRORBUDGET_HOME`, or `./.errorbudget`."""
    return Path(os.environ.get("ERRORBUDGET_HOME") or ".errorbudget")


def opened(*, create: bool = False) -> "Program":
    """The Program on the home; only commands that write may create one. Raises Failure."""
    from errorbudget.program.program import Program

    return Program.open(home_path(), create=create)


def moment(at: str | None) -> datetime:
    """The moment that `--at` names, else now. Raises Failure."""
    try:
        return clock.parse(at) if at else clock.now()
    except ValueError as cause:
        raise Failure(f"--at: {cause}") from cause


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    import orjson

    sys.stdout.write(orjson.dumps(value).decode() + "\n")


def answer(value: Any, sentence: str, *, as_json: bool) -> None:
    """What a writing command did: a sentence on a terminal, JSON when asked for or piped."""
    if as_json or not sys.stdout.isatty():
        print_json(value)
    else:
        sys.stdout.write(f"{sentence}\n")
