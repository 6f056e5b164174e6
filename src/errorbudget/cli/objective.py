"""`errorbudget objective`: check, test and apply what a service promises."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from errorbudget.cli import signing, translating
from errorbudget.cli.door.door import entered
from errorbudget.cli.options import Json, answer, print_json
from errorbudget.cli.proposing import backtest, propose

app = typer.Typer(help="Objective documents: what a service promises.", no_args_is_help=True)
app.command()(propose)
app.command()(backtest)

for command in (signing.sign, signing.verify, signing.history, signing.diff):
    app.command()(command)
app.command("import")(translating.import_)
app.command()(translating.export)

File = Annotated[Path, typer.Argument(metavar="FILE", help="An objective document.")]


@app.command()
def check(file: File, as_json: Json = False) -> None:
    """Read a document strictly; each problem is a line `file:line: field: what, what instead`."""
    from errorbudget.program.configuration import sources_from_environment
    from errorbudget.program.objectives.objectives import checked

    document, notes = checked(file, sources_from_environment())
    if as_json:
        print_json({"document": document.name, "services": document.services, "notes": notes})
        return
    for note in notes:
        sys.stderr.write(f"{note}\n")
    names = ", ".join(f"{name} {promise.target}" for name, promise in document.objectives.items())
    sys.stdout.write(f"{file}: good: {document.name}: {names}\n")


@app.command("test")
def try_examples(file: File, as_json: Json = False) -> None:
    """Judge the document's own examples with the engine that counts; exit 2 names what fails."""
    from errorbudget.program.objectives.objectives import tested

    count = tested(file)
    answer({"examples": count}, f"{file}: {count} examples hold", as_json=as_json)


@app.command()
def apply(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...")], as_json: Json = False
) -> None:
    """Put documents in force; one that names required signatures waits for them."""
    from errorbudget.program.objectives.applied import Applied

    with entered(create=True) as door:
        for file in files:
            applied = door.objectives.apply(file)
            for note in (*applied["notes"], *applied["refused"]):
                sys.stderr.write(f"{note}\n")
            said = Applied.of(applied)
            answer(applied, said.sentence(), as_json=as_json)
            if said.waits and not sys.stdout.isatty():
                sys.stderr.write(f"{said.sentence()}\n")
