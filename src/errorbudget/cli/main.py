"""Which commands are there, and what does a failure look like from a shell?"""

import os
import sys

import typer

from errorbudget.cli import (
    account,
    audit,
    budget,
    burn,
    change,
    demo,
    explain,
    failed,
    forecast,
    gate,
    handoff,
    incident,
    letter,
    mcp,
    objective,
    prune,
    requests,
    review,
    serve,
    token,
    watch,
)
from errorbudget.errors import Failure, Kind

EXIT = {Kind.USAGE: 2, Kind.DOCUMENT: 2, Kind.BUSY: 1, Kind.UNTRUSTED: 4}
"""0 done or permitted; 1 crash; 2 usage or document; 4 does not verify. The gate adds 3, 4, 5."""

app = typer.Typer(
    name="errorbudget",
    help="An error budget program that runs itself.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("ingest")(requests.ingest)
app.command("correct")(requests.correct)
app.command("prune")(prune.prune)
app.add_typer(objective.app, name="objective")
app.command("budget")(budget.budget)
app.command("failed")(failed.failed)
app.command("burn")(burn.burn)
app.command("explain")(explain.explain)
app.command("handoff")(handoff.handoff)
app.command("watch")(watch.watch)
app.command("forecast")(forecast.forecast)
app.add_typer(change.app, name="change")
gate.app.command("account")(account.account)
app.add_typer(gate.app, name="gate")
app.add_typer(incident.app, name="incident")
app.add_typer(audit.app, name="audit")
app.command("review")(review.review)
app.command("serve")(serve.serve)
app.command("mcp")(mcp.mcp)
app.add_typer(token.app, name="token")
app.add_typer(letter.app, name="letter")
app.command("demo")(demo.demo)


def run() -> None:
    """Run the command that the process was called with; end it with the documented exit code."""
    try:
        app()
    except Failure as failure:
        for line in failure.lines:
            sys.stderr.write(f"{line}\n")
        sys.exit(EXIT[failure.kind])
    except BrokenPipeError:
        # The reader (`head`, say) has seen enough; Python must not complain while flushing at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
