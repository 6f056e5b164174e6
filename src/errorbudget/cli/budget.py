"""`errorbudget budget`: what was allowed, what was spent, what is left."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Annotated, Any, Literal

import typer

from errorbudget.cli import rollup
from errorbudget.cli.door import Door, entered
from errorbudget.cli.failed import text
from errorbudget.cli.options import At, Json, Told, asked_moment, print_json


def budget(
    service: Annotated[str | None, typer.Argument(metavar="[SERVICE]")] = None,
    *,
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="GROUPING", help="Roll up by service, or by label:NAME."),
    ] = None,
    over: Annotated[
        str | None,
        typer.Option(metavar="WINDOW", help="Of a roll-up: 28d, or month, quarter, year so far."),
    ] = None,
    at: At = None,
    as_json: Json = False,
) -> None:
    """The budget of every objective, or of one service's: unknown is said, never guessed."""
    moment = asked_moment(at)
    if by is not None or over is not None:
        rollup.write(service, by or "service", over, moment, as_json=as_json)
        return
    with entered() as door:
        budgets = door.budgets.read(service, moment)
        single = [] if as_json else [_failed(door, one, moment) for one in budgets if _is_few(one)]
        seen = [] if budgets else [one["service"] for one in door.budgets.services()]
    if as_json:
        print_json(budgets)
    elif budgets:
        sys.stdout.write(
            table(budgets)
            + advice(budgets)
            + unanswered(budgets)
            + ended(budgets)
            + overdue(budgets)
            + "".join(single)
        )
    else:
        names = f"Requests are here of: {', '.join(seen)}. " if seen else ""
        sys.stderr.write(
            f"No objective document is in force yet. {names}"
            "Write one, and `errorbudget objective apply FILE`.\n"
        )


_SHOWN = 5
"""Failed requests that are shown unasked of a budget of few."""


def _is_few(told: Told) -> bool:
    """Whether a budget is a matter of single failures, and has some."""
    return told["meaningful"] in ("events", "none") and told["bad"] > 0


def _failed(door: Door, told: Told, at: datetime | None) -> str:
    found = door.budgets.failed(told["service"], told["objective"], at, _SHOWN)
    return "".join(text(one) for one in found)


def table(budgets: list[Told]) -> str:
    """Budgets as aligned text, one line each; a narrow terminal loses columns, never words."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    # Piped, a line is a line, however long.
    console = Console(width=None if sys.stdout.isatty() else 240, highlight=False)
    columns = [column for column in _COLUMNS if console.width >= column.from_width]
    rows = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        rows.add_column(column.heading, justify=column.justify, no_wrap=column.heading != "state")
    for told in with_members(budgets):
        rows.add_row(*(column.cell(told) for column in columns))
    with console.capture() as shown:
        console.print(rows)
    return "\n".join(line.rstrip() for line in shown.get().splitlines()) + "\n"


def with_members(told: list[Told]) -> Iterator[Told]:
    """Each of them, and below a pool the same of its members."""
    for one in told:
        yield one
        yield from one["members"]


def named(told: Told) -> str:
    """The service; a member of a pool stands below it by its own name."""
    return f"  {told['services'][0]}" if told["pool"] else told["service"]


def left(told: Told) -> str:
    """What is left: a share, or the failures where there are too few for a share to mean much."""
    if told["remaining"] is None or told["state"] == "unknown":
        return "–"
    if told["meaning"]:
        return f"{told['allowed'] - told['bad']:.3g} of {told['allowed']:.3g}"
    return f"{told['remaining']:.1%}"


def advice(told: list[Told]) -> str:
    """A line for each budget that is too small, with what would make it mean something."""
    small = [one for one in told if one["meaning"]]
    return "".join(
        f"{one['service']} {one['objective']}: {one['meaning']['advice']}\n" for one in small
    )


def unanswered(told: list[Told]) -> str:
    """A line for each document whose source tells nothing new, with what it said instead."""
    silent = {one["service"]: one["problem"] for one in told if one["problem"]}
    return "".join(f"{service}: nothing new is known: {why}\n" for service, why in silent.items())


def ended(told: list[Told]) -> str:
    """A line for each budget whose requests end before its window begins: it tells nothing."""
    return "".join(
        f"{one['service']} {one['objective']}: its requests end at {one['as_of']}, before this"
        f" window; `--at {one['as_of']}` shows the budget of then\n"
        for one in told
        if one["as_of"] and one["as_of"] < one["window"]["start"]
    )


def overdue(told: list[Told]) -> str:
    """A line for each document that should have been looked at again."""
    late = {one["service"]: one["overdue"] for one in told if one.get("overdue")}
    return "".join(f"{service}: its document {what}\n" for service, what in late.items())


def _ranged(told: Told) -> str:
    shown = left(told)
    if not shown.endswith("%"):
        return shown
    low, high = told["range"]
    spread = max(high - told["remaining"], told["remaining"] - low)
    return shown + (f" ±{spread:.1%}" if spread >= 0.0005 else "")


def _state(told: dict[str, Any]) -> str:
    words = [told["state"]]
    if told["meaning"]:
        words.append(told["meaning"]["words"])
    if told["debt"]:
        words.append(f"less {told['debt']:,.1f} that the window before overspent")
    if told["coverage"] is not None and told["coverage"] < 1:
        words.append(f"{told['coverage']:.1%} covered")
    if told["unseen"]:
        words.append(f"no request yet of {', '.join(told['unseen'])}")
    if told["composite"] and told["composite"]["words"]:
        words.append(told["composite"]["words"])
    if told["state"] == "stale":
        words.append(f"data up to {told['as_of']}")
    return ", ".join(words)


def _allowed(told: dict[str, Any]) -> str:
    if told["allowed"] is None:
        return "–"
    from errorbudget.ledger.meaning import ENOUGH, amount

    if told["allowed"] < ENOUGH:
        return amount(Fraction(told["allowed"]))
    return f"{told['allowed']:,.0f}" if told["allowed"] >= 100 else f"{told['allowed']:.3g}"


def _pace(told: dict[str, Any]) -> str:
    unknown = told["pace"] is None or told["state"] == "unknown"
    return "–" if unknown else f"{told['pace']:.2f}x"


@dataclass(frozen=True, slots=True)
class _Column:
    heading: str
    cell: Callable[[dict[str, Any]], str]
    justify: Literal["left", "right"] = "left"
    from_width: int = 0


_COLUMNS = (
    _Column("service", named),
    _Column("objective", lambda told: told["objective"]),
    _Column("target", lambda told: told["target"]),
    _Column("window", lambda told: " – ".join(told["window"]["dates"]), from_width=110),
    _Column("left", _ranged, "right"),
    _Column("bad", lambda told: f"{told['bad']:,}", "right"),
    _Column("allowed", _allowed, "right"),
    _Column("requests", lambda told: f"{told['valid']:,}", "right", 90),
    _Column("pace", _pace, "right", 100),
    _Column("state", _state),
)
