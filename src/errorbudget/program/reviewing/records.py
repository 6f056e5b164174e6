"""What the trail and the store know of a quarter: decisions, approvals, corrections, alerts."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any, Final

from errorbudget import clock
from errorbudget.ledger.window import Span, minute_floor, moment
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.policy.approval import Says
from errorbudget.postmortem.actions import Action, actions
from errorbudget.postmortem.document import read
from errorbudget.review.alerting import Episode
from errorbudget.store.alerts import Told
from errorbudget.store.home import Home
from errorbudget.store.postmortems import Kept, State

_KINDS: Final = ("decision", "approval", "correction", "restatement")
_FRONT: Final = 200
"""Bytes in which an entry has said its kind."""


@dataclass(frozen=True, slots=True)
class Record:
    """One entry of the trail that a review speaks of."""

    entry: int
    at: datetime
    """The moment it is about: of a decision, that it was asked as of."""
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """The trail's entries by kind, oldest first."""

    by_kind: Mapping[str, Sequence[Record]] = field(default_factory=dict[str, Sequence[Record]])

    def of(self, kind: str, span: Span, services: Sequence[str]) -> list[Record]:
        """Those of one kind that are about these services and a moment of a span."""
        return [
            one
            for one in self.by_kind.get(kind, ())
            if one.body.get("service") in services and minute_floor(one.at) in span
        ]

    def restatements(self, document: ObjectiveDocument, span: Span) -> list[Record]:
        """What changed a closed window of a document after it was over, where that began in it."""
        return [
            one
            for one in self.by_kind.get("restatement", ())
            if one.body["name"] == document.name
            and minute_floor(clock.parse(one.body["window"][0])) in span
        ]


def records(home: Home) -> Records:
    """All that the trail has of these kinds, read once."""
    found: dict[str, list[Record]] = {kind: [] for kind in _KINDS}
    marks = {kind: f'"kind":"{kind}"'.encode() for kind in _KINDS}
    for entry in home.trail.entries():
        front = entry.body[:_FRONT]
        # Most entries of a long trail may be others: only these are worth reading as JSON.
        if any(mark in front for mark in marks.values()):
            fields = entry.fields()
            if fields["kind"] in found:
                body = fields["body"]
                at = clock.parse(body.get("as_of") or fields["at"])
                found[fields["kind"]].append(Record(entry.seq, at, body))
    return Records(by_kind=found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An approval as the trail has it."""

    entry: int
    at: datetime
    change: str
    by: str
    """Who, in which role, and why."""
    expected: Fraction | None


def approvals(found: Sequence[Record]) -> Iterator[Given]:
    """What people approved; what they declined is none."""
    for one in found:
        said = json.loads(one.body["statement"])
        if said["says"] == Says.APPROVE.value:
            yield Given(
                entry=one.entry,
                at=one.at,
                change=said["change"],
                by=f"{one.body['by']} ({said['role']}): {said['reason']}",
                expected=None
                if said["expected_spend"] is None
                else Fraction(said["expected_spend"]),
            )


def episodes(home: Home, document: ObjectiveDocument, span: Span) -> dict[str, list[Episode]]:
    """What was told of a document's burns in a span, by objective, each episode once."""
    told = home.alerts.told(since=moment(span.start), until=moment(span.end))
    groups: dict[tuple[str, datetime], list[Told]] = {}
    for one in told:
        if one.name == document.name and one.objective in document.objectives:
            groups.setdefault((one.objective, one.started_at), []).append(one)
    found: dict[str, list[Episode]] = {name: [] for name in document.objectives}
    for (objective, started), notices in groups.items():
        said = [one for one in notices if one.kind not in ("context", "note")]
        first = next((one for one in said if one.kind != "resolved"), None)
        if first is not None:
            found[objective].append(
                Episode(
                    objective=objective,
                    level=first.level,
                    onset=minute_floor(started),
                    told=minute_floor(first.at),
                    end=minute_floor(said[-1].at),
                )
            )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """A postmortem, and those of its action items that a quarter is about."""

    id: str
    published: bool
    of_quarter: bool
    """Whether what it is about began in the quarter."""
    actions: Sequence[Action]

    def as_dict(self) -> dict[str, Any]:
        """The postmortem as JSON has it."""
        return {
            "id": self.id,
            "published": self.published,
            "of_quarter": self.of_quarter,
            "actions": [one.as_dict() for one in self.actions],
        }


def learned(home: Home, document: ObjectiveDocument, span: Span) -> list[Learned]:
    """A document's postmortems that began in a span, and earlier ones with actions due in it."""
    since, until = (moment(edge).date().isoformat() for edge in (span.start, span.end))
    found: list[Learned] = []
    for one in home.postmortems.list(document.name):
        if one.start >= span.end:
            continue
        mine = one.start >= span.start
        todo = [
            action
            for action in _actions(home, one)
            if mine
            or (action.due and action.due < until and (since <= action.due or not action.done))
        ]
        if mine or todo:
            published = one.state is State.PUBLISHED
            found.append(Learned(id=one.id, published=published, of_quarter=mine, actions=todo))
    return found[::-1]


def _actions(home: Home, kept: Kept) -> list[Action]:
    with home.database.reading() as connection:
        wording = home.postmortems.text(connection, kept.id, kept.version)
    return actions(read(wording.text, name=kept.id)) if wording else []
