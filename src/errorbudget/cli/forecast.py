"""`errorbudget forecast`: what a planned dependency or feature would cost the budget."""

import sys
from typing import Annotated

import typer

from errorbudget.cli.door.door import entered
from errorbudget.cli.options import At, Json, asked_moment, print_json


def forecast(  # noqa: PLR0913 -- one parameter for each thing that is known of the plan
    service: Annotated[str, typer.Argument(metavar="SERVICE")],
    *,
    availability: Annotated[
        str, typer.Option("--availability", help="Of its calls, as 99.5% or 0.995.")
    ],
    share: Annotated[str, typer.Option("--share", help="Of requests that need it, as 30%.")],
    calls: Annotated[int, typer.Option("--calls", min=1, max=1000, help="By one request.")] = 1,
    retries: Annotated[int, typer.Option("--retries", min=0, max=100, help="Of a call.")] = 0,
    fallback: Annotated[
        str, typer.Option("--fallback", help="Of requests served well without it, as 90%.")
    ] = "0%",
    at: At = None,
    as_json: Json = False,
) -> None:
    """What it takes from each budget a window, whether that fits, and what would."""
    from errorbudget.program.budgets.planning import forecast as planned_cost
    from errorbudget.program.budgets.planning import plan

    planned = plan(
        availability=availability, share=share, fallback=fallback, calls=calls, retries=retries
    )
    with entered() as door:
        budgets = door.budgets.read(service, asked_moment(at))
    told = [planned_cost(one, planned) for one in budgets]
    if as_json:
        print_json(told)
    else:
        sys.stdout.write("".join(f"{one['sentence']}\n" for one in told))
