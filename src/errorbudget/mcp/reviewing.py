"""The tool that looks back at a quarter."""

from typing import Annotated, Any

from mcp.server.mcpserver import MCPServer
from pydantic import Field

from errorbudget.mcp import quoting
from errorbudget.mcp.answer import Answer, Detail, page, shortened
from errorbudget.mcp.calling import READS, Call, Moment, entering, moment
from errorbudget.mcp.reach import Told, Way
from errorbudget.review.wording import exact, share

SHOWN = 40
"""Lines of a short answer."""


def offer(server: MCPServer[Any], way: Way) -> None:
    """Offer the tool that reviews."""

    def review_quarter(
        call: Call,
        service: Annotated[str, Field(max_length=200, description="One service; else all.")] = "",
        quarter: Annotated[
            str, Field(max_length=10, description="As 2026Q3; empty is the last that is over.")
        ] = "",
        at: Moment = "",
        detail: Detail = "short",
    ) -> Answer:
        """What a quarter was: kept or not, where the budget went, which targets should change.

        A target changes when people have signed it; the review only says which, and on what
        evidence.
        """
        with entering(way, call) as door:
            told = door.review.read(service or None, quarter or None, moment(at, "at"))
        return Answer(
            answer=shortened(_lines(told), SHOWN),
            data=quoting.data(told) if detail == "full" else None,
            page=page(way.pages(), "reviews", told["quarter"]),
            more='Ask again with detail="full" for every account.' * (detail == "short"),
        )

    server.add_tool(review_quarter, title="Review a quarter", annotations=READS)


def _lines(told: Told) -> list[str]:
    lines = [quoting.line(told["sentence"])]
    for one in told["services"]:
        lines.append(quoting.line(one["sentence"]))
        lines += [_objective(one["service"], each) for each in one["objectives"]]
    return lines


def _objective(service: str, one: Told) -> str:
    """A promise and what became of it, with its counts."""
    counts = f"{one['bad']:,} bad of {one['valid']:,} requests"
    return (
        f"{quoting.line(service)} {one['objective']} {one['target']}: {one['verdict']};"
        f" {exact(one['good'])} good, {share(one['used'])} of the budget used, {counts};"
        f" next: {quoting.line(one['recalibration']['sentence'])}"
    )
