"""`errorbudget failed`: the bad requests behind a budget, one by one."""

import sys
from typing import Annotated

import typer

from errorbudget.cli.door import entered
from errorbudget.cli.options import At, Json, Told, asked_moment, print_json


def failed(
    service: Annotated[str, typer.Argument(metavar="SERVICE")],
    objective: Annotated[str | None, typer.Argument(metavar="[OBJECTIVE]")] = None,
    *,
    last: Annotated[
        int, typer.Option("--last", min=1, max=1000, metavar="N", help="How many, the newest.")
    ] = 20,
    at: At = None,
    as_json: Json = False,
) -> None:
    """The requests that failed a service's objectives in their windows, the newest first."""
    with entered() as door:
        told = door.budgets.failed(service, objective, asked_moment(at), last)
    if as_json:
        print_json(told)
    else:
        sys.stdout.write("".join(text(one) for one in told))


def text(told: Told) -> str:
    """One objective's failed requests, a line each."""
    whose = f"{told['service']} {told['objective']}"
    if not told["failed"]:
        return f"{whose}: no failed request since {told['from']}\n"
    shown = told["requests"]
    few = "" if len(shown) == told["failed"] else f", the last {len(shown)} of them"
    head = f"{whose}: {told['failed']:,} failed since {told['from']}{few}:\n"
    return head + "".join(f"  {_line(one)}\n" for one in shown)


def _line(one: Told) -> str:
    status = "no status" if one["status"] is None else str(one["status"])
    took = "" if one["duration_ms"] is None else f"{one['duration_ms']:,.0f} ms"
    named = {
        "service": one["service"],
        "tenant": one["tenant"],
        "version": one["version"],
        "region": one["region"],
        "id": one["request_id"],
        "error logs": one["error_logs"] or "",
        "corrections": one["corrections"] or "",
    }
    what = [one["time"], one["method"], one["route"], status, took]
    what += [f"{name}={value}" for name, value in named.items() if value]
    line = " ".join(word for word in what if word)
    # What a client sent is printed as data: a control character must not drive the terminal.
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in line)
