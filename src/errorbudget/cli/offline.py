"""The gate while its server does not answer: what is kept for it, decided then, told later."""

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from errorbudget import clock
from errorbudget.cli.door import entered
from errorbudget.cli.options import Json, Told, answer, home_path
from errorbudget.errors import Failure, Unreachable

if TYPE_CHECKING:
    from errorbudget.cli.door.door import Door
    from errorbudget.program.gate.asking import Question
    from errorbudget.program.gate.offline import Offline

RECORD: Final = "record of it"
"""Under which an answer given here carries what its server is to hear."""


def server() -> str:
    """The server that commands are to ask; empty where it is the home."""
    return os.environ.get("ERRORBUDGET_URL", "")


def folder() -> Path:
    """`$ERRORBUDGET_CACHE`, or where this user's programs keep such things."""
    if named := os.environ.get("ERRORBUDGET_CACHE"):
        return Path(named)
    caches = os.environ.get("XDG_CACHE_HOME")
    return (Path(caches) if caches else Path.home() / ".cache") / "errorbudget"


def answered(question: "Question", cause: str, *, dry_run: bool) -> Told:
    """What the copy of the document says of a change, recorded here."""
    given = _offline().check(question, cause=cause, now=clock.now(), dry_run=dry_run)
    return given.answer | {RECORD: given.record}


def finished(record: Told, code: int, started: datetime) -> None:
    """Record what came of the command. Raises Failure."""
    _offline().finished(record, code, started=started, now=clock.now())


def settle(door: "Door", service: str) -> None:
    """After a server's answer: keep a copy of the document, and tell what it has not heard yet.

    Neither may change the answer: what fails is said on standard error.
    """
    from errorbudget.cli.door import gate

    if not server() or not isinstance(door.gate, gate.OnServer):
        return
    try:
        _keep(door.gate.copy(service), service)
        _tell(door)
    except Failure as failure:
        sys.stderr.write(f"for when the server does not answer: {failure.lines[0]}\n")


def told(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE]...", help="Records from other machines; else this one's."),
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Tell the server what was decided while it did not answer; each record counts once."""
    with entered() as door:
        told = _tell(door, files or None)
    said = f"{told['taken']} records told, {told['known']} known before"
    answer(told, said, as_json=as_json)


def _keep(told: dict[str, Any], service: str) -> None:
    from errorbudget.store.copies import Copies, Copy

    if not told["signatures"]:
        return
    copy = Copy(
        document=told["document"].encode(),
        signatures={role: text.encode() for role, text in told["signatures"].items()},
        checkpoint=told["checkpoint"],
        kept_at=clock.now(),
    )
    Copies(folder(), server()).keep(service, copy)


def _tell(door: "Door", files: list[Path] | None = None) -> Told:
    from errorbudget.store.copies import Spool
    from errorbudget.store.files import read_json

    own, sums, refused = files is None, {"taken": 0, "known": 0}, list[str]()
    for file in files if files is not None else Spool(folder()).files():
        try:
            told = door.gate.take_offline([read_json(file)])
        except Unreachable:
            raise
        except Failure as failure:
            # One that the server cannot take must not keep the others from it.
            refused.append(f"{file}: {failure.lines[0]}")
            continue
        sums = {name: count + told[name] for name, count in sums.items()}
        if own:
            file.unlink(missing_ok=True)
    if refused:
        raise Failure(*refused)
    return sums


def _offline() -> "Offline":
    from errorbudget.program.gate.offline import Offline
    from errorbudget.store.copies import Copies, Spool
    from errorbudget.store.signatures import Signers

    named = os.environ.get("ERRORBUDGET_ALLOWED_SIGNERS")
    signers = Signers(
        Path(named) if named else home_path() / "allowed_signers",
        home_path() / "revoked_signers",
    )
    return Offline(Copies(folder(), server()), Spool(folder()), signers)
