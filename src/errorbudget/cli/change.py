"""`errorbudget change`: what altered production, and when."""

from typing import Annotated

import typer

from errorbudget.cli.door import entered
from errorbudget.cli.options import Json, answer, moment, printable

app = typer.Typer(help="Changes to production.", no_args_is_help=True)


@app.callback()
def changes() -> None:
    """Changes to production."""


@app.command()
def record(  # noqa: PLR0913 -- one parameter for each option
    service: Annotated[str, typer.Option("--service", help="Of which service.")],
    version: Annotated[str, typer.Option("--version", help="What it runs from then on.")],
    *,
    kind: Annotated[str, typer.Option("--kind", help="deploy, flag or config.")] = "deploy",
    environment: Annotated[str, typer.Option("--environment", help="Where; empty is any.")] = "",
    started: Annotated[
        str | None, typer.Option("--started", metavar="TIME", help="RFC 3339; now if not given.")
    ] = None,
    finished: Annotated[
        str | None, typer.Option("--finished", metavar="TIME", help="When it was everywhere.")
    ] = None,
    change_id: Annotated[
        str, typer.Option("--id", help="Its id; from service, version and start if not given.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Record a change, so that burns can be compared with it."""
    from errorbudget.program.changes import Telling, kind_of

    for text, option in ((service, "--service"), (version, "--version")):
        printable(text, option)
    telling = Telling(
        id=change_id,
        service=service,
        version=version,
        kind=kind_of(kind),
        environment=environment,
        started=None if started is None else moment(started, "--started"),
        finished=None if finished is None else moment(finished, "--finished"),
    )
    with entered(create=True) as door:
        stored = door.changes.tell(telling)
    answer(stored, f"recorded {stored['id']}", as_json=as_json)
