"""Postmortems as pages: what the program says beside what people write, to be edited in place."""

import re
from collections.abc import Sequence
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from markupsafe import Markup

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.postmortem.document import COMMENT, Kind
from errorbudget.program.postmortems.picturing import NAMES, NARROW, WIDE, svg
from errorbudget.program.postmortems.shelf import Written
from errorbudget.program.tokens import Scope
from errorbudget.review.page import rendered
from errorbudget.web.access import Caller
from errorbudget.web.calling import Here, Reads
from errorbudget.web.pages.forms import ToApprove, then
from errorbudget.web.pages.rendering import GUARDS, Page, page
from errorbudget.web.postmortems import sees, theirs

router = APIRouter(tags=["pages"], route_class=Page, include_in_schema=False)

LABELS: Final = {
    "root-cause": "Root cause: why it could happen",
    "went-well": "What went well, by skill and by luck",
    "actions": "Action items, one a line: - [ ] what (owner: name, due: 2026-10-01)",
}


@router.get("/postmortems")
def postmortems(request: Request, server: Here, caller: Reads) -> Response:
    """Every postmortem in a line, and what is still to be done after them."""
    learning = server.program.postmortems
    rows = [one for one in learning.list() if sees(server, caller, one["service"])]
    todo = [
        one
        for one in learning.authoring.actions(at=clock.now())
        if not one["done"] and sees(server, caller, one["service"])
    ]
    return page(
        request,
        "postmortems.html",
        title="Postmortems",
        sentence=_sentence(rows),
        rows=rows,
        actions=todo,
    )


@router.get("/postmortems/{id_}")
def postmortem(request: Request, server: Here, caller: Reads, id_: str) -> Response:
    """One of them; as `ID.md` its Markdown."""
    found = server.program.postmortems.show(id_.removesuffix(".md"))
    theirs(server, caller, found)
    if id_.endswith(".md"):
        text = str(found.document)
        return PlainTextResponse(text, media_type="text/markdown", headers=GUARDS)
    return _shown(request, caller, found)


@router.post("/postmortems/{id_}")
def write(request: Request, server: Here, form: ToApprove, id_: str) -> Response:
    """What a person wrote into their sections, merged with what others wrote since."""
    learning = server.program.postmortems
    theirs(server, form.caller, learning.show(id_))
    if not form["version"].isdecimal():
        raise Failure("version: is no number; open the page again")
    sections = {name: form.text(name) for name in LABELS if name in form.fields}
    after = learning.authoring.write(
        id_, int(form["version"]), sections, by=form.caller.name, at=clock.now()
    )
    # What a person should look at is shown at once: it would be lost on the way.
    return _shown(request, form.caller, after) if after.told else then(f"/postmortems/{id_}")


@router.post("/postmortems/{id_}/publish")
def publish(server: Here, form: ToApprove, id_: str) -> Response:
    """Publish it; refused, in words, while judgment is missing."""
    learning = server.program.postmortems
    theirs(server, form.caller, learning.show(id_))
    learning.authoring.publish(id_, by=form.caller.name, at=clock.now())
    return then(f"/postmortems/{id_}")


def _shown(request: Request, caller: Caller, found: Written) -> Response:
    document = found.document
    return page(
        request,
        "postmortem.html",
        title=found.kept.id,
        kept=found.kept,
        version=document.version,
        pieces=[_piece(found, number) for number in range(len(document.pieces))],
        told=found.told,
        unwritten=document.unwritten,
        may_write=caller.holds(Scope.APPROVE),
    )


def _piece(found: Written, number: int) -> dict[str, Any]:
    one = found.document.pieces[number]
    if one.kind is Kind.HUMAN:
        label = LABELS.get(one.name, one.name)
        # Hints are for those who see the text alone; here the label says the same.
        text = COMMENT.sub("", one.text).strip()
        editable = one.name in LABELS
        return {"name": one.name, "label": label, "text": text, "editable": editable}
    return {"name": "", "html": _rendered(found, one.text)}


def _rendered(found: Written, text: str) -> Markup:
    """Trusted as it is: the renderer lets no HTML through that was written into the text."""
    html = rendered(COMMENT.sub("", text))
    for name in NAMES:
        image = re.compile(rf'<img src="{re.escape(found.document.id)}\.{name}\.svg"[^>]*>')
        if image.search(html):
            html = image.sub(lambda _, name=name: _figure(found, name), html)
    return Markup(html)  # noqa: S704


def _figure(found: Written, name: str) -> str:
    """A picture in the colours of the page, and one for a phone."""
    wide, narrow = (svg(found.kept.told, name, style) for style in (WIDE, NARROW))
    return f'<div class="wide">{wide}</div><div class="narrow">{narrow}</div>'


def _sentence(rows: Sequence[dict[str, Any]]) -> str:
    open_ = sum(bool(one["unwritten"]) for one in rows)
    if not rows:
        return "Nothing has been written up yet."
    if not open_:
        return "Every postmortem has been judged by people."
    return f"{open_} of {len(rows)} postmortems wait for people's judgment."
