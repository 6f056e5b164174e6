"""The tools about what a service could promise: a proposal, and the check of a document."""

from pathlib import Path
from typing import Annotated, Any

from mcp.server.mcpserver import MCPServer
from pydantic import Field

from errorbudget.mcp import quoting
from errorbudget.mcp.answer import Answer, Detail, page, shortened
from errorbudget.mcp.calling import READS, Call, entering
from errorbudget.mcp.reach import Told, Way
from errorbudget.program.objectives.objectives import checked_text, tested_text

NAME = "document.yaml"
LONGEST = 200_000
"""Signs of a document."""


def offer(server: MCPServer[Any], way: Way) -> None:
    """Offer the tools about promises."""

    def propose_objective(
        call: Call,
        service: Annotated[
            str, Field(max_length=200, description="Empty lists services without an objective.")
        ] = "",
        pooled_with: Annotated[
            list[str], Field(max_length=100, description="Services that share one objective.")
        ] = [],  # noqa: B006 -- pydantic copies it
        sla: Annotated[
            str, Field(max_length=20, description="What a contract promises, as 99.9%.")
        ] = "",
        dependencies: Annotated[
            list[str],
            Field(max_length=100, description="The availability of what every request needs."),
        ] = [],  # noqa: B006 -- pydantic copies it
        detail: Detail = "short",
    ) -> Answer:
        """Propose criteria, target and window for a service from its own traffic, with the reasons.

        Nothing is put in force: a document binds when the people it names have signed it.
        """
        with entering(way, call) as door:
            if not service:
                return _unpromised(door.proposals.unpromised())
            told = door.proposals.propose([service, *pooled_with], sla or None, dependencies)
        return Answer(
            answer=_proposed(told),
            data=quoting.data(told) if detail == "full" else None,
            page=page(way.pages(), "services", service),
            more='Ask again with detail="full" for the evidence by day.' * (detail == "short"),
        )

    def check_objective(
        call: Call,
        document: Annotated[str, Field(max_length=LONGEST, description="The text of the YAML.")],
        backtest: Annotated[
            bool, Field(description="Also replay it over all history; takes a while.")
        ] = False,
        detail: Detail = "short",
    ) -> Answer:
        """Check an objective document: each problem with its line, field and way out.

        Also judges its own examples, and on request tells what it would have alerted and blocked.
        """
        body = document.encode()
        with entering(way, call) as door:
            lines = _checked(body)
            told = door.proposals.replay(body, NAME, None) if backtest else None
        replayed = [quoting.line(one) for one in (told or {}).get("sentences", ())]
        return Answer(
            answer=[*lines, *replayed],
            data=quoting.data(told) if detail == "full" else None,
            more="backtest=true replays it over all history." * (not backtest),
        )

    server.add_tool(propose_objective, title="Propose an objective", annotations=READS)
    server.add_tool(check_objective, title="Check an objective document", annotations=READS)


def _checked(body: bytes) -> list[str]:
    """What there is to say of a good document. Raises DocumentInvalid for any other."""
    document, notes = checked_text(body, Path(NAME))
    examples = tested_text(body, Path(NAME))
    names = ", ".join(f"{name} {one.target}" for name, one in document.objectives.items())
    return [
        f"good: {quoting.line(f'{document.name}: {names}')}; {examples} examples hold",
        *(quoting.line(note) for note in notes),
    ]


def _unpromised(seen: list[Told]) -> Answer:
    lines = [
        f"{quoting.line(one['service'])}: {one['requests']:,} requests,"
        f" {one['first'][:10]} to {one['last'][:10]}, no objective"
        for one in seen
    ]
    return Answer(answer=shortened(lines, 20) or ["Every service has an objective."])


def _proposed(told: Told) -> list[str]:
    """The sentences of a proposal, what to mind, and the document to debate."""
    lines = [quoting.line(one, 1000) for one in told["sentences"]]
    lines += [f"Mind: {quoting.line(one, 1000)}" for one in told["warnings"]]
    lines += [f"Later: {quoting.line(one, 1000)}" for one in told["later"]]
    if told["document"]:
        lines += ["The document, to be debated and signed:", quoting.passage(told["document"])]
    return lines
