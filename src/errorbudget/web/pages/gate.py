"""The gate's page: what waits for an answer, what was decided and why, what shipped past it."""

from collections.abc import Sequence
from shlex import quote
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.policy.approval import Says, Statement
from errorbudget.program.gate.approvals import Wanted
from errorbudget.program.gate.asking import Question, declared_risk
from errorbudget.program.tokens import Scope
from errorbudget.web.access import Caller
from errorbudget.web.calling import Approves, Here, Reads
from errorbudget.web.pages.forms import ToApprove, ToAsk, then
from errorbudget.web.pages.rendering import Page, page
from errorbudget.web.pages.service import shown
from errorbudget.web.server import Server

router = APIRouter(tags=["pages"], route_class=Page, include_in_schema=False)

SHOWN: Final = 50
Text = Annotated[str, Query(max_length=200)]
_OPEN: Final = ("waiting", "approved", "declined", "deferred")


@router.get("/decisions")
def decisions(request: Request, server: Here, caller: Reads, service: Text = "") -> Response:
    """Every decision in a line, its reason in full; first what waits for somebody."""
    if service:
        shown(server, caller, service)
    told = [
        entry
        for entry in reversed(server.program.audit.decisions(service or None, SHOWN))
        if caller.sees((entry["body"]["service"],), entry["body"].get("environment", ""))
    ]
    open_ = [row for row in _waiting(server, caller, service) if row["state"] in _OPEN]
    return page(
        request,
        "decisions.html",
        title="Decisions",
        sentence=_sentence(open_),
        waiting=open_,
        decisions=told,
        services=_services(server, caller),
        service=service,
        may_ask=caller.holds(Scope.GATE),
        may_approve=caller.holds(Scope.APPROVE),
    )


def _waiting(server: Server, caller: Caller, service: str) -> list[dict[str, Any]]:
    rows = server.deciding.waiting(service or None)
    return [row for row in rows if caller.sees((row["service"],), row["environment"])]


def _sentence(rows: Sequence[dict[str, Any]]) -> str:
    waiting = [row["change"] for row in rows if row["state"] == "waiting"]
    match waiting:
        case []:
            return "No change waits for an answer."
        case [one]:
            return f"{one} waits for an answer."
        case _:
            return f"{len(waiting)} changes wait for an answer."


def _services(server: Server, caller: Caller) -> list[str]:
    documents = server.program.objectives.all()
    seen = (one for one in documents if caller.sees(one.services, one.environment))
    return sorted(name for document in seen for name in document.services)


@router.post("/decisions")
def ask(server: Here, form: ToAsk) -> Response:
    """Ask the gate about a change; the decision is in the trail."""
    document = shown(server, form.caller, form["service"])
    change = form["change"]
    if not change.isprintable():
        raise Failure(f"change: {change!r} holds control characters")
    question = Question(
        service=form["service"],
        change=change,
        declared=declared_risk(form.get("risk")),
        by=(form.caller.name,),
    )
    server.check(question, at=None)
    return then(f"/decisions?{urlencode({'service': document.services[0]})}")


@router.get("/approval")
def consider(  # noqa: PLR0913, PLR0917 -- the fields of one form
    request: Request,
    server: Here,
    caller: Approves,
    service: Text,
    change: Text,
    says: Says = Says.APPROVE,
    role: Text = "",
    reason: Text = "",
    spend: Text = "",
    floor: Text = "",
    until: Text = "",
) -> Response:
    """What an answer would lead to, shown before it is given; nothing is recorded yet."""
    document = shown(server, caller, service)
    row = next((one for one in server.deciding.waiting(service) if one["change"] == change), None)
    if row is None:
        raise Failure(f"{change}: no change of {service} by this name waits for an answer")
    fields: dict[str, Any] = {
        "says": says,
        "service": service,
        "change": change,
        "role": role,
        "reason": reason,
        "spend": spend or None,
        "floor": floor or None,
        "until": until or None,
    }
    drafted = server.deciding.draw_up(Wanted(**fields)) if role and reason else None
    held = [name for name, people in document.owners.items() if caller.name in people]
    return page(
        request,
        "approval.html",
        title=f"{service} {change}",
        row=row,
        document=document,
        fields=fields | {"says": says.value},
        drafted=drafted,
        roles=list(document.owners),
        held=held,
        mine=role in held,
        command=_command(fields),
        name=caller.name,
    )


def _command(fields: dict[str, Any]) -> str:
    """What says the same with a signature, for who is signed in as nobody's owner."""
    told = {one: fields[one] for one in ("spend", "floor", "until") if fields[one]}
    options = {"change": fields["change"], "role": fields["role"], "reason": fields["reason"]}
    words = [f"--{name} {quote(value)}" for name, value in (options | told).items()]
    command = f"errorbudget gate {fields['says']} {quote(fields['service'])}"
    return " ".join([command, *words, "--key ~/.ssh/id_ed25519"])


@router.post("/approval")
def give(server: Here, form: ToApprove) -> Response:
    """Record an answer as that of the person who is signed in."""
    text = form.text("statement")
    shown(server, form.caller, Statement.read(text).service)
    server.program.approvals.give(text, signature=None, person=form.caller.name, now=clock.now())
    return then("/decisions")
