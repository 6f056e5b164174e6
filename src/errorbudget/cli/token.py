"""`errorbudget token`: which programs may call the server, and to do what."""

import sys
from typing import Annotated

import typer

from errorbudget.cli.door import entered
from errorbudget.cli.options import Json, answer, print_json, printable
from errorbudget.errors import Failure

app = typer.Typer(help="Tokens that let programs call the server.", no_args_is_help=True)

Some = list[str] | None


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who will use it.")],
    *,
    scopes: Annotated[
        list[str], typer.Option("--scope", help="ingest, read, gate, approve or admin.")
    ],
    services: Annotated[Some, typer.Option("--service", help="Only for this service.")] = None,
    environments: Annotated[
        Some, typer.Option("--environment", help="Only for this environment.")
    ] = None,
    expires: Annotated[
        str | None, typer.Option("--expires", metavar="SPAN", help="As in 90d; never if not given.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a token and print it, this once; the home keeps only its hash."""
    wanted = {
        "scopes": scopes,
        "services": services or [],
        "environments": environments or [],
        "expires_minutes": _minutes(expires) if expires else None,
    }
    with entered(create=True) as door:
        made = door.tokens.make(printable(name, "NAME"), wanted)
    answer(made, made["token"], as_json=as_json)


@app.command("list")
def show(as_json: Json = False) -> None:
    """Every token, those revoked too; no secrets."""
    with entered() as door:
        tokens = door.tokens.list()
    if as_json:
        print_json(tokens)
        return
    for one in tokens:
        bound = ", ".join([*one["services"], *one["environments"]]) or "all services"
        state = "valid" if one["valid"] else "revoked" if one["revoked"] else "expired"
        sys.stdout.write(
            f"{one['id']}  {one['name']}  {', '.join(one['scopes'])}  {bound}  {state}\n"
        )


@app.command()
def revoke(
    which: Annotated[str, typer.Argument(metavar="TOKEN", help="Its id or name.")],
    as_json: Json = False,
) -> None:
    """Let a token open nothing any more, at once."""
    with entered() as door:
        revoked = door.tokens.revoke(which)
    answer(revoked, f"{revoked['name']} opens nothing any more", as_json=as_json)


def _minutes(text: str) -> int:
    from errorbudget.objective.notation import minutes

    try:
        return minutes(text)
    except ValueError as cause:
        raise Failure(f"--expires: {cause}") from cause
