"""`errorbudget budget`: what was allowed, what was spent, what is left."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from errorbudget.cli.options import At, Json, moment, opened, print_json

if TYPE_CHECKING:
    from errorbudget.program.book import Standing


def budget(
    service: Annotated[str | None, typer.Argument(metavar="[SERVICE]")] = None,
    *,
    at: At = None,
    as_json: Json = False,
) -> None:
    """The budget of every objective, or of one service's: unknown is said, never guessed."""
    with opened() as program:
        standings = program.budgets.read(service, at=moment(at))
    if as_json:
        print_json([standing.as_dict() for standing in standings])
        return
    sys.stdout.write(table(standings))


def table(standings: list["Standing"]) -> str:
    """Budgets as aligned text, one line each."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    rows = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("service", "objective", "target", "window"):
        rows.add_column(heading)
    for heading in ("left", "bad", "allowed", "requests", "pace"):
        rows.add_column(heading, justify="right")
    rows.add_column("state")
    for standing in standings:
        rows.add_row(*_cells(standing))
    # Piped, a line is a line, however long.
    console = Console(width=None if sys.stdout.isatty() else 240, highlight=False)
    with console.capture() as shown:
        console.print(rows)
    return "\n".join(line.rstrip() for line in shown.get().splitlines()) + "\n"


_MEANINGS = {"coarse": "coarse", "events": "single events", "none": "no budget"}


def _cells(standing: "Standing") -> list[str]:
    told = standing.as_dict()
    return [
        told["service"],
        told["objective"],
        told["target"],
        " – ".join(told["window"]["dates"]),
        _left(told),
        f"{told['bad']:,}",
        "–" if told["allowed"] is None else f"{told['allowed']:,.1f}",
        f"{told['valid']:,}",
        "–" if told["pace"] is None else f"{told['pace']:.2f}x",
        _state(told),
    ]


def _left(told: dict[str, Any]) -> str:
    if told["remaining"] is None:
        return "–"
    low, high = told["range"]
    spread = max(high - told["remaining"], told["remaining"] - low)
    return f"{told['remaining']:.1%}" + (f" ±{spread:.1%}" if spread >= 0.0005 else "")


def _state(told: dict[str, Any]) -> str:
    words = [told["state"]]
    if told["meaningful"] in _MEANINGS:
        words.append(_MEANINGS[told["meaningful"]])
    if told["coverage"] is not None and told["coverage"] < 1:
        words.append(f"{told['coverage']:.1%} covered")
    if told["unseen"]:
        words.append(f"no request yet of {', '.join(told['unseen'])}")
    if told["state"] == "stale":
        words.append(f"data up to {told['as_of']}")
    return ", ".join(words)
