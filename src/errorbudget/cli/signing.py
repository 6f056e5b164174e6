"""`errorbudget objective sign`, `verify`, `history`, `diff`: what was agreed to, when, and now."""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from errorbudget.cli.options import Json, Told, answer, home_path, print_json
from errorbudget.errors import Failure

if TYPE_CHECKING:
    from errorbudget.program.objectives.applied import Applied

File = Annotated[Path, typer.Argument(metavar="FILE", help="An objective document.")]


def sign(
    file: File,
    *,
    role: Annotated[str, typer.Option("--role", help="One of the document's `owners`.")],
    key: Annotated[
        Path,
        typer.Option(
            "--key", help="Your SSH private key, or the public half of one that your agent holds."
        ),
    ],
    as_json: Json = False,
) -> None:
    """Sign the exact bytes of a document, into FILE.ROLE.sig; commit it beside the document."""
    from errorbudget import clock
    from errorbudget.program.objectives.signing import newest, signed
    from errorbudget.store.signatures import Signers

    made = signed(file, role=role, key=key)
    kept = home_path() / "allowed_signers"
    if kept.is_file():
        signers = Signers(kept.absolute(), kept.with_name("revoked_signers"))
        made |= newest(file, role=role, signers=signers, now=clock.now())
    who = f"{made['role']} with the key {made['key']}"
    whose = f" of {made['principal']}" if made.get("principal") else ""
    answer(made, f"{made['file']}: {made['digest'][:12]} signed as {who}{whose}", as_json=as_json)
    if made.get("refused"):
        sys.stderr.write(
            f"{made['file']}: will not count: {made['refused']}.\n"
            f"Sign again with the key of an owner of {role}.\n"
        )


def verify(
    file: File,
    *,
    allowed: Annotated[
        Path | None,
        typer.Option(
            "--allowed-signers",
            help="Check with these keys alone, without the version in force.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check the signatures beside a document: exit 0 when it would bind, 4 when it would not."""
    found = _verified(file, allowed)
    if as_json:
        print_json(found.as_dict())
    else:
        for line in found.refused:
            sys.stderr.write(f"{line}\n")
        sys.stdout.write(f"{_verdict(file, found)}\n")
    if found.refused or found.waits:
        raise typer.Exit(4)


def _verified(file: Path, allowed: Path | None) -> "Applied":
    from errorbudget.cli.door.door import entered
    from errorbudget.program.objectives.applied import Applied
    from errorbudget.store.home import DATABASE

    kept = home_path() / "allowed_signers"
    if allowed is None and kept.is_file() and not (home_path() / DATABASE).is_file():
        allowed = kept
    if allowed is None:
        with entered() as door:
            return Applied.of(door.objectives.verify(file))
    from errorbudget import clock
    from errorbudget.program.objectives.signing import verified
    from errorbudget.store.signatures import Signers

    revoked = allowed.with_name("revoked_signers")
    return verified(file, signers=Signers(allowed.absolute(), revoked), now=clock.now())


def _verdict(file: Path, found: "Applied") -> str:
    head = f"{file}: {found.digest[:12]}"
    if found.waits:
        return f"{head} waits for the signature of {' and '.join(map(str, found.waits))}"
    by = " and ".join(map(str, found.signatures)) or "nobody, and nobody has to"
    return f"{head} is signed as {by}" if found.signatures else f"{head} is signed by {by}"


def history(
    service: Annotated[str, typer.Argument(metavar="SERVICE")], as_json: Json = False
) -> None:
    """Every version of a service's document: who signed what when, and what it judged."""
    from errorbudget.cli.door.door import entered

    with entered() as door:
        told = door.objectives.history(service)
    if as_json:
        print_json(told)
        return
    for version in told["versions"]:
        sys.stdout.write(f"{told['service']} {version['digest'][:12]}  {_since(version)}\n")
        for one in version["signatures"]:
            sys.stdout.write(f"    {one['at']}  signed as {one['role']} by {one['principal']}\n")
        sys.stdout.write(f"    {_judged(version['decisions'])}\n")
        if advised := version["advised"]:
            of = f"{advised} change{'s' if advised > 1 else ''}"
            sys.stdout.write(f"    before it bound, the gate only advised on {of}\n")


def _since(version: Told) -> str:
    words = {"binding": "in force", "replaced": "replaced; was in force", "unsigned": "unsigned"}
    reached = "unsigned" if version["state"] == "unsigned" else "binding"
    since = next(one["since"] for one in version["states"] if one["state"] == reached)
    return f"{words[version['state']]} since {since}"


def _judged(decisions: list[Told]) -> str:
    if not decisions:
        return "judged no change"
    last = decisions[-1]
    plural = "s" if len(decisions) > 1 else ""
    return (
        f"judged {len(decisions)} change{plural}, last {last['change']} at {last['at']}:"
        f" {last['decision']} (entry {last['entry']})"
    )


def diff(
    old: Annotated[
        str, typer.Argument(metavar="[OLD]", help="A document, or the digest of a version of it.")
    ],
    new: Annotated[str | None, typer.Argument(metavar="NEW", help="Its new version.")] = None,
    as_json: Json = False,
) -> None:
    """What a change to a document means, in words, and on the last quarter's traffic.

    With one file: against the version in force.
    """
    found = _differences(old, Path(new)) if new else _differences("", Path(old))
    if as_json:
        print_json(found)
    else:
        sys.stdout.write("".join(f"{line}\n" for line in found or ["nothing differs in meaning"]))


def _differences(old: str, new: Path) -> list[str]:
    """Numbers need a home; two files are compared in words without one."""
    from errorbudget.cli.door.door import entered, is_anywhere

    file = Path(old) if old and Path(old).exists() else None
    if old and file is None and not re.fullmatch("[0-9a-f]{6,64}", old):
        raise Failure(f"{old}: is no file, and no digest of a version (see `objective history`)")
    if file and not is_anywhere():
        from errorbudget.objective.difference import differences
        from errorbudget.program.objectives.objectives import checked

        return differences(checked(file)[0], checked(new)[0])
    with entered() as door:
        return door.objectives.differences(new, file, "" if file else old)
