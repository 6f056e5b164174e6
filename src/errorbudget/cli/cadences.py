"""`errorbudget cadences`: what another cadence would have meant for the last year."""

import sys
from collections.abc import Iterator
from typing import Annotated, Final

import typer

from errorbudget.cli.door import entered
from errorbudget.cli.options import At, Json, Told, asked_moment, print_json


def cadences(
    service: Annotated[str, typer.Argument(metavar="SERVICE")],
    *,
    at: At = None,
    as_json: Json = False,
) -> None:
    """By month, quarter, year, sliding and both: how often, and how long, changes were held up."""
    with entered() as door:
        told = door.review.cadences(service, asked_moment(at))
    if as_json:
        print_json(told)
        return
    sys.stdout.write("\n".join(_lines(told)) + "\n")


def _lines(told: Told) -> Iterator[str]:
    yield (
        f"{told['service']}, {told['from'][:10]} to {told['to'][:10]}: usual changes held up for"
        " want of budget"
    )
    for one in told["cadences"]:
        name, _, freezes = one["words"].partition(": ")
        yield f"  {name:<12} {freezes:<34} {_left(one)}"
        if days := one["freezes"]["unknown_days"]:
            yield f"  {'':<12} and {days:.3g} days in which nobody knew the budget"
    for one in told["cadences"]:
        if one["cadence"] == "sliding" and one["resets"]:
            days = len(one["resets"])
            which = f", on the {_SHOWN} of {days} days that bring most" if days > _SHOWN else ""
            yield f"What returns to the sliding window if nothing more goes wrong{which}:"
            yield from _returning(one)


def _left(one: Told) -> str:
    if one["remaining"] is None:
        return "nothing is known now"
    left = _remaining(one["remaining"], one["objective"])
    if one["sliding"]:
        return f"{left}, by its sliding window"
    if one["cadence"] in _CALENDAR and one["resets"]:
        return f"{left}, anew on {one['resets'][0]['at'][:16].replace('T', ' ')} UTC"
    return left


def _returning(one: Told) -> Iterator[str]:
    """The days on which most comes back, in order."""
    before, steps = one["remaining"], list[tuple[float, str, float]]()
    for reset in one["resets"]:
        steps.append((reset["remaining"] - before, reset["at"], reset["remaining"]))
        before = reset["remaining"]
    shown = sorted(steps, key=lambda step: -step[0])[:_SHOWN]
    for gained, day, remaining in sorted(shown, key=lambda step: step[1]):
        yield f"  {day[:10]}  {gained:+.1%}, then {_remaining(remaining)}"


def _remaining(share: float, objective: str = "") -> str:
    if share < 0:
        return f"{objective} overspent by {-share:.0%}".lstrip()
    return f"{share:.0%} of {objective} left" if objective else f"{share:.0%} left"


_CALENDAR: Final = ("month", "quarter", "debt", "year")
_SHOWN: Final = 5
"""Days that are named; JSON has them all."""
