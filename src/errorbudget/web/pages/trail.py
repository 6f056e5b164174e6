"""The trail's page: everything that was recorded, and whether it still verifies."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from errorbudget import clock
from errorbudget.errors import Untrusted
from errorbudget.program.tokens import Scope
from errorbudget.web.calling import Here, Reads
from errorbudget.web.pages.forms import ToAdminister, then
from errorbudget.web.pages.rendering import Page, count, page
from errorbudget.web.server import Server

router = APIRouter(tags=["pages"], route_class=Page, include_in_schema=False)

SHOWN: Final = 100
MOST: Final = 20_000
"""Entries up to which every look at the page verifies all of them."""


@router.get("/trail")
def trail(
    request: Request,
    server: Here,
    caller: Reads,
    before: Annotated[int | None, Query(ge=1)] = None,
    check: bool = False,
) -> Response:
    """The newest entries, or those before one, and what their verification says."""
    caller.everything()
    size = server.program.home.trail.size()
    checked = check or size <= MOST
    verified, flaw = _verified(server) if checked else (None, "")
    entries = server.program.audit.log(SHOWN if before is None else size - before + 1 + SHOWN)
    shown = [one for one in reversed(entries) if before is None or one["seq"] < before][:SHOWN]
    return page(
        request,
        "trail.html",
        title="Trail",
        sentence=_sentence(size, flaw, checked=checked),
        flaw=flaw,
        verified=verified,
        entries=shown,
        older=shown[-1]["seq"] if shown and shown[-1]["seq"] > 1 else None,
        ungated=server.program.audit.ungated(),
        may_look=not caller.scopes.isdisjoint((Scope.ADMIN,)),
    )


@router.post("/trail/ungated")
def reconcile(server: Here, form: ToAdminister) -> Response:
    """Look for what shipped past the gate, and record it."""
    form.caller.everything()
    server.patient.reconcile(clock.now())
    return then("/trail#ungated")


def _verified(server: Server) -> tuple[dict[str, object] | None, str]:
    try:
        return server.program.audit.verify(), ""
    except Untrusted as flaw:
        return None, str(flaw)


def _sentence(size: int, flaw: str, *, checked: bool) -> str:
    if flaw:
        return "The trail does not verify."
    if not size:
        return "Nothing is recorded yet."
    if not checked:
        return f"{count(size)} entries; not checked just now."
    return "The one entry verifies." if size == 1 else f"All {count(size)} entries verify."
