"""What a candidate alters against what is deployed, as git tells it."""

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from errorbudget.change import Diff, FileChange
from errorbudget.errors import Failure

SQL_BYTES: Final = 256 * 1024
"""A larger file of SQL is not read: nobody can tell what it does."""
SQL_FILES: Final = 50
"""Nor are more files than so many of one change."""
_COMMIT: Final = re.compile(r"[0-9a-f]{7,64}")


@dataclass(frozen=True, slots=True)
class _Base:
    """What a candidate is compared with."""

    commit: str
    deployed: str = ""
    unsure: str = ""


def diff(revisions: str, *, repository: Path, deployed: Sequence[str] = ()) -> Diff:
    """What HEAD of `BASE..HEAD` alters against what is deployed. Raises Failure as git tells it.

    `deployed` are the names that the deployed version is known by, the surest first. The first one
    that is a commit or a tag here is the base; BASE is it only where none is, and is refused where
    it is no commit: a slip of the pen must not pass for as long as something is deployed. Where a
    shallow clone cannot tell, the files are not told either. Both names of a renamed file are told:
    a migration renamed into documentation is still one.
    """
    base, dots, head = revisions.partition("..")
    head = head.removeprefix(".")
    if not (base and dots and head):
        raise Failure(f"--diff {revisions}: write BASE..HEAD, as in --diff v1.4.0..HEAD")
    top = _commit(head, repository)
    found = _base(base, deployed, repository)
    bare = Diff(
        base=found.commit or base,
        head=top,
        files=(),
        repository=_name(top, repository),
        head_tree=_tree(top, repository),
        deployed=found.deployed,
        unsure=found.unsure,
    )
    if found.unsure:
        return bare
    return replace(
        bare,
        files=tuple(_files(found.commit, top, repository)),
        base_tree=_tree(found.commit, repository),
        authors=_authors(found.commit, top, repository),
    )


def person(folder: Path) -> str:
    """The address that git knows whoever works in a folder by; empty where it knows none."""
    try:
        return _git(["config", "--get", "user.email"], folder).strip()
    except Failure:
        return ""


def commit(revision: str, repository: Path) -> str:
    """The commit that a revision is; empty where it is none here."""
    try:
        return _commit(revision, repository)
    except Failure:
        return ""


def _tree(commit: str, repository: Path) -> str:
    return _git(["rev-parse", f"{commit}^{{tree}}"], repository).strip()


def _base(base: str, deployed: Sequence[str], repository: Path) -> _Base:
    shallow = _git(["rev-parse", "--is-shallow-repository"], repository).strip() == "true"
    for name in deployed:
        if commit := _deployed(name, repository):
            if not shallow:
                _commit(base, repository)
            return _Base(commit, deployed=deployed[-1])
    way_out = "fetch enough history (fetch-depth: 0)"
    if deployed and (shallow or any(_COMMIT.fullmatch(name) for name in deployed)):
        return _Base("", unsure=f"the deployed {deployed[-1]} is not in this clone; {way_out}")
    try:
        return _Base(_commit(base, repository))
    except Failure:
        if not shallow:
            raise
        return _Base("", unsure=f"{base} is not in this shallow clone; {way_out}")


def _deployed(name: str, repository: Path) -> str | None:
    """The commit that a version is: its hash, or its tag. A branch of that name is none."""
    full = [name] if _COMMIT.fullmatch(name) else []
    for revision in (*full, f"refs/tags/{name}", f"refs/tags/v{name}"):
        try:
            return _commit(revision, repository)
        except Failure:
            continue
    return None


def _commit(revision: str, repository: Path) -> str:
    if revision.startswith("-"):
        raise Failure(f"--diff: {revision!r} is not a revision")
    named = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
    try:
        return _git(named, repository).strip()
    except Failure as cause:
        if not _is_repository(repository):
            raise Failure(
                f"--diff: {repository} is no git repository, so nobody can tell what changed",
                "Ask from within a clone of the service's repository, or without --diff: the change"
                " is then unclassified and counts as high.",
            ) from cause
        raise Failure(
            f"--diff: {revision}: no such commit in {repository}",
            "In CI, fetch enough history (fetch-depth: 0), or name a revision that is there.",
        ) from cause


def _is_repository(folder: Path) -> bool:
    try:
        _git(["rev-parse", "--git-dir"], folder)
    except Failure:
        return False
    return True


def _files(base: str, head: str, repository: Path) -> Iterator[FileChange]:
    """Every file, under each of its names."""
    asked = ["diff", "--raw", "--numstat", "--no-abbrev", "--no-renames", "-z", base, head, "--"]
    told = iter(_git(asked, repository).split("\0"))
    raw: dict[str, list[str]] = {}
    read = 0
    for record in told:
        if record.startswith(":"):
            raw[next(told)] = record.lstrip(":").split(" ")
        elif record:
            added, deleted, path = record.split("\t", 2)
            before, after, old, new, _ = raw[path]
            is_sql = path.lower().endswith(".sql") and read < SQL_FILES
            read += is_sql
            yield FileChange(
                path=path,
                added=_lines(added),
                deleted=_lines(deleted),
                mode_before=before.replace("000000", ""),
                mode_after=after.replace("000000", ""),
                before=_text(old, repository) if is_sql else None,
                after=_text(new, repository) if is_sql else None,
            )


def _lines(count: str) -> int | None:
    return None if count == "-" else int(count)


def _text(blob: str, repository: Path) -> str | None:
    """The text of a file; None where there is none, or it is too large."""
    if not blob.strip("0") or int(_git(["cat-file", "-s", blob], repository)) > SQL_BYTES:
        return None
    return _git(["cat-file", "blob", blob], repository)


def _authors(base: str, head: str, repository: Path) -> tuple[str, ...]:
    """The addresses of who wrote, committed, or is named as a co-author of, what is new in head."""
    form = "%aE%n%cE%n%(trailers:key=Co-authored-by,valueonly)"
    told = _git(["log", f"--format={form}", f"{base}..{head}"], repository)
    lines = (line.strip() for line in told.splitlines())
    found = (re.sub(r"^.*<([^<>]+)>$", r"\1", line) for line in lines if line)
    return tuple(sorted(set(found)))


def _name(head: str, repository: Path) -> str:
    """What a repository is known by: where it was cloned from, without secrets, else its root."""
    try:
        told = _git(["config", "--get", "remote.origin.url"], repository).strip()
    except Failure:
        roots = _git(["rev-list", "--max-parents=0", head], repository).split()
        return f"root {roots[-1]}"
    at, _, path = told.partition(":")
    if "://" not in told and "/" not in at and path:
        return f"{at.rpartition('@')[2]}/{path}".removesuffix(".git")
    parts = urlsplit(told)
    host = parts.netloc.rpartition("@")[2]
    return f"{host}{parts.path}".removesuffix(".git")


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
