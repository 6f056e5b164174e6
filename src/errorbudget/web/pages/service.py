"""A service's page: what is left and what may ship, over its window, and what it promised."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from errorbudget import clock
from errorbudget.burn.shown import Shown
from errorbudget.objective.document import ObjectiveDocument, RequestExample, RiskClass
from errorbudget.objective.spoken import spoken
from errorbudget.program.budgets.book import Standing
from errorbudget.program.burning.burns import BurnStanding
from errorbudget.program.course_picture import NARROW, WIDE, losses, picture
from errorbudget.program.courses import Course
from errorbudget.program.gate.asking import Question
from errorbudget.web.access import Caller
from errorbudget.web.calling import At, Here, Reads
from errorbudget.web.failing import Forbidden
from errorbudget.web.pages import beyond, incidents
from errorbudget.web.pages import standing as sentences
from errorbudget.web.pages.overview import ORDER
from errorbudget.web.pages.rendering import Page, page
from errorbudget.web.server import Server

router = APIRouter(tags=["pages"], route_class=Page, include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One objective, as the service's page tells of it."""

    name: str
    target: str
    window: str
    description: str
    valid: str | None
    good: str
    criteria: Mapping[str, str]
    """The same as they are written, by what they say."""
    standing: Standing
    alert: str
    reason: str
    horizons: Sequence[Shown]
    course: Course
    wide: Markup
    narrow: Markup
    losses: Sequence[Mapping[str, Any]]
    account: Mapping[str, Any] | None
    allowed: float
    """What the lines of the account are shares of: the window's budget, where it is the quarter."""

    @classmethod
    def of(cls, burn: BurnStanding, course: Course) -> "Told":
        """What is told of an objective."""
        standing = course.standing
        promise = standing.document.objectives[standing.objective]
        criteria = {"valid": promise.valid or "", "good": promise.good}
        return cls(
            name=standing.objective,
            target=str(promise.target),
            window=sentences.window(standing.budget),
            description=promise.description,
            valid=spoken(promise.valid) if promise.valid else None,
            good=spoken(promise.good),
            criteria={name: text for name, text in criteria.items() if text},
            standing=standing,
            alert=burn.alert,
            reason=burn.reason,
            horizons=burn.horizons,
            course=course,
            wide=_svg(course, WIDE),
            narrow=_svg(course, NARROW),
            losses=losses(course),
            account=course.account.as_dict() if course.account else None,
            allowed=_allowed(course),
        )


@router.get("/services/{name}")
def service(request: Request, server: Here, caller: Reads, name: str, at: At) -> Response:
    """What a service has left, why, and what may ship."""
    document = shown(server, caller, name)
    burns = _burns(server, document, at)
    told = _told(server, document, burns, at)
    told.sort(key=lambda one: (ORDER.index(one.alert), _left(one)))
    worst = min(told, key=_left)
    answer = _answer(server, document, at)
    return page(
        request,
        "service.html",
        title=document.name,
        document=document,
        headline=sentences.left(worst.standing),
        lasts=sentences.lasts(worst.standing),
        ships=sentences.ships(document, answer),
        permissions=sentences.permissions(answer),
        objectives=told,
        burning=[one for one in told if one.alert in ("fire", "warn")],
        journeys=beyond.journeys(burns, document),
        members=beyond.members(burns),
        uncounted=beyond.uncounted(server, document, burns),
        scope=spoken(document.requests.scope) if document.requests.scope else None,
        examples=_examples(document),
        decisions=list(reversed(worst.course.decisions))[:10],
        incidents=[one for one in incidents.of(server, document) if one.ended_at is None],
        at=at or clock.now(),
        live=at is None,
    )


def _burns(server: Server, document: ObjectiveDocument, at: datetime | None) -> list[BurnStanding]:
    """How each objective burns; one whose document is newer than the last evaluation, too."""
    server.current.settled()
    burns = server.reader.burns(document.name, at)
    if {one.standing.objective for one in burns} >= document.objectives.keys():
        return burns
    return server.reader.burns(document.name, at or clock.now())


def _told(
    server: Server,
    document: ObjectiveDocument,
    burns: Sequence[BurnStanding],
    at: datetime | None,
) -> list[Told]:
    of = {one.standing.objective: one for one in burns}
    courses = server.patient.courses(document.name, at)
    return [Told.of(of[one.standing.objective], one) for one in courses]


def shown(server: Server, caller: Caller, name: str) -> ObjectiveDocument:
    """The document of a service that the caller may see. Raises Failure, Forbidden."""
    document = server.document(name)
    if not caller.sees(document.services, document.environment):
        raise Forbidden(f"the token {caller.name!r} is not for {document.name!r}")
    return document


def _allowed(course: Course) -> float:
    budget, account = course.standing.budget, course.account
    if account is not None and account.quarter != budget.span:
        return float(account.allowed)
    return float(budget.allowed or 0)


def _left(one: Told) -> float:
    remaining = one.standing.budget.remaining
    return -1e9 if remaining is None else float(remaining)


def _answer(server: Server, document: ObjectiveDocument, at: datetime | None) -> dict[str, Any]:
    """What the gate would say of a change that nobody classified; it is not asked for good."""
    anything = Question(service=document.services[0], change="anything", declared=RiskClass.HIGH)
    return server.check(anything, at=at, dry_run=True)


def _svg(course: Course, size: tuple[int, int]) -> Markup:
    """Trusted as it is: the renderer escapes every text that is put into the picture."""
    return Markup(picture(course, size))  # noqa: S704


def _examples(document: ObjectiveDocument) -> list[tuple[str, Sequence[tuple[str, str]]]]:
    """Each example request in words, and what every objective makes of it."""
    return [
        (
            ", ".join(_pairs(one.request)),
            [(name, outcome.value) for name, outcome in one.expected.items()],
        )
        for one in document.examples
        if isinstance(one, RequestExample)
    ]


def _pairs(columns: Mapping[str, Any]) -> list[str]:
    flat = {name: value for name, value in columns.items() if name != "attributes"}
    attributes: Mapping[str, Any] = columns.get("attributes") or {}
    return [f"{name} {value}" for name, value in (flat | dict(attributes)).items()]
