"""`errorbudget audit`: the trail of what was decided, and whether it is still what was written."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from errorbudget.cli.door import entered
from errorbudget.cli.options import Json, print_json
from errorbudget.errors import Failure

app = typer.Typer(help="The audit trail.", no_args_is_help=True)


@app.command()
def log(
    *,
    last: Annotated[int, typer.Option("--last", help="How many, newest last; 0 is all.")] = 50,
    as_json: Json = False,
) -> None:
    """The entries of the trail, oldest first."""
    with entered() as door:
        entries = door.audit.entries(last)
    if as_json:
        print_json(entries)
        return
    for entry in entries:
        sys.stdout.write(
            f"{entry['seq']:>6}  {entry['at']}  {entry['kind']:<12} {_plain(entry['words'])}\n"
        )


@app.command()
def verify(
    *,
    checkpoint: Annotated[
        Path | None,
        typer.Option("--checkpoint", help="A checkpoint kept elsewhere, as a decision gave it."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Recompute every hash; exit 4 naming the first entry that does not verify."""
    with entered() as door:
        verified = door.audit.verify(_kept(checkpoint) if checkpoint else None)
    if as_json:
        print_json(verified)
    else:
        sys.stdout.write(f"{verified['entries']} entries verify; root {verified['root']}\n")


def _kept(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as cause:
        raise Failure(f"{file}: cannot be read as a checkpoint: {cause}") from cause


def _plain(words: str) -> str:
    """Words on one line of a terminal, whatever somebody put into them."""
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in words
    )
