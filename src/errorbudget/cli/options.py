"""The options that several commands share, and how a command prints."""

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from errorbudget import clock
from errorbudget.errors import Failure

Told = dict[str, Any]
"""One answer, as JSON has it."""

Json = Annotated[
    bool, typer.Option("--json", help="Print JSON. Commands that write do so unasked when piped.")
]
At = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="As of this moment (RFC 3339), to the minute."),
]


def home_path() -> Path:
    """`$ERRORBUDGET_HOME`, or `./.errorbudget`."""
    return Path(os.environ.get("ERRORBUDGET_HOME") or ".errorbudget")


def moment(text: str | None, option: str = "--at") -> datetime:
    """The moment that an option names; now where it is not given. Raises Failure."""
    try:
        return clock.now() if text is None else clock.parse(text)
    except ValueError as cause:
        raise Failure(f"{option}: {cause}") from cause


def asked_moment(text: str | None) -> datetime | None:
    """The moment that `--at` names; None where it is not given. Raises Failure."""
    return None if text is None else moment(text)


def printable(text: str, option: str) -> str:
    """Text that will stand in the trail and on terminals. Raises Failure for control characters."""
    if not text.strip() or not text.isprintable():
        raise Failure(f"{option}: {text!r} is empty or holds control characters; write plain text")
    return text


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
