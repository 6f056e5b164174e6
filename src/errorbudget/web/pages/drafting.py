"""The editor: a document written in the page, tried on history before anybody signs it.

Nothing is stored: a document is put in force from its file, with signatures beside it.
"""

from pathlib import Path
from shlex import quote
from typing import Annotated, Any
from urllib.parse import quote as percent_coded

from fastapi import APIRouter, Query, Request, Response

from errorbudget.errors import Failure
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.objective.proposal.caps import NO_CAPS
from errorbudget.program.objectives.objectives import tried
from errorbudget.web.access import Caller
from errorbudget.web.calling import Here, Reads
from errorbudget.web.failing import Forbidden
from errorbudget.web.pages.forms import ToRead
from errorbudget.web.pages.objectives import drawn_backtest, in_words, permitted, replayed
from errorbudget.web.pages.rendering import GUARDS, Page, page
from errorbudget.web.server import Server

router = APIRouter(tags=["pages"], route_class=Page, include_in_schema=False)


@router.get("/objectives/{name}/edit")
def edit(
    request: Request,
    server: Here,
    caller: Reads,
    name: str,
    *,
    proposed: Annotated[bool, Query(description="Start from a proposal.")] = False,
) -> Response:
    """A document to be changed: the newest version there is, or a proposal."""
    text = _proposed(server, caller, name) if proposed else _newest(server, caller, name)
    return _page(request, name, text)


def _proposed(server: Server, caller: Caller, name: str) -> str:
    caller.about(name)
    caller.within("")
    text = server.patient.propose([name], NO_CAPS)["document"]
    if text is None:
        raise Failure(
            f"{name}: its history bears no target that is worth a promise",
            f"See /objectives/{name}/proposal for the reasons.",
        )
    return text


def _newest(server: Server, caller: Caller, name: str) -> str:
    document = permitted(server, caller, name)
    newest = server.program.home.documents.newest(document.name)
    return newest.body.decode() if newest else ""


@router.post("/objectives/{name}/edit")
def preview(request: Request, server: Here, name: str, form: ToRead) -> Response:
    """What the text is and would have done: its problems, examples, changes and a backtest."""
    text = form.text("document")
    return _page(request, name, text, _tried(server, form.caller, text, _file(name)))


@router.post("/objectives/{name}/download")
def download(name: str, form: ToRead) -> Response:
    """The text as a file, byte for byte what was tried."""
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{percent_coded(_file(name))}"}
    text = form.text("document").encode()
    return Response(text, media_type="application/yaml", headers=GUARDS | headers)


def _tried(server: Server, caller: Caller, text: str, file: str) -> dict[str, Any]:
    try:
        document, notes, examples = tried(text.encode(), Path(file))
    except Failure as problem:
        return {"problems": problem.lines}
    _may_see(caller, document)
    told = replayed(server, text.encode(), file)
    return {
        "problems": (),
        "document": document,
        "objectives": in_words(document),
        "notes": notes,
        "examples": examples,
        "changes": _changes(server, document, text, file),
        "told": told,
        "drawn": drawn_backtest(told) if told else None,
    }


def _may_see(caller: Caller, document: ObjectiveDocument) -> None:
    if not all(caller.sees((one,), document.environment) for one in document.services):
        raise Forbidden(f"the token {caller.name!r} is not for {', '.join(document.services)}")


def _changes(server: Server, document: ObjectiveDocument, text: str, file: str) -> list[str] | None:
    """In words, against what is in force; None where nothing is."""
    if server.program.home.documents.in_force(document.name) is None:
        return None
    return server.patient.differences(text.encode(), file, None, "")


def _page(request: Request, name: str, text: str, found: dict[str, Any] | None = None) -> Response:
    file = _file(name)
    document = (found or {}).get("document")
    roles = list(document.signoff.required) if document else ["engineering", "product"]
    signing = [
        f"errorbudget objective sign {quote(file)} --role {role} --key ~/.ssh/id_ed25519"
        for role in roles
    ]
    return page(
        request,
        "editor.html",
        title=f"{name}: a document to try",
        name=name,
        file=file,
        text=text,
        rows=min(max(text.count("\n") + 2, 12), 40),
        found=found,
        commands=[*signing, f"errorbudget objective apply {quote(file)}"],
    )


def _file(name: str) -> str:
    kept = "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in name)
    return f"{kept.lstrip('.') or 'objective'}.yaml"
