"""`errorbudget gate`: may this change ship? The answer is an exit code and one sentence."""

import signal
import subprocess
import sys
from datetime import datetime
from typing import Annotated

import typer

from errorbudget import clock
from errorbudget.cli import account, answering, hook, offline
from errorbudget.cli.asking import Asking, ask, exit_code
from errorbudget.cli.door import entered
from errorbudget.cli.options import At, Json, Told, asked_moment, print_json
from errorbudget.errors import Failure

app = typer.Typer(help="Between the deploy command and the deploy.", no_args_is_help=True)

for command in (answering.approve, answering.decline, answering.status):
    app.command()(command)
app.command("told")(offline.told)
app.command("account")(account.account)
app.command("hook")(hook.hook)

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

Advisory = Annotated[
    str, typer.Option("--advisory", metavar="ID", help="What a critical change answers: CVE-…")
]


@app.command()
def check(  # noqa: PLR0913 -- one parameter for each option
    service: Service,
    *,
    change: Change,
    diff: DiffRange = None,
    risk: Declared = None,
    advisory: Advisory = "",
    by_name: Annotated[
        bool,
        typer.Option("--by-name", help="Only its name is known here: what was told of it counts."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Decide, and leave no record.")
    ] = False,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Ask, and be answered: 0 permitted, 3 needs an approval, 4 blocked, 5 budget unknown."""
    asking = Asking(service, change, diff, risk, advisory, by_name)
    answer = ask(asking, at=asked_moment(at), dry_run=dry_run)
    answer.pop(offline.RECORD, None)
    if as_json:
        print_json(answer)
    else:
        sys.stdout.write(f"{answer['reason']}\n")
    raise typer.Exit(exit_code(answer))


@app.command()
def run(
    service: Service,
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND...")],
    *,
    change: Change,
    diff: DiffRange = None,
    risk: Declared = None,
    advisory: Advisory = "",
) -> None:
    """Run COMMAND only when the change is permitted; its exit code is passed on and recorded."""
    started = clock.now()
    answer = ask(Asking(service, change, diff, risk, advisory), at=None)
    # The command owns standard output.
    sys.stderr.write(f"{answer['reason']}\n")
    if refused := exit_code(answer):
        raise typer.Exit(refused)
    # The home is closed while the command runs: a deploy may take an hour, and others ask too.
    code = _code_of(command)
    _record(answer, code, started)
    raise typer.Exit(code)


def _record(answer: Told, code: int, started: datetime) -> None:
    """The command has run, whatever happens here: its exit code is what the caller gets."""
    try:
        if record := answer.get(offline.RECORD):
            offline.finished(record, code, started)
            return
        with entered(wait=60) as door:
            door.gate.record_outcome(answer["entry"], code, started)
    except Failure as failure:
        sys.stderr.write(f"the outcome (exit {code}) is not in the audit trail: {failure}\n")


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
