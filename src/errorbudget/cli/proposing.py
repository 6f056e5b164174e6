"""`errorbudget objective propose` and `backtest`: what to promise, and what a promise would do."""

import json
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from errorbudget.cli.door.door import entered
from errorbudget.cli.options import Json, Told, print_json
from errorbudget.errors import Failure, unreadable


def propose(
    services: Annotated[list[str] | None, typer.Argument(metavar="[SERVICE]...")] = None,
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Write the document here, and its evidence beside it."),
    ] = None,
    sla: Annotated[
        str | None, typer.Option("--sla", help="What a contract promises, as 99.9%.")
    ] = None,
    dependency: Annotated[
        list[str] | None,
        typer.Option("--dependency", help="Availability of what every request needs, as 99.95%."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
    as_json: Json = False,
) -> None:
    """An objective from a service's own history; without a service, those that need one.

    Several services are pooled into one budget: name those that fail together.
    The document goes to --out, or to standard output, what it says to standard error.
    """
    if not services:
        _list_unpromised(as_json=as_json)
        return
    if out is not None and out.exists() and not force:
        raise Failure(f"{out}: is there already; write --force to replace it, or another name")
    with entered() as door:
        told = door.proposals.propose(services, sla, dependency or [])
    written = _write(told, out) if out else []
    if as_json:
        print_json(told | {"written": [str(path) for path in written]})
        return
    from errorbudget.objective.proposal.proposed import summary

    sys.stderr.write(summary(told))
    for path in written:
        sys.stderr.write(f"  Written: {path}\n")
    if out is None and told["document"]:
        sys.stdout.write(told["document"])


def _list_unpromised(*, as_json: bool) -> None:
    with entered() as door:
        seen = door.proposals.unpromised()
    if as_json:
        print_json(seen)
        return
    if not seen:
        sys.stderr.write("Every service that sends requests has an objective.\n")
    for one in seen:
        sys.stdout.write(
            f"{one['service']}  {one['requests']:,} requests, {one['first'][:10]} to"
            f" {one['last'][:10]}, no objective: errorbudget objective propose {one['service']}\n"
        )


def _write(told: Told, out: Path) -> list[Path]:
    """The document and its evidence; where there is no document, the evidence says why."""
    from errorbudget.program.proposing.pictures import write_evidence

    written: list[Path] = []
    try:
        if told["document"]:
            out.write_text(told["document"], encoding="utf-8")
            written.append(out)
        written += write_evidence(told, out)
    except OSError as cause:
        raise Failure(f"{cause.filename or out}: {cause.strerror}") from cause
    return written


def backtest(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An objective document.")],
    *,
    against: Annotated[
        Path | None, typer.Option("--against", help="Another document, side by side.")
    ] = None,
    incidents: Annotated[
        Path | None,
        typer.Option("--incidents", help='Known incidents: [{"name", "from", "to"}], JSON.'),
    ] = None,
    as_json: Json = False,
) -> None:
    """Replay a document over all history: its windows, its alerts, and changes it would block."""
    known = _known(incidents) if incidents else None
    with entered() as door, _bar(file) as progress:
        told = door.proposals.backtest(file, known, progress)
        other = door.proposals.backtest(against, known, progress) if against else None
    if as_json:
        print_json(told | {"against": other} if other else told)
        return
    sys.stdout.write(_text(told))
    if other:
        sys.stdout.write(f"\n{_text(other)}\n{_side_by_side(file, told, against, other)}")


_SHOWN = 10
"""Changes that would not have shipped, with the whole reason."""


def _known(file: Path) -> list[Any]:
    try:
        told = json.loads(file.read_bytes())
    except OSError as cause:
        raise unreadable(file, cause) from cause
    except ValueError as cause:
        raise Failure(f"{file}: is not JSON: {cause}") from cause
    if not isinstance(told, list):
        raise Failure(f'{file}: is not a list; write [{{"name": …, "from": TIME, "to": TIME}}]')
    return told


def _text(told: Told) -> str:
    lines = [*told["sentences"], *(f"Mind: {one}" for one in told["warnings"])]
    for one in told["alerts"]:
        if one["kind"] != "resolved":
            about = f"{one['objective']}  {one['level']} {one['kind']}"
            lines.append(f"  {one['at']}  {about}: {one['line']}")
            lines += [f"    {one['context']}"] if one["context"] else []
    lines += [
        f"  {one['at']}  {one['change']} would not have shipped: {one['reason']}"
        for one in told["changes"]["blocked"][:_SHOWN]
    ]
    more = len(told["changes"]["blocked"]) - _SHOWN
    lines += [f"  … and {more} more changes; --json names them all"] if more > 0 else []
    return "\n".join(lines) + "\n"


def _side_by_side(file: Path, one: Told, against: Path | None, other: Told) -> str:
    from errorbudget.program.proposing.retelling import compared

    rows = [("", str(file), str(against)), *compared(one, other)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        + "\n"
        for row in rows
    )


@contextmanager
def _bar(file: Path) -> Generator[Callable[[int, int], None] | None]:
    from errorbudget.cli.progress import bar

    with bar(file) as progress:
        yield progress
