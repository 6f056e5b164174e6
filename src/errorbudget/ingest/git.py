"""What a candidate alters against what is deployed, as git tells it."""

import subprocess
from pathlib import Path

from errorbudget.change import Diff, FileChange
from errorbudget.errors import Failure


def diff(revisions: str, *, repository: Path) -> Diff:
    """The files between BASE and HEAD of `BASE..HEAD`. Raises Failure naming what git said.

    Both names of a renamed file are told: a migration renamed into documentation is still one.
    """
    base, dots, head = revisions.partition("..")
    head = head.removeprefix(".")
    if not (base and dots and head):
        raise Failure(f"--diff {revisions}: write BASE..HEAD, as in --diff v1.4.0..HEAD")
    ends = [_commit(revision, repository) for revision in (base, head)]
    told = _git(["diff", "--numstat", "--no-renames", "-z", *ends, "--"], repository)
    files = [_file(record) for record in told.split("\0") if record]
    return Diff(base=ends[0], head=ends[1], files=tuple(files))


def _commit(revision: str, repository: Path) -> str:
    if revision.startswith("-"):
        raise Failure(f"--diff: {revision!r} is not a revision")
    named = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
    try:
        return _git(named, repository).strip()
    except Failure as cause:
        raise Failure(
            f"--diff: {revision}: no such commit in {repository}",
            "In CI, fetch enough history (fetch-depth: 0), or name a revision that is there.",
        ) from cause


def _file(record: str) -> FileChange:
    added, deleted, path = record.split("\t", 2)
    return FileChange(path=path, added=_lines(added), deleted=_lines(deleted))


def _lines(count: str) -> int | None:
    return None if count == "-" else int(count)


def _git(arguments: list[str], repository: Path) -> str:
    try:
        told = subprocess.run(
            ["git", "-C", str(repository), *arguments], capture_output=True, check=False
        )
    except FileNotFoundError as cause:
        raise Failure("git: not found; install it, or ask without --diff") from cause
    if told.returncode:
        raise Failure(f"git {arguments[0]}: {told.stderr.decode(errors='replace').strip()}")
    # Paths are bytes to git; what is no UTF-8 stays distinguishable and can be recorded.
    return told.stdout.decode("utf-8", "surrogateescape")
