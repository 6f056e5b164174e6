"""`errorbudget watch`: how fast every budget burns, in a table that keeps itself up to date."""

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from errorbudget import clock
from errorbudget.cli.budget import advice, with_members
from errorbudget.cli.burn import table, text
from errorbudget.cli.door import entered
from errorbudget.cli.options import Told
from errorbudget.errors import Failure, Kind

if TYPE_CHECKING:
    from rich.console import RenderableType


def watch(
    service: Annotated[str | None, typer.Argument(metavar="[SERVICE]")] = None,
    *,
    every: Annotated[
        float, typer.Option("--every", min=0.5, metavar="SECONDS", help="How often to look.")
    ] = 5.0,
) -> None:
    """Watch every budget until interrupted, the worst first; piped, look once."""
    if not sys.stdout.isatty():
        sys.stdout.write(text(_worst_first(_asked(service))))
        return
    shown = _shown(_asked(service))
    try:
        _live(shown, lambda: _looked(service), every)
    except KeyboardInterrupt:
        return


def _live(first: "RenderableType", look: "Callable[[], RenderableType]", every: float) -> None:
    from rich.live import Live

    with Live(first, screen=True, auto_refresh=False) as live:
        while True:
            live.refresh()
            time.sleep(every)
            live.update(look())


def _asked(service: str | None) -> list[Told]:
    # The home is let go of between two looks, so that others can work on it.
    with entered() as door:
        return door.budgets.burns(service, None)


def _looked(service: str | None) -> "RenderableType":
    """What there is to see now, or why there is nothing."""
    try:
        return _shown(_asked(service))
    except Failure as failure:
        if failure.kind is not Kind.BUSY:
            raise
        return "\n".join(failure.lines)


def _shown(told: list[Told]) -> "RenderableType":
    from rich.console import Group
    from rich.text import Text

    ordered = _worst_first(told)
    reasons = [
        Text(f"{one['service']} {one['objective']}: {one['reason']}")
        for one in with_members(ordered)
        if one["alert"] != "none"
    ]
    now = Text(f"{clock.now():%Y-%m-%d %H:%M:%S} UTC; Ctrl-C ends", style="dim")
    return Group(table(ordered), *reasons, Text(advice(ordered), style="dim"), now)


_ORDER = ("fire", "warn", "unknown", "recovering", "drift", "none")


def _worst_first(told: list[Told]) -> list[Told]:
    return sorted(
        told, key=lambda one: min(_ORDER.index(each["alert"]) for each in with_members([one]))
    )
