"""`errorbudget gate hook`: an assistant is about to run something; is it a deploy, and may it?

Reads what Claude Code tells a PreToolUse hook, and answers as it expects: exit 0 with a decision in
JSON or with none, or exit 2 with the reason on standard error. It never says yes on anybody's
behalf: where the gate allows, the assistant's own rules about commands decide.
"""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from errorbudget.cli.options import Told
from errorbudget.errors import Failure

if TYPE_CHECKING:
    from errorbudget.cli.deploys import Deploy

_REFUSED = 2
"""What stops the command; any other failure of a hook would let it run."""


def hook(
    file: Annotated[
        Path | None,
        typer.Option(
            "--deploys", metavar="FILE", help="The list of deploy commands, if elsewhere."
        ),
    ] = None,
) -> None:
    """Ask the gate before an assistant deploys: a PreToolUse event of Claude Code on stdin."""
    try:
        answer = _answer(_event(sys.stdin.read()), file)
    except Failure as failure:
        sys.stderr.write("The gate could not be asked, so this does not run.\n")
        sys.stderr.writelines(f"{line}\n" for line in failure.lines)
        raise typer.Exit(_REFUSED) from failure
    except Exception as cause:
        sys.stderr.write(f"The gate could not be asked, so this does not run: {cause!r}\n")
        raise typer.Exit(_REFUSED) from cause
    if answer:
        sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")


def _event(text: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except ValueError as cause:
        raise Failure(f"standard input is no event of a hook: {cause}") from cause
    if not isinstance(told, dict):
        raise Failure("standard input is no event of a hook: not an object")
    return told  # pyright: ignore[reportUnknownVariableType]


def _answer(event: dict[str, Any], file: Path | None) -> Told:
    """What Claude Code is told; empty where it is no deploy."""
    given = event.get("tool_input")
    command = given.get("command") if isinstance(given, dict) else None
    if event.get("tool_name") != "Bash" or not isinstance(command, str):
        return {}
    folder = Path(str(event.get("cwd") or Path.cwd()))
    listed = file or _listed(folder)
    if listed is None:
        return {}
    from errorbudget.cli.deploys import Deploys, found
    from errorbudget.program.configuration import read_as

    known = read_as(Deploys, listed, "see docs/how-to/assistants.md").deploys
    deploys = found(command, known)
    if not deploys:
        return {}
    os.chdir(folder)
    return _decided([_asked(one) for one in deploys])


def _listed(folder: Path) -> Path | None:
    """The list of the repository that a folder is in."""
    from errorbudget.cli.deploys import FILE

    for place in (folder, *folder.resolve().parents):
        if (place / FILE).is_file():
            return place / FILE
    return None


def _asked(deploy: "Deploy") -> Told:
    from errorbudget.cli.asking import Asking, ask, exit_code
    from errorbudget.ingest import git

    change = git.commit(deploy.change, Path.cwd()) or deploy.change
    told = ask(Asking(deploy.service, change, deploy.diff, deploy.risk, ""), at=None)
    return told | {"exit_code": exit_code(told), "change": change}


def _decided(answers: list[Told]) -> Told:
    from errorbudget.mcp import quoting

    refused = [one for one in answers if one["exit_code"]]
    # A reason names files of the change, and whoever wrote it chose their names.
    told = [f"{one['service']}: {quoting.line(one['reason'])}" for one in refused or answers]
    said = "; ".join(told)
    if not refused:
        return {"systemMessage": f"The gate: {said}"}
    way_out = [
        f"errorbudget gate approve {one['service']} --change {one['change']}"
        for one in refused
        if one["decision"] == "needs_approval"
    ]
    ask = f" A person may approve, with their key: {'; '.join(way_out)}." if way_out else ""
    return {
        "hookSpecificOutput": {
            "hookEventName": "PreToolUse",
            "permissionDecision": "deny",
            "permissionDecisionReason": f"{said}{ask} Do not look for a way around it.",
        }
    }
