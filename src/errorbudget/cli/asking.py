"""How the gate is asked from here, and as whom; what its answer is worth as an exit code."""

import os
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from errorbudget.cli import offline
from errorbudget.cli.door import entered
from errorbudget.cli.options import Told, printable
from errorbudget.errors import Failure, Unreachable

if TYPE_CHECKING:
    from errorbudget.program.gate.asking import Question


@dataclass(frozen=True, slots=True)
class Asking:
    """What stands on the command line."""

    service: str
    change: str
    diff: str | None
    risk: str | None
    advisory: str
    by_name: bool = False


def ask(asking: Asking, *, at: datetime | None, dry_run: bool = False) -> Told:
    """The decision of a server or the home, else by the copy that is kept. Raises Failure."""
    from errorbudget.program.gate.asking import Question, advisory, declared_risk, diff_of

    if asking.by_name and asking.diff:
        raise Failure("--by-name: says that nobody here knows what it alters; leave --diff out")
    question = Question(
        service=asking.service,
        change=printable(asking.change, "--change"),
        declared=declared_risk(asking.risk),
        by=askers(),
        advisory=advisory(asking.advisory) if asking.advisory else "",
        named=asking.by_name,
    )
    try:
        return _from_door(question, asking.diff, at=at, dry_run=dry_run)
    except Unreachable as cause:
        # What is asked about another moment, or of a server that runs here, is not a deploy in CI.
        if at is not None or not offline.server():
            raise
        question = replace(question, diff=diff_of(asking.diff))
        return offline.answered(question, cause.lines[0], dry_run=dry_run)


def _from_door(
    question: "Question", revisions: str | None, *, at: datetime | None, dry_run: bool
) -> Told:
    from errorbudget.program.gate.asking import diff_of

    with entered() as door:
        if revisions is not None:
            runs = door.gate.deployed(question.service, at)
            names = [runs["revision"], runs["version"]] if runs else []
            diff = diff_of(revisions, [name for name in names if name])
            question = replace(question, diff=diff)
        answer = door.gate.check(question, at=at, dry_run=dry_run)
        offline.settle(door, question.service)
        return answer


def askers() -> tuple[str, ...]:
    """Who is asking, as far as the machine knows; a server knows its callers better."""
    from errorbudget.ingest import git

    names = (*(os.environ.get(name, "") for name in _ACTORS), git.person(Path.cwd()))
    return tuple(dict.fromkeys(name for name in names if name.isprintable() and name))


_ACTORS: Final = ("GITHUB_ACTOR", "GITLAB_USER_EMAIL", "GITLAB_USER_LOGIN")


def exit_code(answer: Told) -> int:
    """0 permitted; 3 needs an approval; 4 blocked; 5 needs one as the budget is unknown."""
    if answer["decision"] == "needs_approval":
        return 5 if answer["reason_code"] in ("unknown_forbids", "unreachable") else 3
    return 4 if answer["decision"] == "block" else 0
