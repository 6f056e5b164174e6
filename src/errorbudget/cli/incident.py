"""`errorbudget incident`: what hurts users, who sees to it, and what happened meanwhile."""

import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from errorbudget.cli.door.door import entered
from errorbudget.cli.options import Json, Told, answer, print_json, printable

app = typer.Typer(help="Incidents, opened by alerts and by people.", no_args_is_help=True)

By = Annotated[str, typer.Option("--by", help="Who says so; git's user.email if not given.")]
Number = Annotated[int, typer.Argument(metavar="NUMBER", min=1, max=2**53)]


@app.command()
def declare(
    service: Annotated[str, typer.Argument(metavar="SERVICE")],
    *,
    title: Annotated[str, typer.Option("--title", help="What is wrong, in one line.")],
    by: By = "",
    as_json: Json = False,
) -> None:
    """Open an incident; a critical fix of the service may then ask the gate as one."""
    printable(title, "--title")
    with entered() as door:
        opened = door.incidents.declare(service, title, by or me())
    answer(opened, f"incident {opened['id']}: {title}", as_json=as_json)


@app.command()
def acknowledge(number: Number, *, by: By = "", as_json: Json = False) -> None:
    """Say that you see to it."""
    with entered() as door:
        told = door.incidents.acknowledge(number, by or me())
    answer(told, f"incident {number}: {told['acknowledged_by']} sees to it", as_json=as_json)


@app.command()
def note(
    number: Number,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What was found or done.")],
    *,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Write into its timeline."""
    printable(text, "TEXT")
    with entered() as door:
        told = door.incidents.note(number, text, by or me())
    answer(told, f"incident {number}: noted", as_json=as_json)


@app.command()
def close(number: Number, *, by: By = "", as_json: Json = False) -> None:
    """Let an incident be over."""
    with entered() as door:
        told = door.incidents.close(number, by or me())
    answer(told, f"incident {number} is over", as_json=as_json)


@app.command()
def show(number: Number, *, as_json: Json = False) -> None:
    """An incident, its timeline, and what is known of its burn."""
    with entered() as door:
        told = door.incidents.show(number)
    if as_json:
        print_json(told)
    else:
        sys.stdout.write("\n".join(_shown(told)) + "\n")


@app.command("list")
def list_all(
    service: Annotated[str | None, typer.Argument(metavar="[SERVICE]")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Every incident, the newest first."""
    with entered() as door:
        told = door.incidents.list(service)
    if as_json:
        print_json(told)
        return
    for one in told:
        sys.stdout.write(f"{_line(one)}\n")


def _line(one: Told) -> str:
    # The title of an alert begins with the service, or the member of the pool, that it is about.
    about = one["title"]
    if not about.startswith((f"{one['service']}: ", f"{one['service']}/")):
        about = f"{one['service']}: {about}"
    return f"{one['id']}  {about} ({one['declared_by']}, {_state(one)})"


def _state(one: Told) -> str:
    if one["ended"]:
        return f"over since {one['ended']}"
    return f"open, {one['acknowledged_by']} sees to it" if one["acknowledged_by"] else "open"


def _shown(told: Told) -> Iterator[str]:
    yield _line(told)
    for one in told["timeline"]:
        yield f"{one['at'][:16].replace('T', ' ')}  {one['what']:<12} {_said(one)}"
    if told["context"]:
        from errorbudget.cli.explain import text

        yield ""
        yield from text(told["context"])


def _said(one: Told) -> str:
    return f"{one['by']}: {one['text']}" if one["what"] == "note" else one["text"]


def me() -> str:
    """Whoever is at this terminal, as git knows them; empty where nobody does."""
    from errorbudget.cli.asking import askers

    return next(iter(askers()), "")
