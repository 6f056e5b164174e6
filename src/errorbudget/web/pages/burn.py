"""A burn as a report: what, since when, where, who, which change, which log lines, what to try."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from errorbudget import clock
from errorbudget.burn.first_move import slice_words
from errorbudget.ledger.window import Span, moment
from errorbudget.program.explaining import picturing
from errorbudget.program.explaining.explanation import Explanation
from errorbudget.program.tokens import Scope
from errorbudget.source import NotTold
from errorbudget.web.calling import At, Here, Reads
from errorbudget.web.explaining import Since, Until
from errorbudget.web.pages.incidents import within
from errorbudget.web.pages.objectives import Drawn
from errorbudget.web.pages.rendering import Page, count, iso, page, share
from errorbudget.web.pages.service import shown
from errorbudget.web.pages.standing import window
from errorbudget.web.responding import LONGEST

router = APIRouter(tags=["pages"], route_class=Page, include_in_schema=False)

_CALM = ("none", "unknown")


@router.get("/services/{name}/{objective}/burn")
def burn(  # noqa: PLR0913, PLR0917 -- the path and the query of one page
    request: Request,
    server: Here,
    caller: Reads,
    name: str,
    objective: str,
    at: At,
    since: Since,
    until: Until,
) -> Response:
    """What broke, now or in a time that was asked for."""
    document = shown(server, caller, name)
    found = server.finder.explain(document.name, objective, since=since, until=until, at=at)
    failed, untold = (), ""
    try:
        failed = server.finder.failed_within(document, objective, found.span).requests
    except NotTold as cause:
        untold = str(cause)
    leading_to = partial(_requests, document.name, objective, found.span)

    def narrowing(column: str, value: str) -> str:
        return leading_to({column: value})

    calm = since is None and found.burn.alert in _CALM
    return page(
        request,
        "burn.html",
        title=f"{document.name} {objective}",
        document=document,
        objective=objective,
        found=found,
        told=found.as_dict(),
        headline=_calm(found) if calm else found.headline(),
        what=_what(found),
        drawn=_drawn(found),
        bars=list(_bars(found)),
        places=[(slice_words(one), one) for one in found.where],
        advice=list(_advice(found)),
        incidents=within(server, document, found.span),
        may_answer=caller.holds(Scope.APPROVE),
        longest=LONGEST,
        failed=failed,
        untold=untold,
        leading_to=leading_to,
        narrowing=narrowing,
        all_of_it=leading_to({}),
        since=moment(found.span.start),
        until=moment(found.span.end),
    )


def _requests(name: str, objective: str, span: Span, match: Mapping[str, str]) -> str:
    """The address of the failed requests of a burn that have these values."""
    times = {"from": iso(moment(span.start)), "to": iso(moment(span.end))}
    only = [("only", f"{column}={value}") for column, value in match.items()]
    where = f"/services/{quote(name, safe='')}/{quote(objective, safe='')}/requests"
    return f"{where}?{urlencode([*times.items(), *only])}"


def _calm(found: Explanation) -> str:
    return f"{found.burn.standing.document.name} {found.burn.standing.objective} does not burn."


def _what(found: Explanation) -> str:
    """`It took 18 % of the quarterly budget.`"""
    budget = found.burn.standing.budget
    if not found.valid or not budget.allowed:
        return found.unknown or "No valid request came."
    return f"It took {share(float(found.bad / budget.allowed))} of the {window(budget)} budget."


def _drawn(found: Explanation) -> Drawn | None:
    """The share of bad requests over time; None before the first request."""
    if not any(found.bars.valid):
        return None
    marks = [
        {
            "at": clock.text(one.change.started_at),
            "source": one.change.version or one.change.kind.value,
            "what": f"{one.change.id}{'' if one.fits else ', does not fit'}",
        }
        for one in found.changes
    ]
    wide, narrow = (
        # Trusted as it is: the renderer escapes every text that is put into a picture.
        Markup(picturing.picture(found.bars, style, span=found.span, marks=marks))  # noqa: S704
        for style in (picturing.WIDE, picturing.NARROW)
    )
    title = f"The share of bad requests, each bar {found.bars.step} min, in UTC; the burn is shaded"
    return Drawn(name="burn", title=title, wide=wide, narrow=narrow)


def _bars(found: Explanation) -> Iterator[tuple[datetime, int, int]]:
    """The same as a table: from when on, bad, valid."""
    bars = found.bars
    for place, (bad, valid) in enumerate(zip(bars.bad, bars.valid, strict=True)):
        yield moment(bars.start + place * bars.step), bad, valid


def _advice(found: Explanation) -> Iterator[str]:
    """What to try first, as the alert says it, then where to look, and the runbook."""
    document = found.burn.standing.document
    if (move := found.first_move()) is not None:
        yield move
    if found.where:
        place = found.where[0]
        failing = f"{count(place.bad)} of its {count(place.n)} requests fail"
        yield f"Look at {slice_words(place)}: {failing}."
    if found.logs:
        yield f"Search the logs for “{found.logs[0].template}”."
    if document.runbook:
        yield f"Follow the runbook: {document.runbook}"
    yield from (f"Ask {', '.join(names)} ({role})." for role, names in document.owners.items())
