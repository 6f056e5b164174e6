"""`errorbudget ingest` and `errorbudget correct`: requests in, and what became known later."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from errorbudget.cli.door import entered
from errorbudget.cli.options import Json, answer
from errorbudget.errors import Failure

if TYPE_CHECKING:
    from errorbudget.ingest.report import Report


def ingest(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files to take in.")],
    *,
    form: Annotated[
        str, typer.Option("--format", help="auto, combined, ndjson, csv or parquet.")
    ] = "auto",
    service: Annotated[
        str, typer.Option("--service", help="The service of rows that name none.")
    ] = "",
    maps: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="COLUMN=SQL", help="Compute a column from the file's own."),
    ] = None,
    logs: Annotated[bool, typer.Option("--logs", help="The files hold log records.")] = False,
    as_json: Json = False,
) -> None:
    """Take requests (or log records) from files; a file or line taken before counts once."""
    from errorbudget.cli.progress import bar

    if unusable := [f"{file}: {_unusable(file)}" for file in files if not file.is_file()]:
        raise Failure(*unusable)
    mapped = _mapped(maps or [])
    reports: list[Report] = []
    with entered(create=True) as door, _told(reports):
        for file in files:
            with bar(file) as progress:
                report = door.requests.ingest(
                    file, form=form, service=service, maps=mapped, logs=logs, progress=progress
                )
            reports.append(report)
    total = reports[0].merged(reports[1:])
    answer(total.as_dict(), _sentence(total), as_json=as_json)


def _unusable(file: Path) -> str:
    """Why this is no file to take in."""
    if file.is_dir():
        return "is a folder: name the files in it"
    if file.exists():
        return "is not a regular file: write what it gives to one, and take that in"
    return "no such file"


@contextmanager
def _told(reports: "list[Report]") -> Generator[None]:
    """Tell what was set aside; and what is stored, when a later file cannot be taken in."""
    try:
        yield
    except Failure:
        if reports:
            total = _sentence(reports[0].merged(reports[1:]))
            sys.stderr.write(f"{len(reports)} taken in before this failed: {total}\n")
        raise
    finally:
        for report in reports:
            if report.rejected_file:
                lines = "1 line" if report.rejected == 1 else f"{report.rejected:,} lines"
                sys.stderr.write(f"{lines} set aside in {report.rejected_file}\n")


def _mapped(maps: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in maps]
    if wrong := [column for column, equals, sql in pairs if not (column and equals and sql)]:
        raise Failure(
            f"--map {wrong[0]}: write COLUMN=SQL, as in --map duration_ms='seconds * 1000'"
        )
    columns = [column.strip() for column, _, _ in pairs]
    if twice := [column for column in columns if columns.count(column) > 1]:
        raise Failure(f"--map {twice[0]}: given more than once; a column is computed in one way")
    return {column.strip(): sql for column, _, sql in pairs}


def _sentence(report: "Report") -> str:
    return (
        f"{report.read:,} read: {report.stored:,} stored, {report.duplicates:,} already there, "
        f"{report.rejected:,} set aside"
    )


_NAMED = 5
"""Ids that are named of those nobody knows."""


def correct(
    service: Annotated[str, typer.Option("--service", help="Whose requests they are.")],
    request_ids: Annotated[
        list[str], typer.Option("--request-id", metavar="ID", help="May be given several times.")
    ],
    reason: Annotated[str, typer.Option("--reason", help="Why; it stays in the audit trail.")],
    *,
    verdict: Annotated[str, typer.Option("--as", help="bad, good or excluded.")] = "bad",
    more: Annotated[list[str] | None, typer.Argument(metavar="ID...", help="More ids.")] = None,
    as_json: Json = False,
) -> None:
    """Say what became known of requests later: a 200 that corrupted an order is bad."""
    with entered() as door:
        done = door.requests.correct(service, [*request_ids, *(more or [])], verdict, reason)
    sentence = f"{done['corrected']} corrected, {done['unknown']} unknown"
    answer(done, sentence, as_json=as_json)
    if done["unknown"]:
        ids = done["unknown_ids"]
        others = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
        sys.stderr.write(
            f"No request of {service} that was taken in has the id"
            f" {', '.join(ids[:_NAMED])}{others}:"
            " look at --service, and at what its document says under `requests.request_id`"
            " (trace_id, where it says nothing).\n"
        )
