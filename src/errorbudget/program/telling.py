"""What do people read when an alert speaks? What is broken in words first, then the numbers."""

from datetime import datetime, timedelta
from typing import Final

from errorbudget.burn import alert
from errorbudget.burn.alert import Notice
from errorbudget.burn.rules import Level
from errorbudget.ledger.window import moment
from errorbudget.notify.message import Kind, Message, identity
from errorbudget.notify.message import Level as Loudness
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.program.burns import BurnStanding
from errorbudget.program.hearing import Hearing

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
        lines=_numbers(told),
        labels=document.labels,
        links=_links(document),
        at=moment(notice.at),
        started_at=moment(notice.onset),
        ended_at=moment(notice.at) if kind is Kind.RESOLVED else None,
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


def _numbers(told: BurnStanding) -> tuple[str, ...]:
    budget = told.standing.budget
    lines = [told.reason]
    if told.standing.pool:
        (service,) = told.standing.document.services
        lines.append(f"{service} is a member of the pool {told.standing.pool}, watched alone.")
    if told.members:
        lines.append(f"By member, in 24h: {', '.join(map(_of_member, told.members))}.")
    burns = [f"{one.shown_rate:.3g}x in {one.horizon}" for one in told.horizons if one.shown_rate]
    if burns:
        lasts = "" if told.sustainable is None else f"; it lasts at {told.sustainable:.2g}x"
        lines.append(f"The budget burns at {', '.join(burns)}{lasts}.")
    if budget.remaining is not None:
        lines.append(_left(float(budget.remaining), budget.exhausts_at, moment(budget.end)))
    if budget.few:
        lines.append(f"The budget is small; {budget.few.words}. {budget.few.advice}")
    return tuple(lines)


def _of_member(told: BurnStanding) -> str:
    (service,) = told.standing.document.services
    day = told.horizons[-1]
    counts = f"{day.bad:,} of {day.valid:,} failed" if day.valid else "no request"
    alert = f" ({told.alert})" if told.alert != "none" else ""
    return f"{service} {counts}{alert}"


def _left(remaining: float, exhausts_at: datetime | None, now: datetime) -> str:
    if remaining <= 0:
        return f"Nothing is left of it: {-remaining:.1%} more than allowed is spent."
    if exhausts_at is None or exhausts_at <= now:
        return f"{remaining:.1%} of it is left."
    return f"{remaining:.1%} of it is left, until {exhausts_at:%Y-%m-%d %H:%M} UTC at this pace."


def _worth(kind: Kind, hearing: Hearing, now: datetime) -> str:
    if kind is Kind.RESOLVED:
        return "Alerts speak of the present again."
    if hearing.late:
        seen = now - timedelta(minutes=hearing.lag)
        return f"Alerts speak of {seen:%H:%M} UTC, as of when the data is complete."
    return "Requests are usual at this time; nobody knows whether they are served."


def _links(document: ObjectiveDocument) -> dict[str, str]:
    return {"runbook": document.runbook} if document.runbook else {}
