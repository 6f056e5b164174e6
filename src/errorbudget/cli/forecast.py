"""`errorbudget forecast`: what a planned dependency or feature would cost the budget."""

import sys
from fractions import Fraction
from typing import Annotated

import typer

from errorbudget.cli.door.door import entered
from errorbudget.cli.options import At, Json, asked_moment, print_json
from errorbudget.errors import Failure


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
    from errorbudget.ledger.planned import Planned
    from errorbudget.program.planning import forecast as planned_cost

    planned = Planned(
        availability=_share(availability, "--availability"),
        share=_share(share, "--share"),
        calls=calls,
        retries=retries,
        fallback=_share(fallback, "--fallback"),
    )
    with entered() as door:
        budgets = door.budgets.read(service, asked_moment(at))
    told = [planned_cost(one, planned) for one in budgets]
    if as_json:
        print_json(told)
    else:
        sys.stdout.write("".join(f"{one['sentence']}\n" for one in told))


def _share(text: str, option: str) -> Fraction:
    try:
        found = Fraction(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except (ValueError, ZeroDivisionError) as cause:
        raise Failure(f"{option}: {text!r} is no share; write it as 99.5% or 0.995") from cause
    if not 0 <= found <= 1:
        raise Failure(f"{option}: {text} is not from 0% to 100%; write it as 99.5% or 0.995")
    return found
