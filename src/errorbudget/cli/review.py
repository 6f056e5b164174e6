"""`errorbudget review`: a quarter looked back at, and the next promise made ready to sign."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from errorbudget.cli.door import entered
from errorbudget.cli.options import At, Json, Told, asked_moment, print_json
from errorbudget.errors import Failure


def review(  # noqa: PLR0913 -- one parameter for each option
    service: Annotated[str | None, typer.Argument(metavar="[SERVICE]")] = None,
    *,
    quarter: Annotated[
        str | None,
        typer.Option(
            "--quarter", metavar="2026Q3", help="The last one that is over, if not given."
        ),
    ] = None,
    html: Annotated[bool, typer.Option("--html", help="Print a page instead of Markdown.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write Markdown and HTML into this folder.")
    ] = None,
    write_next: Annotated[
        Path | None,
        typer.Option(
            "--write-next", help="Write documents whose targets change here, to be signed."
        ),
    ] = None,
    as_told: Annotated[
        bool,
        typer.Option("--as-told", help="As it was told when the quarter closed, not as known now."),
    ] = False,
    at: At = None,
    as_json: Json = False,
) -> None:
    """What a quarter was: kept or not, where the budget went, what to change, on what evidence."""
    moment = asked_moment(at)
    with entered() as door:
        reviews = door.review
        told = (
            reviews.as_told(service, quarter) if as_told else reviews.read(service, quarter, moment)
        )
        following = reviews.next_versions(service, quarter, moment) if write_next else {}
    written = [*_documents(following, write_next), *_pages(told, service, out)]
    if as_json:
        print_json(told | {"written": [str(path) for path in written]})
        return
    for path in written:
        sys.stderr.write(f"Written: {path}\n")
    if write_next and not following:
        sys.stderr.write("No target changes, so there is nothing to sign.\n")
    if html or not (out or write_next):
        sys.stdout.write(_page(told) if html else _markdown(told))


def _documents(following: dict[str, bytes], folder: Path | None) -> list[Path]:
    if folder is None:
        return []
    return [_write(folder / f"{_file(name)}.yaml", body) for name, body in following.items()]


def _pages(told: Told, service: str | None, folder: Path | None) -> list[Path]:
    if folder is None:
        return []
    stem = f"review-{told['quarter']}" + (f"-{_file(service)}" if service else "")
    return [
        _write(folder / f"{stem}.md", _markdown(told).encode()),
        _write(folder / f"{stem}.html", _page(told).encode()),
    ]


def _write(path: Path, body: bytes) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    except OSError as cause:
        raise Failure(f"{cause.filename or path}: {cause.strerror}") from cause
    return path


def _file(name: str) -> str:
    """A document's name as that of a file."""
    return "".join(char if char.isalnum() or char in "._-" else "-" for char in name).lstrip(".")


def _markdown(told: Told) -> str:
    from errorbudget.review.markdown import markdown

    return markdown(told)


def _page(told: Told) -> str:
    from errorbudget.review.page import body
    from errorbudget.web.pages.rendering import alone

    return alone(f"Review of {told['quarter']}", body(told))
