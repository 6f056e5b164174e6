"""`errorbudget audit`: the trail of what was decided, and whether it is still what was written."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from errorbudget.cli.door import entered
from errorbudget.cli.options import Json, answer, moment, print_json
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
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A copy that `audit export` wrote.")
    ] = None,
    *,
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option("--checkpoint", help="One kept elsewhere, as a decision gave it; repeatable."),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="KEY", help="The trail's key as you kept it, for FILE."),
    ] = None,
    hashes: Annotated[
        bool,
        typer.Option(
            "--hashes", help="Only the hashes and the newest checkpoint: a million in seconds."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Recompute every hash; exit 4 naming the first entry that does not verify."""
    kept = [_kept(one) for one in checkpoint or ()]
    if file is not None and hashes:
        raise Failure("--hashes: only for the home's own trail; a copy is checked whole")
    if file is not None:
        from errorbudget.program.trail.audit import verify_copy

        verified = verify_copy(file, key, *kept)
    elif key is not None:
        raise Failure("--key: only with FILE; the home has its own key")
    else:
        with entered() as door:
            verified = door.audit.verify(kept, hashes=hashes)
    if as_json:
        print_json(verified)
        return
    sys.stdout.write(f"{verified['entries']} entries verify; root {verified['root']}\n")
    if file is not None and key is None:
        sys.stdout.write(f"signed by the key that the copy names: {verified['key']}\n")


@app.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    *,
    form: Annotated[
        str,
        typer.Option(
            "--as", metavar="copy|attestations|logs", help="in-toto, or OTLP: one a line."
        ),
    ] = "copy",
    as_json: Json = False,
) -> None:
    """Write the trail to FILE: a copy that anybody can check without this home.

    A trail that does not verify is written as it stands, and exit is 4.
    """
    from errorbudget.program.trail.audit import verify_copy

    with entered() as door:
        lines = _written(file, door.audit.export(form))
    told = verify_copy(file) if form == "copy" else {form: lines}
    said = "; ".join(f"{name} {value}" for name, value in told.items())
    answer({"file": str(file), **told}, f"{file}: {said}", as_json=as_json)


@app.command()
def reconcile(
    *,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="Only what started then or later."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Find deploys that nobody asked the gate about, and record each once as `ungated`."""
    start = None if since is None else moment(since, "--since")
    with entered() as door:
        told = door.audit.reconcile(start)
    if as_json:
        print_json(told)
        return
    for one in told["ungated"]:
        about = f"{one['service']} {one['version']}, {one['started']}"
        sys.stdout.write(
            f"ungated: {_plain(about)}: {one['past_the_gate']} (entry {one['entry']})\n"
        )
    sys.stdout.write(
        f"{told['changes']} changes of gated services: {len(told['ungated'])} newly found past the"
        f" gate, {told['known']} known before\n"
    )


def _written(file: Path, parts: Iterable[bytes]) -> int:
    """Put a file there whole, or not at all; how many lines it has. Raises Failure."""
    half, lines = file.with_name(f".{file.name}.{os.getpid()}"), 0
    try:
        with half.open("wb") as out:
            for part in parts:
                out.write(part)
                lines += part.count(b"\n")
        half.replace(file)
    except OSError as cause:
        raise Failure(f"{file}: cannot be written: {cause.strerror}") from cause
    finally:
        half.unlink(missing_ok=True)
    return lines


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
