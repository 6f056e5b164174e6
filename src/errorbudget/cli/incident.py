"""`errorbudget incident`: what hurts users, on a person's word."""

import sys
from typing import Annotated

import typer

from errorbudget.cli.door.door import entered
from errorbudget.cli.options import Json, Told, answer, print_json, printable

app = typer.Typer(help="Incidents, as people declare them.", no_args_is_help=True)

By = Annotated[str, typer.Option("--by", help="Who says so; git's user.email if not given.")]


@app.command()
def declare(
    service: Annotated[str, typer.Argument(metavar="SERVICE")],
    *,
    title: Annotated[str, typer.Option("--title", help="What is wrong, in one line.")],
    by: By = "",
    as_json: Json = False,
) -> None:
    """Open an incident; a critical fix of the service may then ask the gate as one."""
    printable(title, "--title")
    with entered() as door:
        opened = door.approvals.declare(service, title, by or _me())
    answer(opened, f"incident {opened['id']}: {title}", as_json=as_json)


@app.command()
def end(
    number: Annotated[int, typer.Argument(metavar="NUMBER")],
    *,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Let an incident be over."""
    with entered() as door:
        ended = door.approvals.end(number, by or _me())
    answer(ended, f"incident {number} is over", as_json=as_json)


@app.command("list")
def list_all(
    service: Annotated[str | None, typer.Argument(metavar="[SERVICE]")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Every incident, the newest first."""
    with entered() as door:
        told = door.approvals.incidents(service)
    if as_json:
        print_json(told)
        return
    for one in told:
        sys.stdout.write(f"{_line(one)}\n")


def _line(one: Told) -> str:
    ended = f"over since {one['ended']}" if one["ended"] else "open"
    return f"{one['id']}  {one['service']}: {one['title']} ({one['declared_by']}, {ended})"


def _me() -> str:
    from errorbudget.cli.gate import askers

    return next(iter(askers()), "")
