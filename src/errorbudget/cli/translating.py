"""`errorbudget objective import`, `export`: other tools' documents into ours and back."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from errorbudget.cli.options import Json, print_json
from errorbudget.errors import DocumentInvalid, Failure, unreadable

if TYPE_CHECKING:
    from errorbudget.objective.formats.imported import Imported

Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="FOLDER", help="Write a file for each into this folder."),
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Refuse whatever would not mean quite the same.")
]


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    *,
    from_: Annotated[str, typer.Option("--from", help="openslo, sloth, pyrra or slo-generator.")],
    service: Annotated[
        str, typer.Option("--service", help="Whose they are, where the file does not say.")
    ] = "",
    window: Annotated[
        str, typer.Option("--window", help="As 28d: of objectives that state none.")
    ] = "",
    out: Out = None,
    strict: Strict = False,
    as_json: Json = False,
) -> None:
    """Write objective documents from another tool's file; a line for all that is different here."""
    from errorbudget.objective.formats.importing import imported

    found = imported(
        _text(file), from_, file=str(file), service=service, window=_window(window), strict=strict
    )
    for line in found.warnings:
        sys.stderr.write(f"{line}\n")
    if as_json:
        texts = [{"service": one.service, "text": one.text} for one in found.documents]
        print_json({"documents": texts, "warnings": list(found.warnings)})
    elif out:
        _write(found, out)
    else:
        sys.stdout.write("---\n".join(one.text for one in found.documents))


def _window(text: str) -> str:
    from errorbudget.objective.notation import minutes

    try:
        return text if not text or minutes(text) else ""
    except ValueError as cause:
        raise Failure(f"--window {cause}") from None


def _write(found: "Imported", folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for one in found.documents:
        name = "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in one.service)
        target = folder / f"{name.lstrip('.') or 'burn'}.yaml"
        if target.exists():
            raise Failure(f"{target}: is there already; remove it, or choose another --out")
        target.write_text(one.text, encoding="utf-8")
        sys.stdout.write(f"{target}\n")


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as cause:
        raise unreadable(file, cause) from cause
    except UnicodeDecodeError as cause:
        raise DocumentInvalid(f"{file}:1: document: is not UTF-8 text") from cause


def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An objective document.")],
    *,
    to: Annotated[str, typer.Option("--to", help="openslo, sloth or prometheus.")],
    strict: Strict = False,
) -> None:
    """Print a document as another tool's file; a line for all that it cannot say."""
    from errorbudget.objective.formats.exporting import exported
    from errorbudget.objective.reading import read

    body = _text(file)
    found = exported(read(body, file=str(file)), body, to, file=str(file), strict=strict)
    for line in found.warnings:
        sys.stderr.write(f"{line}\n")
    sys.stdout.write(found.text)
