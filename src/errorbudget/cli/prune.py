"""`errorbudget prune`: drop requests and log records that are older than they are kept."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from errorbudget.cli.door import entered
from errorbudget.cli.options import Json, answer
from errorbudget.errors import Failure
from errorbudget.objective import notation


def prune(
    requests: Annotated[
        str, typer.Option("--requests", metavar="SPAN", help="Keep requests so long, as in 90d.")
    ] = "",
    logs: Annotated[
        str, typer.Option("--logs", metavar="SPAN", help="Keep log texts so long, as in 14d.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Drop what is older than `retain` in the configuration says, or these; counts stay."""
    asked = {"requests": _days(requests, "--requests"), "logs": _days(logs, "--logs")}
    with entered() as door:
        told = door.retention.prune(**asked)
    answer(told, _sentence(told), as_json=as_json)


def _days(text: str, option: str) -> timedelta | None:
    if not text:
        return None
    try:
        span = timedelta(minutes=notation.minutes(text))
    except ValueError as cause:
        raise Failure(f"{option}: {cause}") from cause
    if span < timedelta(days=1):
        raise Failure(f"{option}: {text} is less than a day; write 1d or more")
    return span


def _sentence(told: dict[str, Any]) -> str:
    if not (told["requests_before"] or told["logs_before"]):
        return (
            "everything is kept for good: set `retain` in the configuration, or give --requests"
            " or --logs"
        )
    return (
        f"{told['requests']:,} requests and {told['logs']:,} log records dropped; what was counted"
        " stays"
    )
