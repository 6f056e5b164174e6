"""The tool that asks the gate; approving stays with people and their keys."""

from dataclasses import replace
from typing import Annotated, Any

from mcp.server.mcpserver import MCPServer
from mcp.types import ToolAnnotations
from pydantic import BaseModel, ConfigDict, Field

from errorbudget.change import Diff, FileChange
from errorbudget.errors import Failure
from errorbudget.mcp import quoting
from errorbudget.mcp.answer import MORE, Answer, Detail, page
from errorbudget.mcp.calling import Call, Moment, Service, entering, moment, token_of
from errorbudget.mcp.reach import Door, Told, Way
from errorbudget.program.gate.asking import Question, advisory, declared_risk


class FileTold(BaseModel):
    """One file of a change."""

    model_config = ConfigDict(extra="forbid")
    path: Annotated[str, Field(max_length=1000)]
    added: Annotated[int | None, Field(ge=0)] = None
    deleted: Annotated[int | None, Field(ge=0)] = None


Files = Annotated[
    list[FileTold],
    Field(max_length=10_000, description="What it alters, where git cannot be asked."),
]
ASKS = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


def offer(server: MCPServer[Any], way: Way) -> None:
    """Offer the tool that asks the gate."""

    def ask_gate(  # noqa: PLR0913, PLR0917 -- one parameter for each option of `gate check`
        call: Call,
        service: Service,
        change: Annotated[str, Field(max_length=400, description="A commit, say.")],
        diff: Annotated[
            str, Field(max_length=400, description="What it alters, as git's BASE..HEAD.")
        ] = "",
        files: Files = [],  # noqa: B006 -- pydantic copies it
        risk: Annotated[str, Field(max_length=20, description="The class declared.")] = "",
        security_advisory: Annotated[
            str, Field(max_length=40, description="What a critical change answers: CVE-…")
        ] = "",
        record: Annotated[
            bool, Field(description="Put it in the audit trail; needs a token with scope gate.")
        ] = False,
        at: Moment = "",
        detail: Detail = "short",
    ) -> Answer:
        """May this change ship? Decides mechanically, from the signed policy and counted requests.

        Leaves no record unless asked to. An answer here permits no deploy by itself: the pipeline
        asks on its own. Approvals are signed by people; tell them the command, never try for them.
        """
        with entering(way, call) as door:
            if record and not way.records(token_of(call)):
                raise Failure(
                    "record: only with a token of scope gate, on a server; without one the answer"
                    " leaves no record"
                )
            asked = Question(
                service=service,
                change=_plain(change),
                declared=declared_risk(risk or None),
                by=way.askers(),
                advisory=advisory(security_advisory) if security_advisory else "",
            )
            when = moment(at, "at")
            facts = _diff(way, door, service, diff, files)
            told = door.gate.check(replace(asked, diff=facts), at=when, dry_run=not record)
        return Answer(
            answer=_lines(told, record=record),
            data=quoting.data(told) if detail == "full" else None,
            page=page(way.pages(), "services", service),
            more=MORE if detail == "short" else "",
        )

    server.add_tool(ask_gate, title="Ask the gate", annotations=ASKS)


def _lines(told: Told, *, record: bool) -> list[str]:
    permits = ", ".join(told["permits_now"]) or "nothing"
    trail = f"in the trail as entry {told['entry']}" if record else "asked only; no record was left"
    lines = [
        f"{told['decision']}: {quoting.line(told['reason'])}",
        f"risk class {_class(told['risk'])}; may ship now without an approval: {permits}",
        trail,
    ]
    if told["decision"] == "needs_approval":
        lines.append("An approval is a person's: errorbudget gate approve, signed with their key.")
    return lines


def _class(risk: Told) -> str:
    """What it counts as, and that nothing told it where that is so."""
    unclassified = risk["class"] == "unclassified"
    return f"{risk['counts_as']} (unclassified)" if unclassified else risk["class"]


def _plain(change: str) -> str:
    if not change.strip() or not change.isprintable():
        raise Failure("change: is empty or holds control characters; write plain text")
    return change


def _diff(way: Way, door: Door, service: str, revisions: str, files: Files) -> Diff | None:
    """What a change alters: as git has it here, else as the caller says."""
    if files and revisions:
        raise Failure("diff, files: give one of them")
    if files:
        told = (FileChange(path=one.path, added=one.added, deleted=one.deleted) for one in files)
        return Diff(base="", head="", files=tuple(told))
    if not revisions:
        return None
    from errorbudget.ingest import git

    repository = way.repository()
    if repository is None:
        raise Failure("diff: there is no repository at the other end of HTTP; give files instead")
    runs = door.gate.deployed(service, None)
    names = [runs["revision"], runs["version"]] if runs else []
    return git.diff(revisions, repository=repository, deployed=[name for name in names if name])
