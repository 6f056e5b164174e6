"""`errorbudget home`: the whole state in one file, for a copy or to go on elsewhere."""

import os
from pathlib import Path
from typing import Annotated

import typer

from errorbudget.cli.door import entered
from errorbudget.cli.options import Json, answer, home_path
from errorbudget.errors import Failure

app = typer.Typer(help="The whole state in one file.", no_args_is_help=True)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A tar, for its owner alone.")],
    *,
    as_json: Json = False,
) -> None:
    """Write everything that is kept to FILE, keys included; a server goes on meanwhile."""
    half = file.with_name(f"{file.name}.part")
    with entered() as door:
        try:
            with os.fdopen(
                os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb"
            ) as out:
                for part in door.moving.export():
                    out.write(part)
                out.flush()
                os.fsync(out.fileno())
            half.replace(file)
        except OSError as cause:
            raise Failure(f"{file}: cannot be written: {cause.strerror}") from cause
        finally:
            half.unlink(missing_ok=True)
    size = file.stat().st_size
    said = f"{file}: {size / 2**20:,.1f} MiB; keep it as you keep the trail's key, which is in it"
    answer({"file": str(file), "bytes": size}, said, as_json=as_json)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `home export` wrote.")],
    *,
    as_json: Json = False,
) -> None:
    """Make a new home of FILE: its records go where ERRORBUDGET_STORE says, or into the home."""
    from errorbudget.program.moving import move_in
    from errorbudget.program.program import store_address

    told = move_in(file, home_path(), store_address()).as_dict()
    said = f"{home_path()}: {told['records']:,} records, {told['entries']:,} of the trail, verified"
    answer({"home": str(home_path()), **told}, said, as_json=as_json)
