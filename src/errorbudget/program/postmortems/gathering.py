"""Everything that a postmortem says, gathered: by query, what each prints as JSON."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, Final

import numpy as np

from errorbudget import clock
from errorbudget.burn import alert as alerting
from errorbudget.burn.rate import Signal
from errorbudget.change import Change
from errorbudget.errors import Failure
from errorbudget.ledger.window import Span, minute_ceil, minute_floor, moment
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.policy.hindsight import rollbacks
from errorbudget.postmortem.actions import actions
from errorbudget.postmortem.document import read
from errorbudget.postmortem.impact import Event
from errorbudget.postmortem.pattern import ALIKE, Kind, kind, likeness
from errorbudget.postmortem.prevention import Known, Prevention, preventions, taken_back
from errorbudget.program.budgets.book import Book
from errorbudget.program.budgets.budgets import Budgets
from errorbudget.program.burning import burning
from errorbudget.program.burning.burning import UNHEARD, Sight
from errorbudget.program.explaining.beginning import burned
from errorbudget.program.explaining.explaining import Explaining
from errorbudget.program.explaining.explanation import Explanation
from errorbudget.program.postmortems.costs import Cost, Costs
from errorbudget.program.postmortems.rooms import Known as Seen
from errorbudget.program.postmortems.rooms import Rooms
from errorbudget.program.postmortems.timelines import AFTER, Heard, heard, timeline
from errorbudget.source.sources import Sources
from errorbudget.store.home import Home
from errorbudget.store.postmortems import Kept

SIMILAR: Final = 3
"""Past incidents that are told as similar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a postmortem is to be about."""

    document: ObjectiveDocument
    objective: str
    span: Span
    incident: int | None = None
    burning: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What is known of it: by query, its command and what that prints."""

    about: About
    told: Mapping[str, Any]
    counts: str


class Gathering:
    """Asks everything that knows of an incident."""

    def __init__(
        self, home: Home, source: Sources, budgets: Budgets, explaining: Explaining
    ) -> None:
        self._home = home
        self._source = source
        self._budgets = budgets
        self._explaining = explaining
        self._costs = Costs(budgets)
        self._rooms = Rooms(home, budgets)

    def burned(
        self, document: ObjectiveDocument, objective: str, around: Span, *, at: datetime
    ) -> Span:
        """The minutes that burned of those an alert, a person or an account speaks of."""
        book = self._budgets.book([document], at=moment(around.end))
        row, end = list(document.objectives).index(objective), min(around.end, minute_ceil(at))
        return burned(book, row, Span(min(around.start, end - 1), end))

    def costs(self, about: About, *, at: datetime, but: str = "") -> list[Cost]:
        """What it cost each objective, beside the other postmortems of its service."""
        others = [
            Event(one.id, Span(one.start, one.end))
            for one in self._home.postmortems.list(about.document.name)
            if one.id != but and one.end > one.start
        ]
        return self._costs.read(about.document, about.span, others, at=at)

    def worst(self, document: ObjectiveDocument, span: Span, *, at: datetime) -> tuple[str, Cost]:
        """The objective that a span cost most of its budget."""
        first = next(iter(document.objectives))
        costs = self.costs(About(document=document, objective=first, span=span), at=at)
        best = max(costs, key=lambda one: (one.share, one.impact.excess))
        return best.objective, best

    def impact(self, about: About, *, at: datetime, but: str = "") -> dict[str, Any]:
        """The numbers of an incident: what `errorbudget postmortem impact` prints."""
        return self._impact(about, self._found(about, at), at, but)

    def gather(self, about: About, *, at: datetime, id_: str) -> Gathered:
        """All of it, each query with its command."""
        document, objective = about.document, about.objective
        found = self._found(about, at)
        impact = self._impact(about, found, at, id_)
        since, until = (clock.text(moment(edge)) for edge in (about.span.start, about.span.end))
        what = f"{document.name} {objective} --from {since} --to {until}"
        then, room = clock.text(at), f"{document.name} {objective}"
        over = at if about.burning else min(at, moment(about.span.end))
        mine = Seen(id=id_, span=about.span, kind=Kind.from_dict(impact["kind"]))
        told = {
            "impact": impact
            | {"command": f"errorbudget postmortem impact {what} --at {then} --json"},
            "explain": found.as_dict() | {"command": f"errorbudget explain {what} --json"},
            "room": self._rooms.read(document.name, objective, at=over, beside=[mine])
            | {"command": f"errorbudget room {room} --at {clock.text(over)} --json"},
        }
        return Gathered(about=about, told=told, counts=_digest(about, impact["costs"]))

    def digest(self, about: About, *, at: datetime, but: str) -> str:
        """What would differ had requests come late or been corrected, without asking for more."""
        costs = [one.as_dict() for one in self.costs(about, at=at, but=but)]
        return _digest(about, costs)

    def room(self, service: str, objective: str | None, *, at: datetime) -> dict[str, Any]:
        """What still fits into what is left. Raises Failure."""
        return self._rooms.read(service, objective, at=at)

    def _found(self, about: About, at: datetime) -> Explanation:
        if not len(about.span):
            raise Failure(f"{about.document.name}: there is no minute to look at by {at}")
        return self._explaining.explain(
            about.document.name,
            about.objective,
            since=moment(about.span.start),
            until=moment(about.span.end),
            at=at,
        )

    def _impact(self, about: About, found: Explanation, at: datetime, but: str) -> dict[str, Any]:
        document, span = about.document, about.span
        costs = self.costs(about, at=at, but=but)
        main = next(one for one in costs if one.objective == about.objective)
        told = heard(self._home, document, span, about.incident, at=at)
        changes = self._changes(document, span, at)
        back = taken_back(
            changes, rollbacks([f"{one.service} {one.version}" for one in changes]), span
        )
        alert = self._alert(about, told)
        fitting = next((one.change for one in found.changes if one.fits), None)
        known = Known(
            counted=main.counted,
            span=span,
            usual=main.usual.calm.share,
            excess=main.impact.excess,
            where=found.where,
            who=found.who,
            change=fitting,
            alert=None if alert is None else minute_floor(alert[0]),
            rollback=back,
        )
        mine = self._kind(found, main)
        moments = timeline(
            told, found, self._source.warehouse, self._home, burning=about.burning, at=at
        )
        return {
            "service": document.name,
            "environment": document.environment,
            "objective": about.objective,
            "from": clock.text(moment(span.start)),
            "to": clock.text(moment(span.end)),
            "at": clock.text(at),
            "minutes": len(span),
            "burning": about.burning,
            "few_requests": found.valid == 0,
            "costs": [one.as_dict() for one in costs],
            "lost": main.lost.as_dict() if main.lost else None,
            "times": _times(about, found, told, alert, back, main),
            "preventions": [_with_share(one, main) for one in preventions(known)],
            "timeline": [one.as_dict() for one in moments],
            "similar": self._similar(about, mine, but),
            "kind": mine.as_dict(),
        }

    def _changes(self, document: ObjectiveDocument, span: Span, at: datetime) -> list[Change]:
        """Of a quarter before it, so that what was taken back to is known; none after `at`."""
        found = [
            one
            for service in document.services
            for one in self._home.changes.list(
                service,
                since=moment(span.start) - timedelta(days=91),
                until=min(moment(span.end) + AFTER, at),
            )
        ]
        return sorted(found, key=lambda one: one.started_at)

    def _alert(self, about: About, told: Heard) -> tuple[datetime, bool] | None:
        """When somebody was told; where nobody watched, when the document's rules would have."""
        if told.alerted is not None:
            return told.alerted.at, True
        at = self._would_have_fired(about)
        return None if at is None else (at, False)

    def is_missed(self, document: ObjectiveDocument, objective: str, gap: Span) -> bool:
        """Whether the document's rules miss requests by the end of a time without any."""
        at = moment(gap.end)
        book = self._budgets.book([document], at=at)
        row = list(document.objectives).index(objective)
        (code,) = _codes(book, row, np.array([gap.end]), gap)
        return bool(alerting.reading(code).silent)

    def _would_have_fired(self, about: About) -> datetime | None:
        span = about.span
        book = self._budgets.book([about.document], at=moment(span.end))
        row = list(about.document.objectives).index(about.objective)
        ends = np.arange(span.start + 1, span.end + 1)
        for minute, code in zip(ends.tolist(), _codes(book, row, ends, span), strict=True):
            said = alerting.reading(code)
            if Signal.BURNING in (said.fire, said.warn) or said.silent:
                return moment(minute)
        return None

    def _kind(self, found: Explanation, main: Cost) -> Kind:
        lost = main.lost is not None and main.lost.low > main.lost.expected / 2
        return kind(
            valid=found.valid,
            lost=lost,
            where=found.where,
            who=found.who,
            changes=found.changes,
            logs=found.logs,
        )

    def _similar(self, about: About, mine: Kind, but: str) -> list[dict[str, Any]]:
        """Earlier ones that have something in common with it, the most alike first."""
        earlier = [
            (likeness(mine, one.kind), one)
            for one in self._home.postmortems.list()
            if one.id != but and one.start < about.span.start
        ]
        alike = sorted(
            (pair for pair in earlier if pair[0] >= ALIKE),
            key=lambda pair: (-pair[0], -pair[1].start),
        )
        return [self._told(one, mine, share) for share, one in alike[:SIMILAR]]

    def _told(self, one: Kept, mine: Kind, alike: float) -> dict[str, Any]:
        """An earlier one: what it cost, and what was to be done after it."""
        said = one.told["impact"]
        cost = next(cost for cost in said["costs"] if cost["objective"] == one.objective)
        with self._home.database.reading() as connection:
            wording = self._home.postmortems.text(connection, one.id, one.version)
        todo = actions(read(wording.text, name=one.id)) if wording else []
        return {
            "id": one.id,
            "at": clock.text(moment(one.start)),
            "state": one.state.value,
            "alike": alike,
            "common": sorted(
                mark for mark in mine.marks & one.kind.marks if not mark.startswith("cause ")
            ),
            "excess": cost["excess"],
            "share": cost["windows"][0]["share"],
            "open": [act.as_dict() for act in todo if not act.done],
            "done": sum(act.done for act in todo),
        }


def _codes(book: Book, row: int, ends: Any, span: Span) -> list[int]:
    at = moment(span.end)
    sight = Sight(
        usual=burning.usual(book, at),
        learnt=burning.Dispersions(book, at),
        listening=np.full(len(book.promises), UNHEARD),
    )
    of_rules = next(one for one, rows in burning.grouped(book) if row in rows)
    return burning.look(book, sight, of_rules, np.full(ends.size, row), ends).codes().tolist()


def _times(
    about: About,
    found: Explanation,
    told: Heard,
    alert: tuple[datetime, bool] | None,
    back: Span | None,
    main: Cost,
) -> dict[str, Any]:
    """Detection and recovery, each in minutes since it began."""
    span = about.span
    seen = told.acknowledged
    before = _before(main, span, alert[0]) if alert else None
    return {
        "began": clock.text(moment(span.start)),
        "earliest": clock.text(found.onset.earliest) if found.onset else None,
        "latest": clock.text(found.onset.latest) if found.onset else None,
        "gradual": found.onset.gradual if found.onset else None,
        "alerted": clock.text(alert[0]) if alert else None,
        "alert_recorded": alert[1] if alert else None,
        "alert_after": _after(span, alert[0]) if alert else None,
        "spent_before_alert": float(before) if before is not None else None,
        "acknowledged": clock.text(seen[0]) if seen else None,
        "acknowledged_by": seen[1] if seen else None,
        "acknowledged_after": _after(span, seen[0]) if seen else None,
        "rolled_back": clock.text(moment(back.start)) if back else None,
        "rollback_after": back.start - span.start if back else None,
        "ended": None if about.burning else clock.text(moment(span.end)),
        "ended_after": None if about.burning else len(span),
        "resolved": clock.text(told.resolved) if told.resolved else None,
    }


def _after(span: Span, at: datetime) -> int:
    return max(minute_floor(at) - span.start, 0)


def _before(main: Cost, span: Span, at: datetime) -> Fraction:
    """What had gone when the alert spoke."""
    valid, bad = main.counted.within(Span(span.start, max(minute_floor(at), span.start)))
    return min(max(bad - main.usual.calm.share * valid, Fraction(0)), main.impact.excess)


def _with_share(one: Prevention, main: Cost) -> dict[str, Any]:
    excess = main.impact.excess
    part = one.cost / excess if excess else Fraction(0)
    return one.as_dict() | {"share": float(part * main.share)}


def _digest(about: About, costs: Sequence[Mapping[str, Any]]) -> str:
    """Of what a reader would see differ: counts, and shares to the tenth of a percent."""
    shares = [round(window["share"] or 0, 3) for one in costs for window in one["windows"]]
    counts = [(one["valid"], one["seen"], round(one["excess"], 1)) for one in costs]
    seen = repr((about.span, about.burning, counts, shares))
    return hashlib.sha256(seen.encode()).hexdigest()
