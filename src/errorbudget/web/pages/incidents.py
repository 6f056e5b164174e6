"""An incident's page: what happened in it, and what whoever is on call says: seen, noted, over."""

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.ledger.window import Span, minute_ceil, minute_floor
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.program.postmortems.postmortems import Asked
from errorbudget.program.tokens import Scope
from errorbudget.store.incidents import Incident
from errorbudget.web.calling import Here, Reads
from errorbudget.web.pages.forms import ToApprove, then
from errorbudget.web.pages.rendering import Page, page
from errorbudget.web.postmortems import may_ask
from errorbudget.web.responding import LONGEST, Number, printable, theirs
from errorbudget.web.server import Server

router = APIRouter(tags=["pages"], route_class=Page, include_in_schema=False)


def of(server: Server, document: ObjectiveDocument) -> Sequence[Incident]:
    """The incidents of a document, those of alerts and those of people, the newest first."""
    names = {document.name, *document.services}
    return [one for one in server.program.incidents.list() if one.service in names]


def within(server: Server, document: ObjectiveDocument, span: Span) -> Sequence[Incident]:
    """Those that were open in a span of minutes; an alert opens one as of the span's end."""
    now = clock.now()
    return [
        one
        for one in of(server, document)
        if minute_floor(one.started_at) <= span.end
        and minute_ceil(one.ended_at or now) > span.start
    ]


@router.get("/incidents/{number}")
def incident(request: Request, server: Here, caller: Reads, number: Number) -> Response:
    """What happened in an incident, and what is still to be said of it."""
    theirs(server, caller, number)
    found = server.program.incidents.get(number)
    return page(
        request,
        "incident.html",
        title=f"Incident {number}",
        incident=found,
        timeline=server.program.incidents.show(number, now=clock.now())["timeline"],
        document=_document(server, found.service),
        may_answer=caller.holds(Scope.APPROVE),
        longest=LONGEST,
    )


@router.post("/incidents/{number}/acknowledge")
def acknowledge(server: Here, form: ToApprove, number: Number) -> Response:
    """Who is signed in sees to it. Refused, in words, when it is over."""
    theirs(server, form.caller, number)
    server.program.incidents.acknowledge(number, by=form.caller.name, now=clock.now())
    return _back(number)


@router.post("/incidents/{number}/notes")
def note(server: Here, form: ToApprove, number: Number) -> Response:
    """What was found or done; also when it is over."""
    theirs(server, form.caller, number)
    text = form["text"]
    printable(text, "text")
    if len(text) > LONGEST:
        raise Failure(f"text: {len(text):,} characters; a note has at most {LONGEST:,}")
    server.program.incidents.note(number, text, by=form.caller.name, now=clock.now())
    return _back(number)


@router.post("/incidents/{number}/close")
def close(server: Here, form: ToApprove, number: Number) -> Response:
    """Who is signed in says that it is over. Refused, in words, when it is already."""
    theirs(server, form.caller, number)
    found = server.program.incidents.get(number)
    if found.ended_at is not None:
        raise Failure(
            f"incident {number} is over since {clock.text(found.ended_at)}, as"
            f" {found.ended_by} said: there is nothing left to close"
        )
    server.program.incidents.close(number, by=form.caller.name, now=clock.now())
    return _back(number)


@router.post("/incidents/{number}/postmortem")
def draft(server: Here, form: ToApprove, number: Number) -> Response:
    """Draft its postmortem, or bring the one there is up to date."""
    theirs(server, form.caller, number)
    asked = Asked(incident=number)
    may_ask(server, form.caller, asked)
    with server.patient.postmortems() as program:
        (found,) = program.asked(asked, at=clock.now())
    return then(f"/postmortems/{found.kept.id}")


def _document(server: Server, service: str) -> ObjectiveDocument | None:
    """Whose budgets it spends; none where the document is gone."""
    try:
        return server.document(service)
    except Failure:
        return None


def _back(number: int) -> Response:
    return then(f"/incidents/{number}")
