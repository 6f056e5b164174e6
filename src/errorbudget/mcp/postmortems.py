"""The tool about what incidents cost and taught; causes, judgment and actions stay with people."""

from typing import Annotated, Any

from mcp.server.mcpserver import MCPServer
from mcp.types import ToolAnnotations
from pydantic import Field

from errorbudget.errors import Failure
from errorbudget.mcp import quoting
from errorbudget.mcp.answer import MORE, Answer, Detail, page, shortened
from errorbudget.mcp.calling import Call, Moment, Service, entering, moment, token_of
from errorbudget.mcp.reach import Told, Way

DRAFTS = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
SHOWN = 20
"""Postmortems that a short answer lists."""


def offer(server: MCPServer[Any], way: Way) -> None:
    """Offer the tool about postmortems."""

    def draft_postmortem(  # noqa: PLR0913, PLR0917 -- one parameter for each thing that is known
        call: Call,
        service: Service,
        objective: Annotated[
            str, Field(max_length=200, description="One objective; else the worst hit.")
        ] = "",
        since: Annotated[
            str, Field(max_length=40, description="The burn's start; empty lists what is written.")
        ] = "",
        until: Moment = "",
        postmortem: Annotated[
            str, Field(max_length=200, description="The id of one that is there, to read it.")
        ] = "",
        keep: Annotated[
            bool, Field(description="Keep the draft; needs a token with scope approve.")
        ] = False,
        at: Moment = "",
        detail: Detail = "short",
    ) -> Answer:
        """What a burn cost and what would have kept it small; drafts that are kept, as Markdown.

        The root cause, what went well and the actions are for people to write: ask them.
        """
        with entering(way, call) as door:
            if postmortem:
                return _written(door.postmortems.show(postmortem), way)
            if not since:
                return _listed(door.postmortems.list(service), way)
            starts, now = moment(since, "since"), moment(at, "at")
            if starts is None or (keep and not way.records(token_of(call))):
                raise Failure("keep: only with a token of scope approve, on a server")
            ends = moment(until, "until")
            if keep:
                asked = {"service": service, "objective": objective or None, "at": now}
                (told,) = door.postmortems.draft(asked | {"since": starts, "until": ends})
                return _written(told, way)
            told = door.postmortems.impact(service, objective or None, starts, ends, now)
        return Answer(
            answer=_cost(told),
            data=quoting.data(told) if detail == "full" else None,
            page=page(way.pages(), "postmortems"),
            more=f"{MORE} `errorbudget postmortem draft` keeps it as Markdown.",
        )

    server.add_tool(draft_postmortem, title="Draft a postmortem", annotations=DRAFTS)


def _written(told: Told, way: Way) -> Answer:
    missing = ", ".join(told["unwritten"])
    lines = [f"{quoting.line(told['id'])}: {told['state']}", quoting.passage(told["markdown"])]
    lines += [f"People have not written yet: {missing}."] if missing else []
    return Answer(answer=lines, page=page(way.pages(), "postmortems", told["id"]))


def _listed(found: list[Told], way: Way) -> Answer:
    lines = [
        f"{quoting.line(one['id'])}: {quoting.line(one['title'])}, {one['state']},"
        f" {_share(one['share'])} of the budget"
        for one in found
    ]
    return Answer(
        answer=shortened(lines, SHOWN) or ["No postmortem yet."],
        page=page(way.pages(), "postmortems"),
        more="postmortem=ID reads one; since and until tell what a time cost.",
    )


def _cost(told: Told) -> list[str]:
    """What each budget paid, with its range, and what would have kept it small."""
    return [
        f"{told['from']} to {told['to']}: {told['minutes']} minutes",
        *map(_paid, told["costs"]),
        *map(_prevented, told["preventions"]),
    ]


def _paid(one: Told) -> str:
    low, high = one["interval"]
    shares = ", ".join(f"{_share(part['share'])} of the {part['name']}" for part in one["windows"])
    return (
        f"{one['objective']} {one['target']}: {shares};"
        f" {one['excess']:,.2f} bad requests beyond the usual ({low:,.0f} to {high:,.0f}),"
        f" {one['seen']:,} of {one['valid']:,} failed"
    )


def _prevented(one: Told) -> str:
    what, basis = quoting.line(one["what"]), quoting.line(one["basis"])
    return f"would have kept it small: {what}: {_share(one['share'])} instead ({basis})"


def _share(ratio: float | None) -> str:
    return "an unknown part" if ratio is None else f"{ratio:.1%}"
