"""`errorbudget handoff`: what a log tool needs to go on from a burn."""

import sys
from enum import StrEnum
from typing import Annotated

import typer

from errorbudget.cli.door import entered
from errorbudget.cli.options import At, asked_moment, moment, print_json


class Tool(StrEnum):
    """Whose query is printed."""

    LOGQL = "logql"
    LOGQL_BY_ID = "logql_by_id"
    ELASTICSEARCH = "elasticsearch"
    SQL = "sql"
    CLICKHOUSE = "clickhouse"


def handoff(
    service: str,
    objective: str,
    *,
    query: Annotated[
        Tool | None, typer.Option("--query", help="Print this query alone, ready to paste.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="The burn's start (RFC 3339).")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Its end.")] = None,
    at: At = None,
) -> None:
    """Service, time, request ids and log templates of a burn, with a query for each log tool."""
    with entered() as door:
        told = door.explaining.hand_off(
            service,
            objective,
            since=None if since is None else moment(since, "--from"),
            until=None if until is None else moment(until, "--to"),
            at=asked_moment(at),
        )
    if query is None:
        print_json(told)
        return
    asked = told["queries"][query.value]
    if isinstance(asked, str):
        sys.stdout.write(f"{asked}\n")
    else:
        print_json(asked)
