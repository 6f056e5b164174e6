"""`errorbudget room`: what is left of a budget, told as changes that still fit."""

import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from errorbudget.cli.door.door import entered
from errorbudget.cli.options import At, Json, Told, asked_moment, print_json


def room(
    service: Annotated[str, typer.Argument(metavar="SERVICE")],
    objective: Annotated[str | None, typer.Argument(metavar="[OBJECTIVE]")] = None,
    *,
    at: At = None,
    as_json: Json = False,
) -> None:
    """How many more changes fit into what is left, when more returns, and what would free it."""
    with entered() as door:
        told = door.postmortems.room(service, objective, asked_moment(at))
    if as_json:
        print_json(told)
    else:
        sys.stdout.write("\n".join(_room(told)) + "\n")


def _room(told: Told) -> Iterator[str]:
    from errorbudget.postmortem.telling import day_and_time, percent

    whose = f"{told['service']} {told['objective']}"
    if told["remaining"] is None:
        yield f"{whose}: nobody knows what is left; there is no data"
        return
    decides = ", which decides" if told["decides"] else ""
    yield (
        f"{whose}{decides}: {percent(told['remaining'])} left, of which"
        f" {percent(told['background'])} goes without any change until the window ends"
    )
    for one in told["rooms"]:
        more = "more than " if one["capped"] else ""
        learnt = f"{one['changes']} before, {one['failures']} failed"
        assumed = ": mostly an assumption" if one["assumed"] else ""
        yield (
            f"  {more}{one['fits']} {one['risk']} changes fit with 80 % confidence; the next one"
            f" exhausts it in {percent(one['exhausts'])} of cases ({learnt}{assumed})"
        )
    for one in told["returns"][:3]:
        why = "the window begins anew" if one["anew"] else f"{percent(one['gain'])} returns"
        yield f"  {day_and_time(one['at'])}: {percent(one['remaining'])}, {why}"
    for place, one in enumerate(told["work"][:5], 1):
        yield f"  {place}. {one['fix']}: {percent(one['share'])}"
