"""What happened, from every source that tells of it, each line with its source named."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from errorbudget import clock
from errorbudget.burn.first_move import named
from errorbudget.ledger.window import Span, moment
from errorbudget.notify.message import Message
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.objective.indicator import requests
from errorbudget.program.explaining.explanation import Explanation
from errorbudget.program.incidents import BEFORE
from errorbudget.program.trail.audit import AuditTrail
from errorbudget.source.duckdb.warehouse import Warehouse
from errorbudget.store.alerts import Told
from errorbudget.store.home import Home
from errorbudget.store.incidents import Happening, Incident, What

TRAIL: Final = "errorbudget audit log"
AFTER: Final = timedelta(hours=6)
"""How long after a burn what people and the program did about it stands in its timeline."""
_KINDS: Final = {
    "decision": "gate",
    "offline": "gate",
    "approval": "approval",
    "outcome": "gate",
    "ungated": "reconciliation",
    "restatement": "ledger",
    "objective": "document",
}
"""Of the entries of the trail that stand in a timeline: the source that a reader knows."""
_APART: Final = timedelta(minutes=10)
"""Of several bursts the sharpest rise may come long after the first."""
_SPOKEN: Final = (What.OPENED, What.ACKNOWLEDGED, What.NOTE, What.CLOSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One line of a timeline."""

    at: datetime
    source: str
    text: str
    query: str
    """The command that tells it again."""

    def as_dict(self) -> dict[str, str]:
        """Plain values, as printed."""
        return {
            "at": clock.text(self.at),
            "source": self.source,
            "text": self.text,
            "query": self.query,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the records say of a time, before it is put in order."""

    document: ObjectiveDocument
    span: Span
    incidents: Sequence[tuple[Incident, Sequence[Happening]]]
    notices: Sequence[Told]
    entries: Sequence[Mapping[str, Any]]

    @property
    def alerted(self) -> Told | None:
        """The first notice that the burn was worth one."""
        return next((one for one in self.notices if one.kind in ("fired", "escalated")), None)

    @property
    def acknowledged(self) -> tuple[datetime, str] | None:
        """When somebody first saw to it, and who."""
        seen = [
            (one.acknowledged_at, one.acknowledged_by)
            for one, _ in self.incidents
            if one.acknowledged_at and one.acknowledged_by
        ]
        return min(seen, default=None)

    @property
    def resolved(self) -> datetime | None:
        """When the last alert of it said that it is over."""
        over = [one.at for one in self.notices if one.kind == "resolved"]
        return max(over, default=None)


def heard(
    home: Home, document: ObjectiveDocument, span: Span, incident: int | None, *, at: datetime
) -> Heard:
    """Everything that was recorded of a service about a time."""
    since, until = moment(span.start) - BEFORE, min(moment(span.end) + AFTER, at)
    met = list[tuple[Incident, Sequence[Happening]]]()
    with home.database.reading() as connection:
        for one in home.incidents.list():
            mine = one.service in (document.name, *document.services)
            if one.started_at <= at and (
                one.id == incident or (mine and _met(one, moment(span.start), moment(span.end)))
            ):
                happened = home.incidents.timeline(connection, one.id)
                met.append((_as_of(one, at), [line for line in happened if line.at <= at]))
    told = home.alerts.told(since=moment(span.start), until=until + timedelta(minutes=1))
    return Heard(
        document=document,
        span=span,
        incidents=met,
        notices=[
            one for one in told if one.name == document.name and one.objective and one.at <= at
        ],
        entries=list(_entries(home, document, since, until)),
    )


def timeline(
    told: Heard,
    found: Explanation,
    warehouse: Warehouse,
    home: Home,
    *,
    burning: bool,
    at: datetime,
) -> list[Moment]:
    """Every line in order; of the same minute the burn first."""
    lines = [
        *_corrections(told, warehouse, home, at=at),
        *_burn(told, found, burning=burning),
        *map(_notice, told.notices),
        *(line for one, happened in told.incidents for line in _people(one, happened)),
        *_changes(home, told, found, at=at),
        *map(_entry, told.entries),
        *_logs(told, found, warehouse),
    ]
    order = ("burn", "log", "change", "alert")
    return sorted(lines, key=lambda one: (one.at, [*order, one.source].index(one.source)))


def _as_of(one: Incident, at: datetime) -> Incident:
    """The incident as it was known at a moment."""
    seen = one.acknowledged_at is not None and one.acknowledged_at <= at
    over = one.ended_at is not None and one.ended_at <= at
    return replace(
        one,
        acknowledged_at=one.acknowledged_at if seen else None,
        acknowledged_by=one.acknowledged_by if seen else None,
        ended_at=one.ended_at if over else None,
    )


def _met(one: Incident, since: datetime, until: datetime) -> bool:
    return one.started_at <= until and (one.ended_at is None or one.ended_at >= since)


def _entries(
    home: Home, document: ObjectiveDocument, since: datetime, until: datetime
) -> Iterator[Mapping[str, Any]]:
    names = (document.name, *document.services)
    for entry in AuditTrail(home).between(since, until, frozenset(_KINDS)):
        body = entry["body"]
        if (body.get("service") or body.get("name")) in names:
            yield entry


def _burn(told: Heard, found: Explanation, *, burning: bool) -> Iterator[Moment]:
    standing = found.burn.standing
    query = _explain(told, standing.objective)
    start, onset = moment(told.span.start), found.onset
    if onset is None or abs(onset.at - start) > _APART:
        yield Moment(at=start, source="burn", text=f"{standing.objective}: it begins", query=query)
    if onset is not None:
        at = onset.at if abs(onset.at - start) > _APART else start
        said = f"{standing.objective}: {onset.sentence()}"
        yield Moment(at=at, source="burn", text=said, query=query)
    worst = _worst(found)
    if worst:
        yield Moment(at=worst[0], source="burn", text=worst[1], query=query)
    if not burning:
        said = "requests fail no more than usual" if found.valid else "until then no request comes"
        over = f"{standing.objective}: {said}"
        yield Moment(at=moment(told.span.end), source="burn", text=over, query=query)


def _explain(told: Heard, objective: str) -> str:
    since, until = (clock.text(moment(edge)) for edge in (told.span.start, told.span.end))
    return f"errorbudget explain {told.document.name} {objective} --from {since} --to {until}"


def _worst(found: Explanation) -> tuple[datetime, str] | None:
    """The stretch with the largest share of bad requests."""
    bars = found.bars
    shares = [share if share is not None else -1.0 for share in bars.shares]
    if not shares or max(shares) <= 0:
        return None
    place = shares.index(max(shares))
    at = moment(bars.start + place * bars.step)
    said = f"{bars.bad[place]:,} of {bars.valid[place]:,} requests fail in {bars.step} minutes"
    return (at, f"the worst of it: {said}") if at > moment(found.span.start) else None


def _notice(one: Told) -> Moment:
    message = Message.from_bytes(one.body)
    return Moment(
        at=one.at,
        source="alert",
        text=message.title,
        query=TRAIL,
    )


def _people(incident: Incident, happened: Sequence[Happening]) -> Iterator[Moment]:
    for one in happened:
        if one.what in _SPOKEN:
            yield Moment(
                at=one.at,
                source=_who(one, incident),
                text=_said(one),
                query=f"errorbudget incident show {incident.id}",
            )


def _who(one: Happening, incident: Incident) -> str:
    if one.what is What.NOTE:
        return "note"
    return "acknowledgement" if one.what is What.ACKNOWLEDGED else f"incident {incident.id}"


def _said(one: Happening) -> str:
    if one.what is What.OPENED:
        return f"opened by {one.by}: {one.text}"
    return f"{one.by}: {one.text}" if one.what is What.NOTE else one.text


def _changes(home: Home, told: Heard, found: Explanation, *, at: datetime) -> Iterator[Moment]:
    """Of the service itself, and those elsewhere that fit."""
    since, until = moment(told.span.start) - BEFORE, min(moment(told.span.end) + AFTER, at)
    own = [
        change
        for service in told.document.services
        for change in home.changes.list(service, since=since, until=until)
    ]
    others = [one.change for one in found.changes if one.fits and one.change not in own]
    for change in (*own, *others):
        over = change.finished_at
        until_words = f", until {over:%H:%M}" if over and over <= at else ""
        yield Moment(
            at=change.started_at,
            source="change",
            text=f"{change.kind.value} {named(change)} ({change.id}) begins{until_words}",
            query=TRAIL,
        )


def _entry(entry: Mapping[str, Any]) -> Moment:
    return Moment(
        at=clock.parse(entry["at"]),
        source=_KINDS[entry["kind"]],
        text=f"{_short(entry['words'])} (entry {entry['seq']})",
        query=TRAIL,
    )


def _corrections(
    told: Heard, warehouse: Warehouse, home: Home, *, at: datetime
) -> Iterator[Moment]:
    """Requests of this time that somebody judged anew, whenever that was."""
    expression = requests(told.document).request_id
    for entry in AuditTrail(home).between(moment(told.span.start), at, ("correction",)):
        body = entry["body"]
        if body["service"] not in told.document.services:
            continue
        mine = warehouse.known_request_ids(
            body["service"], body["request_ids"], expression, within=told.span
        )
        if mine:
            said = f"{len(mine):,} requests of this time corrected to {body['as']}"
            yield Moment(
                at=clock.parse(entry["at"]),
                source="correction",
                text=f"{said}: {_short(body['reason'])} (entry {entry['seq']})",
                query=TRAIL,
            )


def _logs(told: Heard, found: Explanation, warehouse: Warehouse) -> Iterator[Moment]:
    """When the first trace of the most telling patterns was written."""
    traces = [trace for pattern in found.logs[:3] for trace in pattern.trace_ids]
    if not traces:
        return
    near = Span(told.span.start - 60, told.span.end + 60)
    first = warehouse.logged_first(told.document.services, traces, near)
    for pattern in found.logs[:3]:
        seen = [(first[trace], trace) for trace in pattern.trace_ids if trace in first]
        if seen:
            at, trace = min(seen)
            yield Moment(
                at=at,
                source="log",
                text=f"“{_short(pattern.template)}” ({pattern.reason}), in request {trace}",
                query=_explain(told, found.burn.standing.objective),
            )


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


_LONGEST: Final = 240
