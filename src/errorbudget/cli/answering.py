"""`errorbudget gate approve`, `decline`, `status`: a person spends budget on one change, or not."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from errorbudget.cli.door.door import entered
from errorbudget.cli.options import Json, Told, answer, print_json, printable
from errorbudget.errors import Failure

if TYPE_CHECKING:
    from errorbudget.program.gate.statements import Wanted

Service = Annotated[str, typer.Argument(metavar="SERVICE")]
Change = Annotated[str, typer.Option("--change", metavar="ID", help="What was asked about.")]
Role = Annotated[str, typer.Option("--role", help="The role that you answer in.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, in one line; it stays in the trail.")]
Key = Annotated[Path, typer.Option("--key", help="Your SSH private key, or its public half.")]
Yes = Annotated[
    bool,
    typer.Option("--yes", help="Do not ask for confirmation; needed where nobody can be asked."),
]


def approve(  # noqa: PLR0913 -- one parameter for each option
    service: Service,
    *,
    change: Change,
    role: Role,
    reason: Reason,
    key: Key,
    spend: Annotated[
        str | None, typer.Option("--spend", help="How much of the budget it may cost, as 6%.")
    ] = None,
    floor: Annotated[
        str | None, typer.Option("--floor", help="Below so much left the approval is void, as 10%.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", help="As 4h, or RFC 3339.")] = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Spend budget on one change that the gate held up; signed, for this change alone."""
    from errorbudget.policy.approval import Says
    from errorbudget.program.gate.statements import Wanted

    wanted = Wanted(
        says=Says.APPROVE,
        service=service,
        change=printable(change, "--change"),
        role=role,
        reason=printable(reason, "--reason"),
        spend=spend,
        floor=floor,
        until=until,
    )
    given = _answered(wanted, key, yes=yes)
    answer(given, f"approved {change} as {given['by']} until {given['until']}", as_json=as_json)


def decline(  # noqa: PLR0913 -- one parameter for each option
    service: Service,
    *,
    change: Change,
    role: Role,
    reason: Reason,
    key: Key,
    until: Annotated[str, typer.Option("--until", help="As 3d, or RFC 3339.")],
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Put a change off that the gate held up: a no is recorded too."""
    from errorbudget.policy.approval import Says
    from errorbudget.program.gate.statements import Wanted

    wanted = Wanted(
        says=Says.DECLINE,
        service=service,
        change=printable(change, "--change"),
        role=role,
        reason=printable(reason, "--reason"),
        until=until,
    )
    given = _answered(wanted, key, yes=yes)
    answer(given, f"declined {change} as {given['by']} until {given['until']}", as_json=as_json)


def status(
    service: Annotated[str | None, typer.Argument(metavar="[SERVICE]")] = None,
    *,
    as_json: Json = False,
) -> None:
    """What waits for an answer, what was put off, and which critical fixes are to be reviewed."""
    with entered() as door:
        told = door.approvals.status(service)
    if as_json:
        print_json(told)
        return
    for row in told:
        sys.stdout.write(f"{_line(row)}\n")
    if not told:
        sys.stdout.write("no change waits, and none is to be reviewed\n")


def _answered(wanted: "Wanted", key: Path, *, yes: bool) -> Told:
    from errorbudget.store.signatures import sign

    with entered() as door:
        drawn = door.approvals.draw_up(wanted)
    if drawn["consequences"]:
        sys.stderr.write(f"{drawn['consequences']}\n")
    if not yes and not _confirmed(wanted):
        raise typer.Exit(1)
    # The home is let go of while a passphrase is typed.
    signature = sign(drawn["statement"].encode(), key=key, namespace=drawn["namespace"])
    with entered() as door:
        return door.approvals.give(drawn["statement"], signature.decode("ascii"))


def _confirmed(wanted: "Wanted") -> bool:
    """Whether the person at the terminal has read what it leads to. Raises Failure without one."""
    if not sys.stdin.isatty():
        raise Failure(
            f"nothing is signed: there is no terminal to confirm on that you {wanted.says}",
            "Read what it leads to, above, and run it again with --yes.",
        )
    return typer.confirm(f"Sign to {wanted.says}?", err=True)


def _line(row: Told) -> str:
    asked = f"asked {row['askings']} times" if row["askings"] > 1 else "asked once"
    said = "; ".join(f"{one['by']} {one['says']}s: {one['reason']}" for one in row["answers"])
    review = ", to be reviewed" if row["review"] else ""
    head = f"{row['service']} {row['change']}: {row['state']}{review} ({asked})"
    told = f"{head}; {said}" if said else head
    steps = (row["needs"], row["next"])
    return "\n    ".join([told, ": ".join(step for step in steps if step)]).rstrip()
