"""The tools about what is left: budgets with their burn, and what something planned would cost."""

from collections.abc import Mapping
from typing import Annotated, Any

from mcp.server.mcpserver import MCPServer
from pydantic import Field

from errorbudget.mcp import quoting
from errorbudget.mcp.answer import MORE, Answer, Detail, page, shortened
from errorbudget.mcp.calling import READS, Call, Moment, Service, entering, moment
from errorbudget.mcp.reach import Way
from errorbudget.program.budgets.planning import forecast, plan

Told = Mapping[str, Any]
SHOWN = 20
"""Budgets that a short answer names."""


def offer(server: MCPServer[Any], way: Way) -> None:
    """Offer the tools about what is left."""

    def budgets(
        call: Call,
        service: Annotated[str, Field(max_length=200, description="One service; else all.")] = "",
        at: Moment = "",
        detail: Detail = "short",
    ) -> Answer:
        """How much budget is left, how fast it burns, and what each alert says.

        Unknown is its own state: no data is never zero and never good.
        """
        with entering(way, call) as door:
            when = moment(at, "at")
            left = door.budgets.read(service or None, when)
            burns = door.budgets.burns(service or None, when)
        lines = [_budget(one, burn) for one, burn in zip(left, burns, strict=True)]
        return Answer(
            answer=shortened(lines, SHOWN) or ["No objective document is in force yet."],
            data=quoting.data({"budgets": left, "burn": burns}) if detail == "full" else None,
            page=page(way.pages(), *(("services", left[0]["service"]) if service and left else ())),
            more=MORE if detail == "short" else "",
        )

    def forecast_feature(  # noqa: PLR0913, PLR0917 -- what is known of the plan
        call: Call,
        service: Service,
        availability: Annotated[
            str, Field(max_length=20, description="Of the calls it makes, as 99.5%.")
        ],
        share: Annotated[str, Field(max_length=20, description="Of requests that need it: 30%.")],
        calls: Annotated[int, Field(ge=1, le=1000, description="By one request.")] = 1,
        retries: Annotated[int, Field(ge=0, le=100, description="Of one call.")] = 0,
        fallback: Annotated[
            str, Field(max_length=20, description="Of requests served well without it, as 90%.")
        ] = "0%",
        at: Moment = "",
        detail: Detail = "short",
    ) -> Answer:
        """What a planned dependency or feature would cost each budget of a service, and if it fits.

        Arithmetic on what is known: it says what failing calls would cost, not that they will fail.
        """
        with entering(way, call) as door:
            planned = plan(
                availability=availability,
                share=share,
                fallback=fallback,
                calls=calls,
                retries=retries,
            )
            told = [forecast(one, planned) for one in door.budgets.read(service, moment(at, "at"))]
        return Answer(
            answer=[one["sentence"] for one in told],
            data=quoting.data(told) if detail == "full" else None,
            page=page(way.pages(), "services", service),
            more=MORE if detail == "short" else "",
        )

    server.add_tool(budgets, title="Budgets and burn", annotations=READS)
    server.add_tool(forecast_feature, title="Forecast a feature", annotations=READS)


def _budget(one: Told, burn: Told) -> str:
    """A budget and its burn in one line."""
    head = f"{one['service']} {one['objective']} {one['target']}: {_left(one)}, {one['state']}"
    rates = ", ".join(f"{each['horizon']} {_rate(each)}" for each in burn["horizons"])
    said = "" if burn["alert"] == "none" else f" ({quoting.line(burn['reason'])})"
    return f"{head}; burn {rates}; alert {burn['alert']}{said}; as of {one['as_of'] or 'never'}"


def _left(one: Told) -> str:
    if one["remaining"] is None or one["state"] == "unknown":
        return "nobody knows what is left"
    counts = f"{one['bad']:,} bad of {one['allowed']:,.5g} allowed, {one['valid']:,} requests"
    if one["meaning"]:
        return f"{counts}; {one['meaning']['words']}"
    return f"{one['remaining']:.1%} left, {counts}"


def _rate(horizon: Told) -> str:
    if horizon["rate"] is None:
        return "no data"
    return f"{horizon['shown_rate']:.3g}x"
