"""The tool that says why a budget burned."""

from typing import Annotated, Any

from mcp.server.mcpserver import MCPServer
from pydantic import Field

from errorbudget.mcp import quoting
from errorbudget.mcp.answer import Answer, Detail, page
from errorbudget.mcp.calling import READS, Call, Moment, Service, entering, moment
from errorbudget.mcp.reach import Door, Told, Way

MOST = 10
"""Objectives of one service that are explained at once."""


def offer(server: MCPServer[Any], way: Way) -> None:
    """Offer the tool that explains."""

    def explain_burn(
        call: Call,
        service: Service,
        objective: Annotated[
            str, Field(max_length=200, description="One objective; else each of the service.")
        ] = "",
        since: Moment = "",
        until: Moment = "",
        at: Moment = "",
        detail: Detail = "short",
    ) -> Answer:
        """Why a budget burned: where, for whom, since when, which change fits, what the logs say.

        For a day, give its first and its last moment; without `since` it is the burn current at
        `at`. A change that fits in time is a suspect, not a verdict.
        """
        with entering(way, call) as door:
            span = (moment(since, "since"), moment(until, "until"), moment(at, "at"))
            names = [objective] if objective else _objectives(door, service)
            found = [
                door.explaining.explain(service, name, since=span[0], until=span[1], at=span[2])
                for name in names[:MOST]
            ]
        one = found[0] if len(found) == 1 else None
        parts = (one["service"], one["objective"], "burn") if one else (service,)
        lines = _sections(one) if one else [_headline(each) for each in found]
        return Answer(
            answer=lines or ["The service has no objective."],
            data=quoting.data(found) if detail == "full" else None,
            page=page(way.pages(), "services", *parts),
            more=_more(detail, objective),
        )

    server.add_tool(explain_burn, title="Explain a burn", annotations=READS)


def _objectives(door: Door, service: str) -> list[str]:
    return [one["objective"] for one in door.budgets.read(service, None)]


def _headline(told: Told) -> str:
    """What stands alone, and what to try; both name routes, tenants and changes."""
    move = f" Try: {quoting.line(told['first_move'])}" if told["first_move"] else ""
    return f"{quoting.line(told['headline'])}{move}"


def _sections(told: Told) -> list[str]:
    lines = [
        f"{section['heading']}: {quoting.line(line)}"
        for section in told["sections"]
        for line in section["lines"]
    ]
    return [quoting.line(told["headline"]), *lines]


def _more(detail: str, objective: str) -> str:
    if detail == "full":
        return ""
    narrow = "" if objective else "Name one objective for its whole report. "
    return f'{narrow}Ask again with detail="full" for counts, baselines and trace ids.'
