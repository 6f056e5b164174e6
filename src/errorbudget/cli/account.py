"""`errorbudget gate account`: where a quarter's budget went, and which decisions were right."""

import sys
from collections.abc import Iterator
from typing import Annotated, Final

import typer

from errorbudget.cli.door import entered
from errorbudget.cli.options import At, Json, Told, asked_moment, print_json


def account(
    service: Annotated[str, typer.Argument(metavar="SERVICE")],
    *,
    quarter: Annotated[
        str | None, typer.Option("--quarter", metavar="2026Q3", help="This one, if not given.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Also each change that cost nothing.")
    ] = False,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Every bad request of a quarter once: by change, by incident, by background."""
    with entered() as door:
        accounts = door.audit.accounts(service, quarter, asked_moment(at))
    if as_json:
        print_json(accounts)
        return
    for told in accounts:
        sys.stdout.write("\n".join(_sentences(told, every=every)) + "\n")


def _sentences(told: Told, *, every: bool) -> Iterator[str]:
    start, end = told["quarter"]["start"][:10], told["quarter"]["end"][:10]
    yield (
        f"{told['service']} {told['objective']} {told['target']}, {start} to {end}:"
        f" {told['bad']:,} bad of {told['allowed']:,.1f} allowed"
    )
    for line in told["lines"]:
        if every or line["bad"] or line["kind"] == "background":
            yield f"  {line['bad']:>9,}  {_share(line):>7}  {_what(line)}"
    yield f"  {told['bad']:>9,}  in all"
    yield _judged(told["hindsight"])


def _share(line: Told) -> str:
    return "–" if line["share"] is None else f"{line['share']:.1%}"


def _what(line: Told) -> str:
    when = f"{line['from'][:16].replace('T', ' ')} to {line['to'][:16].replace('T', ' ')}"
    if line["kind"] == "background":
        return f"background: what is usual, in {line['valid']:,} requests"
    told = f", told in {line['postmortem']}" if line["postmortem"] else ""
    if line["kind"] == "incident":
        after = f", after {line['change']}" if line["change"] else ", no change before it"
        return f"incident, {when}{told or after}"
    asked = f"entry {line['decided_by']}" if line["decided_by"] else "nobody asked the gate"
    return f"change {line['change']}, {when} ({asked}: {_VERDICTS[line['verdict']]}){told}"


_VERDICTS: Final = {
    "right": "right",
    "costly": "permitted, and it burned",
    "too_strict": "refused, and it was harmless",
    "unknown": "cannot be judged",
}


def _judged(counts: Told) -> str:
    changes = sum(counts.values())
    if not changes:
        return "  No change was recorded in this time."
    told = ", ".join(f"{count} {_VERDICTS[name]}" for name, count in counts.items() if count)
    return f"  In hindsight, of {changes} changes: {told}."
