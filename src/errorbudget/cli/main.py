"""Which commands are there, and what does a failure look like from a shell?"""

import os
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Final

import typer

from errorbudget.errors import Failure, Kind

EXIT = {Kind.USAGE: 2, Kind.DOCUMENT: 2, Kind.BUSY: 1, Kind.UNTRUSTED: 4}
"""0 done or permitted; 1 crash; 2 usage or document; 4 does not verify. The gate adds 3, 4, 5."""

COMMANDS: Final = {
    "ingest": "requests",
    "correct": "requests",
    "prune": "prune",
    "objective": "objective",
    "budget": "budget",
    "failed": "failed",
    "burn": "burn",
    "explain": "explain",
    "handoff": "handoff",
    "watch": "watch",
    "forecast": "forecast",
    "change": "change",
    "gate": "gate",
    "incident": "incident",
    "postmortem": "postmortem",
    "room": "room",
    "audit": "audit",
    "review": "review",
    "cadences": "cadences",
    "serve": "serve",
    "mcp": "mcp",
    "home": "home",
    "token": "token",
    "letter": "letter",
    "demo": "demo",
}
"""Every command, and the module of this package that it is in: one of its name, or an `app`."""


def application(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """The command line with these commands; a module is imported only for one of them."""
    app = typer.Typer(
        name="errorbudget",
        help="An error budget program that runs itself.",
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    # With one command alone Typer would take its name for an argument.
    app.callback()(_nothing)
    for name in names:
        module = import_module(f"errorbudget.cli.{COMMANDS[name]}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name)
        else:
            app.command(name)(getattr(module, name))
    return app


def _nothing() -> None:
    """An error budget program that runs itself."""


def asked(words: Sequence[str]) -> typer.Typer:
    """What answers these words: where they begin with a command, it alone, and so at once."""
    first = next(iter(words), "")
    return application([first] if first in COMMANDS else COMMANDS)


def run() -> None:
    """Run the command that the process was called with; end it with the documented exit code."""
    try:
        asked(sys.argv[1:])()
    except Failure as failure:
        for line in failure.lines:
            sys.stderr.write(f"{line}\n")
        sys.exit(EXIT[failure.kind])
    except BrokenPipeError:
        # The reader (`head`, say) has seen enough; Python must not complain while flushing at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
