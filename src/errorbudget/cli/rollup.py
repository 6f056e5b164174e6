"""`errorbudget budget --by`: budgets rolled up by service, by team, by any label."""

import sys
from datetime import datetime

from errorbudget.cli.door import entered
from errorbudget.cli.options import Told, print_json
from errorbudget.errors import Failure


def write(
    service: str | None, by: str, over: str | None, at: datetime | None, *, as_json: bool
) -> None:
    """Print the groups. Raises Failure."""
    if service is not None:
        raise Failure(f"--by rolls up all services; leave {service} out")
    with entered() as door:
        told = door.budgets.rollups(by, over or "28d", at)
    if as_json:
        print_json(told)
    else:
        sys.stdout.write(text(told))


def text(told: list[Told]) -> str:
    """A line for each group, and below those of several services one for each of them."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    if not told:
        return "No objective document is in force yet.\n"
    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    rows = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    rows.add_column(told[0]["by"].removeprefix("label:"))
    for heading in ("failing", "of"):
        rows.add_column(heading, justify="right")
    for heading in ("state", "worst budget"):
        rows.add_column(heading)
    for one in told:
        name = one["group"] or "(not labelled)"
        rows.add_row(name, *_counts(one), _states(one), _worst(one["worst"]))
        if one["by"] != "service":
            for member in one["members"]:
                cells = (*_counts(member), member["state"], _worst(member["worst"]))
                rows.add_row(f"  {member['service']}", *cells)
    with console.capture() as shown:
        console.print(rows)
    lines = [line.rstrip() for line in shown.get().splitlines()]
    span = f"Requests from {told[0]['from']} to {told[0]['to']}, each failing one counted once."
    return "\n".join([*lines, span]) + "\n"


def _counts(one: Told) -> tuple[str, str]:
    return f"{one['failing']:,}", f"{one['valid']:,}"


def _states(one: Told) -> str:
    told = [f"{count} {state}" for state, count in one["states"].items() if count]
    return one["state"] if len(told) == 1 else f"{one['state']} ({', '.join(told)})"


def _worst(worst: Told | None) -> str:
    if worst is None:
        return "–"
    few = f", {worst['words']}" if worst["words"] else ""
    return f"{worst['service']} {worst['objective']}: {worst['remaining']:.1%} left{few}"
