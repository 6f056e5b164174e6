"""What do people read when an alert speaks? What is broken in words first, then the numbers."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from errorbudget import clock
from errorbudget.burn import alert
from errorbudget.burn.alert import Notice
from errorbudget.burn.rules import Level
from errorbudget.ledger.window import moment
from errorbudget.notify.message import LINES, TITLE_LENGTH, Kind, Message, clean, identity
from errorbudget.notify.message import Level as Loudness
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.program.burning.burns import BurnStanding
from errorbudget.program.burning.numbers import numbers
from errorbudget.program.explaining.explanation import Explanation
from errorbudget.program.watching.hearing import Hearing
from errorbudget.store.incidents import Incident

_BROKEN: Final = {
    Loudness.SILENCE: "requests have stopped coming",
    Loudness.FIRE: "requests fail so fast that the budget burns away",
    Loudness.WARN: "requests fail faster than the budget can bear for long",
}
_FIRST: Final = {
    Kind.FIRED: "",
    Kind.ESCALATED: "worse now: ",
    Kind.AGAIN: "once more: ",
    Kind.RESOLVED: "over: ",
}
_POINT: Final = 40
"""Characters of a first line's point that stay, however little room there is."""
_KNOWN: Final = ("Budget",)
"""Sections that a message says already."""


def of_notice(notice: Notice, told: BurnStanding) -> Message:
    """The message of a notice about a budget that stands so."""
    document, objective = told.standing.document, told.standing.objective
    kind, level = Kind(notice.kind.value), _loudness(notice)
    what = _BROKEN[level]
    if kind is Kind.RESOLVED:
        what = "requests fail no faster than the budget can bear"
    return Message(
        id=identity(document.name, objective, notice.key),
        kind=kind,
        level=level,
        service=document.name,
        objective=objective,
        title=f"{document.name}: {_FIRST[kind]}{what} ({objective})",
        lines=numbers(told),
        labels=document.labels,
        links=_links(document),
        at=moment(notice.at),
        started_at=moment(notice.onset),
        ended_at=moment(notice.at) if kind is Kind.RESOLVED else None,
    )


def in_context(message: Message, found: Explanation, picture: bytes) -> Message:
    """The same message, with what is known of the burn: the place and the change in its title."""
    lines = [
        f"{section.heading}: {line}"
        for section in found.sections()
        if section.heading not in _KNOWN
        for line in section.lines
    ]
    return replace(
        message,
        title=_first_line(message.title, found.points()),
        lines=(*message.lines, *lines),
        context=found.as_dict(),
        picture=picture,
    )


def _first_line(title: str, points: Sequence[str]) -> str:
    """All that fits, each point cut before any is lost: the change, which is last, too."""
    told = list(points)

    def over() -> int:
        return len("; ".join([title, *told])) - TITLE_LENGTH

    while over() > 0 and told and len(longest := max(told, key=len)) > _POINT:
        told[told.index(longest)] = clean(longest, max(len(longest) - over(), _POINT))
    if over() > 0:
        title = clean(title, max(len(title) - over(), _POINT))
    return "; ".join([title, *told])


def to_acknowledge(message: Message, incidents: Sequence[Incident]) -> Message:
    """The same message, with how one says that one sees to what it is about."""
    waiting = [one for one in incidents if one.acknowledged_at is None]
    if message.kind not in (Kind.FIRED, Kind.ESCALATED, Kind.AGAIN, Kind.CONTEXT) or not waiting:
        return message
    how = f"Acknowledge: errorbudget incident acknowledge {waiting[0].id}"
    return replace(message, lines=(*message.lines[: LINES - 1], how))


def without_context(message: Message) -> Message:
    """The same message, with how one asks for what could not be found out beside so many."""
    asked = f"errorbudget explain {message.service} {message.objective}"
    said = f"Too much burns at once to say more here: {asked} --at {clock.text(message.at)}"
    return replace(message, lines=(*message.lines, said))


def completing(page: Message, found: Explanation, picture: bytes, now: datetime) -> Message:
    """What follows a page that went out before its context was known, in the same thread."""
    return replace(
        in_context(page, found, picture),
        id=identity(page.service, page.objective, f"{page.id}.context"),
        kind=Kind.CONTEXT,
        at=now,
    )


def of_lateness(
    document: ObjectiveDocument, kind: Kind, hearing: Hearing, since: int, now: datetime
) -> Message:
    """The message that a document's data comes late since a minute, or does no more."""
    late = f"its data is {hearing.lag} minutes late" if hearing.late else "no data comes"
    if kind is Kind.RESOLVED:
        late = "its data comes in time again"
    return Message(
        id=identity(document.name, "", f"{since}.late.{kind}"),
        kind=kind,
        level=Loudness.LAG,
        service=document.name,
        objective="",
        title=f"{document.name}: {late}",
        lines=(_worth(kind, hearing, now),),
        labels=document.labels,
        links=_links(document),
        at=now,
        started_at=moment(since),
        ended_at=now if kind is Kind.RESOLVED else None,
    )


def of_overdue(
    document: ObjectiveDocument, due: date, month: int, overdue: str, now: datetime
) -> Message:
    """The message that a document should have been looked at again, so many months ago."""
    return Message(
        id=identity(document.name, "", f"{due}.{month}.revisit"),
        kind=Kind.NOTE,
        level=Loudness.INFO,
        service=document.name,
        objective="",
        title=f"{document.name}: look at its objectives again, it was due on {due}",
        lines=(
            f"The document {overdue}.",
            f"errorbudget objective propose {document.service or document.services[0]}"
            " says what its traffic would bear today.",
        ),
        labels=document.labels,
        links=_links(document),
        at=now,
        started_at=datetime.combine(due, time(), UTC),
    )


def of_removal(
    name: str, objective: str, state: alert.Alert, document: ObjectiveDocument | None, at: datetime
) -> Message:
    """The message that an alert is over because nobody promises its objective any more."""
    key = f"{state.onset}.{state.notices}.{Kind.RESOLVED}"
    return Message(
        id=identity(name, objective, key),
        kind=Kind.RESOLVED,
        level=Loudness.FIRE if state.level is Level.FIRE else Loudness.WARN,
        service=name,
        objective=objective,
        title=f"{name}: over: nobody promises this any more ({objective})",
        lines=("The objective is no longer in the document that is in force.",),
        labels=document.labels if document else {},
        at=at,
        started_at=moment(state.onset or 0),
        ended_at=at,
    )


def _loudness(notice: Notice) -> Loudness:
    if notice.silent:
        return Loudness.SILENCE
    return Loudness.FIRE if notice.level is Level.FIRE else Loudness.WARN


def _worth(kind: Kind, hearing: Hearing, now: datetime) -> str:
    if kind is Kind.RESOLVED:
        return "Alerts speak of the present again."
    if hearing.late:
        seen = now - timedelta(minutes=hearing.lag)
        return f"Alerts speak of {seen:%H:%M} UTC, as of when the data is complete."
    return "Requests are usual at this time; nobody knows whether they are served."


def _links(document: ObjectiveDocument) -> dict[str, str]:
    return {"runbook": document.runbook} if document.runbook else {}
