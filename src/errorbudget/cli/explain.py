"""`errorbudget explain`: what broke, since when, where, for whom, what changed, what logs say."""

import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from errorbudget.cli.door import entered
from errorbudget.cli.options import At, Json, asked_moment, moment, print_json


def explain(
    service: str,
    objective: Annotated[
        str | None, typer.Argument(metavar="[OBJECTIVE]", help="The only one need not be named.")
    ] = None,
    *,
    since: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="The burn's start (RFC 3339).")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Its end.")] = None,
    at: At = None,
    as_json: Json = False,
) -> None:
    """What broke: a burn, now or in the past, with everything that is known of it."""
    with entered() as door:
        told = door.explaining.explain(
            service,
            objective,
            since=None if since is None else moment(since, "--from"),
            until=None if until is None else moment(until, "--to"),
            at=asked_moment(at),
        )
    if as_json:
        print_json(told)
    else:
        sys.stdout.write("\n".join(text(told)) + "\n")


def text(told: dict[str, Any]) -> Iterator[str]:
    """An explanation as a person reads it: the first line stands alone."""
    yield told["headline"]
    for section in told["sections"]:
        for number, line in enumerate(section["lines"]):
            yield f"{'' if number else section['heading']:<9}{line}"
