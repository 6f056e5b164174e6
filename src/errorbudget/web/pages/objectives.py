"""The pages of what is promised: every document, one in words with who signed it, a proposal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.objective.document import ObjectiveDocument, Rolling
from errorbudget.objective.proposal.caps import NO_CAPS
from errorbudget.objective.signoff import revisiting
from errorbudget.objective.spoken import spoken
from errorbudget.program.burning.burns import BurnStanding
from errorbudget.web.access import Caller
from errorbudget.web.calling import Here, Reads
from errorbudget.web.failing import Forbidden
from errorbudget.web.pages import beyond
from errorbudget.web.pages.rendering import Page, page
from errorbudget.web.server import Server

router = APIRouter(tags=["pages"], route_class=Page, include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One document in the list."""

    document: ObjectiveDocument
    targets: str
    state: str
    """`binding`, `unsigned`, or `waiting`: one is in force, and a newer one has to be signed."""
    overdue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """One objective in words."""

    name: str
    target: str
    window: str
    description: str
    valid: str | None
    good: str
    criteria: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A picture for a desk's screen and for a phone's."""

    name: str
    title: str
    wide: Markup
    narrow: Markup


@router.get("/objectives")
def objectives(request: Request, server: Here, caller: Reads) -> Response:
    """Every document that the caller may see, and services that promise nothing yet."""
    documents = [
        document
        for document in server.program.objectives.all()
        if caller.sees(document.services, document.environment)
    ]
    seen = [one for one in server.patient.unpromised() if caller.sees((one["service"],))]
    return page(
        request,
        "objectives.html",
        title="Objectives",
        sentence=_sentence(documents, seen),
        listed=[_listed(server, one) for one in documents],
        unpromised=seen,
    )


def _sentence(documents: Sequence[ObjectiveDocument], unpromised: Sequence[Any]) -> str:
    if not documents and not unpromised:
        return "Nobody has promised anything yet, and no request has come."
    left, many = len(unpromised), len(documents)
    without = f"{left} service{' sends' if left == 1 else 's send'} requests without a promise."
    if not documents:
        return without
    head = f"{many} document{' says' if many == 1 else 's say'} what is promised"
    return f"{head}; {without}" if left else f"{head}; whoever sends requests has one."


def _listed(server: Server, document: ObjectiveDocument) -> Listed:
    documents = server.program.home.documents
    bound, newest = documents.in_force(document.name), documents.newest(document.name)
    state = "unsigned" if bound is None else "binding"
    if bound and newest and newest.digest != bound.digest:
        state = "waiting"
    targets = (f"{name} {promise.target}" for name, promise in document.objectives.items())
    return Listed(
        document=document,
        targets=", ".join(targets),
        state=state,
        overdue=revisiting(document, _today()) is not None,
    )


@router.get("/objectives/{name}")
def promised(
    request: Request, server: Here, caller: Reads, name: str, *, replay: bool = False
) -> Response:
    """A document in words, who signed which version when, and what the newest one changes."""
    document = permitted(server, caller, name)
    documents = server.program.home.documents
    bound, newest = documents.in_force(document.name), documents.newest(document.name)
    waits: list[dict[str, Any]] = []
    changes: list[str] = []
    if newest and (bound is None or newest.digest != bound.digest):
        waits = server.writer.verify(newest.body, f"{document.name}.yaml", {})["waits"]
    if newest and bound and newest.digest != bound.digest:
        changes = server.patient.differences(newest.body, document.name, bound.body, "")
    counts = bound or newest
    told = replayed(server, counts.body, document.name) if replay and counts else None
    return page(
        request,
        "promised.html",
        title=f"{document.name}: what is promised",
        document=document,
        headline=_headline(document, bound is not None, waits),
        objectives=in_words(document),
        scope=spoken(document.requests.scope) if document.requests.scope else None,
        uncounted=beyond.uncounted(server, document, _burns(server, document)),
        revisit=document.signoff.revisit,
        overdue=revisiting(document, _today()),
        versions=list(reversed(server.program.history.of(document.name)["versions"])),
        waits=waits,
        changes=changes,
        told=told,
        drawn=drawn_backtest(told) if told else None,
        text=counts.body.decode() if counts else "",
        file=f"{document.name}.yaml",
    )


def _burns(server: Server, document: ObjectiveDocument) -> Sequence[BurnStanding]:
    """How a document's objectives burn; of one that nobody has applied, nothing."""
    try:
        return server.reader.burns(document.name, None)
    except Failure:
        return ()


def _headline(document: ObjectiveDocument, bound: bool, waits: Sequence[Any]) -> str:
    targets = " and ".join(f"{one.target} {name}" for name, one in document.objectives.items())
    head = f"{document.name} promises {targets}"
    whose = " and ".join(f"{one['role']} ({' or '.join(one['owners'])})" for one in waits)
    if not bound:
        waiting = f": it waits for {whose}" if whose else ""
        return f"{head}, and nothing is enforced yet{waiting}."
    if whose:
        return f"{head}. A newer version waits for {whose}."
    return f"{head}, in force."


@router.get("/objectives/{name}/proposal")
def proposal(request: Request, server: Here, caller: Reads, name: str) -> Response:
    """What a service's own history bears out, with its evidence; nothing is stored."""
    caller.about(name)
    caller.within("")
    told = server.patient.propose([name], NO_CAPS)
    return page(
        request,
        "proposal.html",
        title=f"{name}: a proposal",
        told=told,
        evidence=told["evidence"],
        drawn=drawn_evidence(told),
        worst=_worst(told["evidence"]["days"]),
        chosen=told["commit"]["target"] if told["commit"] else None,
        file=f"{name}.yaml",
    )


def _worst(days: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    seen = [day for day in days if day["seen"] and day["valid"]]
    return sorted(seen, key=lambda day: -day["bad"])[:5]


def permitted(server: Server, caller: Caller, name: str) -> ObjectiveDocument:
    """The document of that name, or that speaks for that service. Raises Failure, Forbidden."""
    objectives = server.program.objectives
    document = objectives.named(name) or objectives.observing(name)
    if document is None:
        raise Failure(
            f"{name}: no objective document speaks for it",
            f"See /objectives/{name}/proposal for what its history bears out.",
        )
    if not caller.sees(document.services, document.environment):
        raise Forbidden(f"the token {caller.name!r} is not for {document.name!r}")
    return document


def in_words(document: ObjectiveDocument) -> list[Promised]:
    """Each objective of a document for who never wrote SQL."""
    return [
        Promised(
            name=name,
            target=str(one.target),
            window=_window(one.window),
            description=one.description,
            valid=spoken(one.valid) if one.valid else None,
            good=spoken(one.good),
            criteria={
                what: text for what, text in (("valid", one.valid), ("good", one.good)) if text
            },
        )
        for name, one in document.objectives.items()
    ]


def _window(window: Any) -> str:
    if isinstance(window, Rolling):
        whole, rest = divmod(window.minutes, 1440)
        return f"any {whole} days" if whole and not rest else f"any {window.minutes} minutes"
    return f"each {window.unit} in {window.timezone}"


def replayed(server: Server, body: bytes, name: str) -> dict[str, Any] | None:
    """What a document would have done; None where there is no history to say."""
    try:
        return server.patient.backtest(body, name, None)
    except Failure:
        return None


def drawn_evidence(told: Mapping[str, Any]) -> dict[str, Drawn | None]:
    """The pictures of a proposal's evidence by name; None of what it has no data for."""
    from errorbudget.program.proposing import pictures

    wide, narrow = (pictures.pictures(told, style) for style in (pictures.WIDE, pictures.NARROW))
    return {
        name: _drawn(name, title, wide[name], narrow[name]) if name in wide else None
        for name, title in pictures.TITLES.items()
    }


def drawn_backtest(told: Mapping[str, Any]) -> Drawn | None:
    """The picture of a backtest; None where nothing was counted."""
    from errorbudget.program.proposing import pictures

    wide, narrow = (pictures.backtest(told, style) for style in (pictures.WIDE, pictures.NARROW))
    name = pictures.BACKTEST
    return _drawn(name, pictures.TITLES[name], wide, narrow) if wide else None


def _drawn(name: str, title: str, wide: str, narrow: str) -> Drawn:
    """Trusted as they are: the renderer escapes every text that is put into a picture."""
    return Drawn(name=name, title=title, wide=Markup(wide), narrow=Markup(narrow))  # noqa: S704


def _today() -> date:
    return clock.now().date()
