"""`errorbudget letter`: which messages did not arrive, and why; send them again."""

import sys
from typing import Annotated

import typer

from errorbudget.cli.door import entered
from errorbudget.cli.options import Json, answer, print_json

app = typer.Typer(help="Messages that did not arrive.", no_args_is_help=True)


@app.command("list")
def show(as_json: Json = False) -> None:
    """Every dead letter, oldest first: whom it was for, what it says, why it did not arrive."""
    with entered() as door:
        dead = door.letters.dead()
    if as_json:
        print_json(dead)
        return
    if not dead:
        sys.stdout.write("every message arrived, or is still on its way\n")
    for one in dead:
        sys.stdout.write(f"{one['number']}  {one['target']}  {one['title']}\n")
        sys.stdout.write(f"    since {one['put']}, {one['attempts']} tries: {one['problem']}\n")


@app.command()
def resend(
    numbers: Annotated[
        list[int] | None, typer.Argument(metavar="[NUMBER]...", help="All if none is given.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Try dead letters again; a running server does so at once."""
    with entered() as door:
        told = door.letters.resend(numbers or [])
    answer(told, f"{told['resent']} wait for delivery again", as_json=as_json)
