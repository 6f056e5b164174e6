"""What the gate is asked, as whoever asks puts it: light, for a command that asks a server."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from errorbudget.change import Diff
from errorbudget.errors import Failure
from errorbudget.objective.classes import RiskClass

_ADVISORY: Final = re.compile(r"(CVE-\d{4}-\d{4,}|GHSA(-[0-9a-z]{4}){3}|[A-Z]{2,12}-\d{4}[-:]\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """May this change ship?"""

    service: str
    change: str
    diff: Diff | None = None
    declared: RiskClass | None = None
    by: tuple[str, ...] = ()
    """Everybody who is asking: none of them may approve."""
    advisory: str = ""
    """The security advisory that a critical change answers."""
    shown: str = ""
    """What shows that it is a rollback, where a cluster has seen it."""
    named: bool = False
    """Whoever asks knows the name alone: what was told of the change before counts."""


def declared_risk(text: str | None) -> RiskClass | None:
    """The risk class that `--risk` names. Raises Failure."""
    if text is None:
        return None
    try:
        return RiskClass(text)
    except ValueError as cause:
        classes = ", ".join(RiskClass)
        raise Failure(f"--risk: {text!r} is not a risk class; write one of {classes}") from cause


def diff_of(revisions: str | None, deployed: Sequence[str] = ()) -> Diff | None:
    """What `--diff BASE..HEAD` alters in the repository of the current folder. Raises Failure.

    `deployed` are the names of the deployed version, which is the base where it is known there.
    """
    from errorbudget.ingest import git

    if revisions is None:
        return None
    return git.diff(revisions, repository=Path.cwd(), deployed=deployed)


def advisory(text: str) -> str:
    """An advisory's id, as its publisher writes it. Raises Failure."""
    if not _ADVISORY.fullmatch(text):
        raise Failure(f"--advisory: {text!r} is no advisory; write it as CVE-2026-12345")
    return text
