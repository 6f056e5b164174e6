"""`errorbudget postmortem`: drafted by itself, written by people, published when it is whole."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from errorbudget.cli.door.door import Door, entered
from errorbudget.cli.incident import By, me
from errorbudget.cli.options import At, Json, Told, answer, asked_moment, moment, print_json
from errorbudget.errors import Failure

if TYPE_CHECKING:
    from errorbudget.program.postmortems.files import Save

app = typer.Typer(help="Postmortems: what was learned of incidents.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID")]
Service = Annotated[str | None, typer.Argument(metavar="[SERVICE]")]
Objective = Annotated[str | None, typer.Argument(metavar="[OBJECTIVE]")]
Since = Annotated[str | None, typer.Option("--from", metavar="TIME", help="RFC 3339.")]
Until = Annotated[str | None, typer.Option("--to", metavar="TIME", help="RFC 3339.")]
Folder = Annotated[
    Path | None,
    typer.Option("--to", metavar="FOLDER", help="The document's journal, if not given."),
]


@app.command("list")
def list_all(service: Service = None, *, as_json: Json = False) -> None:
    """Every postmortem, the newest first."""
    with entered() as door:
        told = door.postmortems.list(service)
    if as_json:
        print_json(told)
        return
    sys.stdout.write("".join(f"{_line(one)}\n" for one in told) or "No postmortem yet.\n")


@app.command()
def draft(  # noqa: PLR0913 -- one parameter for each option
    service: Service = None,
    objective: Objective = None,
    *,
    incident: Annotated[
        int | None, typer.Option("--incident", metavar="NUMBER", help="Of this incident.")
    ] = None,
    since: Since = None,
    until: Until = None,
    quarter: Annotated[
        str | None, typer.Option("--quarter", metavar="2026Q3", help="What was due in it.")
    ] = None,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Draft what is due, or one incident, or a time; those that are there are brought up to date.

    Due is what spent more of a budget than the document's `postmortem.when_spent`.
    """
    if incident is not None and (service or since or until or quarter):
        raise Failure("--incident: names all there is to say; leave the rest out")
    if until and not since:
        raise Failure("--to: needs --from too")
    if since and service is None:
        raise Failure("--from: say whose: errorbudget postmortem draft SERVICE --from …")
    with entered() as door:
        asked = {
            "service": service,
            "objective": objective,
            "incident": incident,
            "since": moment(since, "--from") if since else None,
            "until": moment(until, "--to") if until else None,
            "quarter": quarter,
            "at": asked_moment(at),
        }
        told = door.postmortems.draft(asked)
    if as_json:
        print_json(told)
        return
    sys.stdout.write("\n".join(one["markdown"] for one in told) or "Nothing is due.\n")


@app.command()
def show(
    id_: Id,
    *,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write it there, to be edited.")
    ] = None,
    as_json: Json = False,
) -> None:
    """One postmortem as Markdown."""
    with entered() as door:
        told = door.postmortems.show(id_)
        if out is not None:
            _put(door, out, told)
    if as_json:
        print_json(told)
    elif out is None:
        sys.stdout.write(told["markdown"])
    else:
        sys.stdout.write(f"{out}: write into it, then: errorbudget postmortem save {out}\n")


@app.command()
def refresh(id_: Id, *, at: At = None, as_json: Json = False) -> None:
    """Say what is known now; what people wrote stays as it is."""
    with entered() as door:
        told = door.postmortems.refresh(id_, asked_moment(at))
    answer(told, f"{id_}: version {told['version']}", as_json=as_json)


@app.command()
def save(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…")],
    *,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Bring in what was written into files, merged with what others wrote; data comes back.

    A file that cannot be read stays as it is; exit 2 names its line.
    """
    from errorbudget.program.postmortems.files import bring

    with entered() as door:
        brought = [bring(file, _saving(door, by)).as_dict() for file in files]
    _tell(brought, as_json=as_json)


@app.command()
def sync(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER")],
    *,
    by: By = "",
    as_json: Json = False,
) -> None:
    """The same for every postmortem in a folder: both ways, and nothing is lost."""
    from errorbudget.program.postmortems.files import bring

    files = [file for file in sorted(folder.glob("*.md")) if _is_one(file)]
    if not files:
        raise Failure(f"{folder}: holds no postmortem; `errorbudget postmortem show ID --out FILE`")
    with entered() as door:
        brought = [bring(file, _saving(door, by)).as_dict() for file in files]
        for one in brought:
            if one["id"]:
                _pictures(door, folder, one["id"])
    _tell(brought, as_json=as_json)


@app.command()
def publish(id_: Id, *, to: Folder = None, by: By = "", as_json: Json = False) -> None:
    """Publish it to the journal; refused while judgment is missing."""
    with entered() as door:
        told = door.postmortems.publish(id_, by or me())
        folder = to or Path(told["journal"])
        _put(door, folder / f"{id_}.md", told, by)
        _pictures(door, folder, id_)
    answer(told, f"{id_} is published: {folder / id_}.md", as_json=as_json)


@app.command()
def actions(
    service: Service = None,
    *,
    open_: Annotated[bool, typer.Option("--open", help="Those that are not done.")] = False,
    at: At = None,
    as_json: Json = False,
) -> None:
    """What was to be done after incidents: by whom, until when, and whether it was."""
    with entered() as door:
        told = door.postmortems.actions(service, asked_moment(at))
    shown = [one for one in told if not (open_ and one["done"])]
    if as_json:
        print_json(shown)
        return
    sys.stdout.write("".join(f"{_action(one)}\n" for one in shown) or "No action.\n")


@app.command()
def done(
    id_: Id,
    number: Annotated[int, typer.Argument(metavar="NUMBER", min=1)],
    *,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Say that an action is done."""
    with entered() as door:
        told = door.postmortems.done(id_, number, by or me())
    answer(told, f"{id_}: action {number} is done", as_json=as_json)


@app.command()
def impact(
    service: Annotated[str, typer.Argument(metavar="SERVICE")],
    objective: Objective = None,
    *,
    since: Annotated[str, typer.Option("--from", metavar="TIME", help="RFC 3339.")],
    until: Until = None,
    at: At = None,
    as_json: Json = False,
) -> None:
    """What a time cost each budget, beyond what is usual, and what would have kept it small."""
    with entered() as door:
        now = asked_moment(at)
        ends = moment(until, "--to") if until else None
        told = door.postmortems.impact(service, objective, moment(since, "--from"), ends, now)
    if as_json:
        print_json(told)
    else:
        sys.stdout.write("\n".join(_cost(told)) + "\n")


def _saving(door: Door, by: str) -> "Save":
    who = by or me()
    return lambda text, name: door.postmortems.save(text, name, who)


def _put(door: Door, file: Path, told: Told, by: str = "") -> None:
    from errorbudget.program.postmortems.files import put

    brought = put(file, told, _saving(door, by))
    if brought.state == "unreadable":
        raise Failure(*brought.told)
    for line in brought.told:
        sys.stderr.write(f"{file}: {line}\n")


def _pictures(door: Door, folder: Path, id_: str) -> None:
    for name in ("burn", "budget"):
        svg = door.postmortems.picture(id_, name)
        (folder / f"{id_}.{name}.svg").write_text(svg, encoding="utf-8")


def _is_one(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(200).startswith(b"<!-- errorbudget:postmortem")


def _tell(brought: Sequence[Told], *, as_json: bool) -> None:
    if as_json or not sys.stdout.isatty():
        print_json(list(brought))
    else:
        for one in brought:
            sys.stdout.write(f"{one['file']}: {one['state']}\n")
    lines = [line for one in brought for line in one["told"]]
    if any(one["state"] == "unreadable" for one in brought):
        raise Failure(*lines)
    sys.stderr.write("".join(f"{line}\n" for line in lines))


def _line(one: Told) -> str:
    share = "–" if one["share"] is None else f"{one['share']:.1%}"
    open_ = one["actions"]["open"]
    todo = f", {open_} action{'' if open_ == 1 else 's'} open" if open_ else ""
    missing = f", {len(one['unwritten'])} sections to write" if one["unwritten"] else ""
    return f"{one['id']}  {one['state']:<9} {share:>6}  {one['title']}{missing}{todo}"


def _action(one: Told) -> str:
    state = "done" if one["done"] else "overdue" if one["overdue"] else "open"
    who, due = one["owner"] or "nobody", one["due"] or "no date"
    return f"{one['postmortem']} {one['number']}  {state:<7} {due}  {who}: {one['text']}"


def _cost(told: Told) -> Iterator[str]:
    from errorbudget.postmortem.telling import count, percent

    yield f"{told['service']}, {told['from']} to {told['to']} ({told['minutes']} minutes)"
    for one in told["costs"]:
        for window in one["windows"]:
            low, high = (count(edge) for edge in one["interval"])
            between = f" ({low} to {high})" if one["few"] else ""
            yield (
                f"  {one['objective']} {one['target']}: {percent(window['share'])} of the"
                f" {window['name']}, {count(window['excess'])} bad beyond the usual{between};"
                f" {count(one['seen'])} of {count(one['valid'])} failed in all"
            )
    if told["lost"] and told["lost"]["interval"][0]:
        yield f"  about {count(told['lost']['lost'])} requests never came"
    for one in told["preventions"]:
        yield f"  {one['what']}: {percent(one['share'])} instead ({one['basis']})"
