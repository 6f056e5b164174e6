"""`errorbudget burn`: how fast every budget burns, and what its alert says."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from errorbudget.cli.budget import advice, left, named, with_members
from errorbudget.cli.door import entered
from errorbudget.cli.options import At, Json, asked_moment, print_json
from errorbudget.objective.notation import digits

if TYPE_CHECKING:
    from rich.table import Table

COLOURS = {"fire": "bold red", "warn": "yellow", "recovering": "cyan", "drift": "blue"}


def burn(
    service: Annotated[str | None, typer.Argument(metavar="[SERVICE]")] = None,
    *,
    at: At = None,
    as_json: Json = False,
) -> None:
    """The burn of every objective over its horizons, and what its alert says and why."""
    with entered() as door:
        told = door.budgets.burns(service, asked_moment(at))
    if as_json:
        print_json(told)
        return
    sys.stdout.write(text(told))


def text(told: list[dict[str, Any]]) -> str:
    """Burns as an aligned table, with the reason of each that is not calm below it."""
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False, emoji=False)
    with console.capture() as shown:
        console.print(table(told))
        for one in with_members(told):
            if one["alert"] != "none":
                console.print(f"{_name(one)}: {one['reason']}", markup=False)
        for one in told:
            if one["composite"] and one["composite"]["words"]:
                console.print(f"{_name(one)}: {one['composite']['words']}", markup=False)
        console.print(advice(told), markup=False, end="")
    return "\n".join(line.rstrip() for line in shown.get().splitlines()) + "\n"


def table(told: list[dict[str, Any]]) -> "Table":
    """One line for each objective: its alert, its burn over each horizon, when the budget ends."""
    from rich import box
    from rich.table import Table

    horizons = list(
        dict.fromkeys(one["horizon"] for told_one in told for one in told_one["horizons"])
    )
    rows = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("service", "objective", "alert"):
        rows.add_column(heading)
    for heading in (*horizons, "lasts at", "left"):
        rows.add_column(heading, justify="right")
    rows.add_column("spent by")
    for one in with_members(told):
        rows.add_row(*_cells(one, horizons), style=COLOURS.get(one["alert"], ""))
    return rows


def _cells(one: dict[str, Any], horizons: list[str]) -> list[str]:
    burns = {horizon["horizon"]: _rate(horizon) for horizon in one["horizons"]}
    lasts, ends = one["sustainable"], one["exhausts_at"]
    return [
        named(one),
        one["objective"],
        one["alert"],
        *(burns.get(horizon, "") for horizon in horizons),
        "–" if lasts is None else f"{digits(lasts, 2)}x",
        left(one),
        "–" if ends is None else ends[:16].replace("T", " "),
    ]


def _rate(horizon: dict[str, Any]) -> str:
    """The rate for people, with the range it may as well be where few requests leave it open."""
    if horizon["rate"] is None:
        return "no data"
    return f"{digits(horizon['shown_rate'])}x"


def _name(one: dict[str, Any]) -> str:
    return f"{one['service']} {one['objective']}"
