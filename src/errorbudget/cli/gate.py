"""`errorbudget gate`: may this change ship? The answer is an exit code and one sentence."""

import signal
import subprocess
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from errorbudget import clock
from errorbudget.cli.options import At, Json, moment, opened, print_json, printable
from errorbudget.errors import Failure

if TYPE_CHECKING:
    from errorbudget.program.gate import Answer

app = typer.Typer(help="Between the deploy command and the deploy.", no_args_is_help=True)

Service = Annotated[str, typer.Argument(metavar="SERVICE")]
Change = Annotated[
    str, typer.Option("--change", metavar="ID", help="What the change is known by: a commit, say.")
]
DiffRange = Annotated[
    str | None,
    typer.Option("--diff", metavar="BASE..HEAD", help="What it alters, as git revisions."),
]
Declared = Annotated[
    str | None,
    typer.Option("--risk", metavar="CLASS", help="rollback, low, normal, high or critical."),
]


@app.command()
def check(
    service: Service,
    *,
    change: Change,
    diff: DiffRange = None,
    risk: Declared = None,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Ask, and be answered: 0 permitted, 3 needs an approval, 4 blocked, 5 budget unknown."""
    now = clock.now()
    answer = _asked(service, change, diff, risk, at=now if at is None else moment(at), now=now)
    if as_json:
        print_json(answer.as_dict())
    else:
        sys.stdout.write(f"{answer.decision.reason}\n")
    raise typer.Exit(answer.exit_code)


@app.command()
def run(
    service: Service,
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND...")],
    *,
    change: Change,
    diff: DiffRange = None,
    risk: Declared = None,
) -> None:
    """Run COMMAND only when the change is permitted; its exit code is passed on and recorded."""
    started = clock.now()
    answer = _asked(service, change, diff, risk, at=started, now=started)
    # The command owns standard output.
    sys.stderr.write(f"{answer.decision.reason}\n")
    if answer.exit_code:
        raise typer.Exit(answer.exit_code)
    # The home is closed while the command runs: a deploy may take an hour, and others ask too.
    code = _code_of(command)
    _record(answer, code, started)
    raise typer.Exit(code)


def _record(answer: "Answer", code: int, started: datetime) -> None:
    """The command has run, whatever happens here: its exit code is what the caller gets."""
    try:
        with opened(wait=60) as program:
            program.gate.record_outcome(answer, code, started_at=started, now=clock.now())
    except Failure as failure:
        sys.stderr.write(f"the outcome (exit {code}) is not in the audit trail: {failure}\n")


def _asked(
    service: str, change: str, diff: str | None, risk: str | None, *, at: datetime, now: datetime
) -> "Answer":
    from errorbudget.program.gate import declared_risk, diff_of

    printable(change, "--change")
    declared, found = declared_risk(risk), diff_of(diff)
    with opened() as program:
        return program.gate.check(service, change, at=at, now=now, diff=found, declared=declared)


def _leave_it(_number: int, _frame: object) -> None:
    """What we do about a signal that the command gets too."""


def _code_of(command: list[str]) -> int:
    # Ctrl-C is the command's to answer; a handler of our own is not inherited, unlike ignoring it.
    before = signal.signal(signal.SIGINT, _leave_it)
    try:
        code = subprocess.run(command, check=False).returncode
    except OSError as cause:
        sys.stderr.write(f"{command[0]}: {cause.strerror}\n")
        return 127
    finally:
        signal.signal(signal.SIGINT, before)
    return code if code >= 0 else 128 - code  # as a shell reports a death by signal
