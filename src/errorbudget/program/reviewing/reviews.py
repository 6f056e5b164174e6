"""The quarterly review: of one document or of all, as data that every door renders the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

import numpy as np
import orjson

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.ledger.tally import DAY, Tallies
from errorbudget.ledger.window import Span, minute_ceil, moment
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.objective.indicator import requests
from errorbudget.objective.proposal.history import History
from errorbudget.objective.proposal.sentences import doubts
from errorbudget.objective.proposal.target import Proposal, propose
from errorbudget.policy.hindsight import Kind
from errorbudget.policy.reconciliation import Asked
from errorbudget.program.budgets.budgets import Budgets
from errorbudget.program.budgets.closing import ClosingDays
from errorbudget.program.explaining.explaining import Explaining
from errorbudget.program.objectives.objectives import Objectives
from errorbudget.program.proposing.proposals import HISTORY_DAYS, history_of
from errorbudget.program.reviewing import asking, telling
from errorbudget.program.reviewing.records import Records, approvals, episodes, learned, records
from errorbudget.program.reviewing.replaying import STEP, seen
from errorbudget.program.reviewing.reviewed import (
    Objective,
    Subject,
    composites,
    decisions,
    ended,
    objective,
)
from errorbudget.program.trail.accounts import Accounts, quarter_of
from errorbudget.program.trail.reading import decisions as asked_of
from errorbudget.review.composing import CompositeKept
from errorbudget.review.deciding import Approved, Decisions
from errorbudget.review.freezing import Held, Seen, freezes
from errorbudget.review.keeping import Verdict
from errorbudget.review.quarter import Quarter, zone
from errorbudget.review.recalibration import Recalibration, recalibrate
from errorbudget.review.traffic import traffic
from errorbudget.source.sources import EMBEDDED, Sources
from errorbudget.store.home import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What is read once for all documents."""

    records: Records
    asked: Sequence[Asked]


@dataclass(frozen=True, kw_only=True, eq=False)
class Quarterly:
    """A document's quarter, gathered and judged."""

    subject: Subject
    objectives: Sequence[Objective]
    composites: Sequence[CompositeKept]
    decisions: Decisions
    seen: Sequence[Seen]

    @property
    def held(self) -> Held:
        """How long usual changes were held up."""
        return Held(freezes=tuple(freezes(self.seen, STEP, self.subject.until)))


class Reviews:
    """Quarters looked back at."""

    def __init__(
        self,
        home: Home,
        source: Sources,
        objectives: Objectives,
        budgets: Budgets,
        explaining: Explaining,
    ) -> None:
        self._home = home
        self._source = source
        self._objectives = objectives
        self._budgets = budgets
        self._explaining = explaining
        self._accounts = Accounts(home, budgets)

    def read(
        self, service: str | None = None, quarter: str | None = None, *, at: datetime
    ) -> dict[str, Any]:
        """The review of a quarter, of the last one that was over at `at` if none is named.

        Raises Failure for an unknown service, or a quarter that has not begun by then.
        """
        documents = self._documents(service)
        wanted = quarter_of(quarter) if quarter else _last(documents, at)
        subjects = [self._subject(one, wanted, at) for one in documents]
        known = _Known(records=records(self._home), asked=list(asked_of(self._home)))
        now = self._quarters(subjects, known)
        then = self._quarters([self._before(one) for one in subjects], known)
        services = [self._told(one, last, known) for one, last in zip(now, then, strict=True)]
        return telling.whole(wanted, services, at, alone=service is not None)

    def as_told(self, service: str | None = None, quarter: str | None = None) -> dict[str, Any]:
        """The review as it was told when its quarter had closed, word by word.

        Raises Failure where nothing was told of that quarter.
        """
        documents = self._documents(service)
        wanted = quarter_of(quarter) if quarter else _last(documents, clock.now())
        found = [self._home.reviews.one(one.name, str(wanted)) for one in documents]
        kept = [one for one in found if one is not None]
        if not kept:
            raise Failure(
                f"--as-told: no review of {wanted} was made when it closed",
                "A server makes one the day after; without --as-told it is made now.",
            )
        services = [orjson.loads(one.body) for one in kept]
        made = max(one.made_at for one in kept)
        return telling.whole(wanted, services, made, alone=service is not None)

    def next_versions(
        self, service: str | None = None, quarter: str | None = None, *, at: datetime
    ) -> dict[str, bytes]:
        """By document, the bytes of the next version, where the review changes a target.

        Raises Failure.
        """
        from errorbudget.review.next_version import next_version

        documents = self._documents(service)
        wanted = quarter_of(quarter) if quarter else _last(documents, at)
        subjects = [self._subject(one, wanted, at) for one in documents]
        known = _Known(records=records(self._home), asked=list(asked_of(self._home)))
        found: dict[str, bytes] = {}
        for one in self._quarters(subjects, known, frozen=False):
            advised = {each.name: self._advice(each) for each in one.objectives}
            changed = {
                name: advice for name, advice in advised.items() if advice.next != advice.target
            }
            body = self._home.documents.body(one.subject.digest)
            if changed and body is not None:
                name = one.subject.document.name
                try:
                    found[name] = next_version(body, changed, str(wanted), name)
                except ValueError as cause:
                    raise Failure(str(cause)) from cause
        return found

    def _documents(self, service: str | None) -> list[ObjectiveDocument]:
        found = self._objectives.all() if service is None else [self._budgets.document(service)]
        if not found:
            raise Failure(
                "nothing is promised yet, so there is nothing to review",
                "Put a document in force with `errorbudget objective apply FILE`.",
            )
        return found

    def _subject(self, document: ObjectiveDocument, quarter: Quarter, at: datetime) -> Subject:
        span, last = quarter.span(zone(document)), max(minute_ceil(at), 1)
        if span.start >= last:
            raise Failure(f"--quarter: {quarter} has not begun by {clock.text(at)}")
        return self._as_it_was(document, quarter, span, min(span.end, last))

    def _before(self, subject: Subject) -> Subject:
        quarter = subject.quarter.before
        span = quarter.span(zone(subject.document))
        return self._as_it_was(subject.document, quarter, span, span.end)

    def _as_it_was(
        self, document: ObjectiveDocument, quarter: Quarter, span: Span, until: int
    ) -> Subject:
        """The document as it bound at the end of a quarter; as it counts now if none did then."""
        version = self._home.documents.in_force(document.name, at=moment(until))
        return Subject(
            document=self._objectives.of(version) if version else document,
            digest=version.digest if version else self._objectives.digest(document.name),
            quarter=quarter,
            span=span,
            until=until,
            bound=self._bound(document.name),
        )

    def _bound(self, name: str) -> int | None:
        """The minute since which a version of a document has bound; None where none ever did."""
        history = self._home.documents.history(name)
        first = next((one.since for one in history if one.state == "binding"), None)
        return None if first is None else minute_ceil(first)

    def _quarters(
        self, subjects: Sequence[Subject], known: _Known, *, frozen: bool = True
    ) -> list[Quarterly]:
        looked: Mapping[str, Sequence[Seen]] = {}
        if frozen:
            looked = seen(
                self._source,
                ClosingDays(self._home, [one.document for one in subjects]),
                {one.document.name: one.document for one in subjects},
                {one.document.name: one.seen for one in subjects},
            )
        return [self._quarter(one, known, looked.get(one.document.name, ())) for one in subjects]

    def _quarter(self, subject: Subject, known: _Known, looked: Sequence[Seen]) -> Quarterly:
        document = subject.document
        book = self._budgets.book([document], at=moment(subject.until))
        asked = [one for one in known.asked if one.service in document.services]
        objectives = [
            objective(
                book,
                row,
                subject,
                self._accounts.account(
                    book, row, subject.span, until=subject.until, asked=asked, learned=True
                ),
            )
            for row in range(len(document.objectives))
        ]
        told = known.records.of("decision", subject.seen, document.services)
        return Quarterly(
            subject=subject,
            objectives=objectives,
            composites=self._composites(subject),
            decisions=decisions(
                subject,
                objectives,
                [one.body for one in told],
                list(_approved(known.records, subject)),
            ),
            seen=looked,
        )

    def _composites(self, subject: Subject) -> list[CompositeKept]:
        if not subject.document.composites:
            return []
        book = self._budgets.whole_book([subject.document], at=moment(subject.until))
        return [*composites(book, subject)]

    def _told(self, now: Quarterly, then: Quarterly, known: _Known) -> dict[str, Any]:
        subject = now.subject
        left_out = self._left_out(subject)
        questions = [
            asking.requests(self._source.warehouse, one, left_out)
            for one in now.objectives
            if one.kept.valid and subject.document.requests.source == EMBEDDED
        ]
        told = telling.Told(
            subject=subject,
            objectives=now.objectives,
            composites=[
                (one, next((last for last in then.composites if last.name == one.name), None))
                for one in now.composites
            ],
            decisions=now.decisions,
            held=now.held,
            seen=now.seen,
            corrections=known.records.of("correction", subject.seen, subject.document.services),
            restatements=known.records.restatements(subject.document, subject.span),
            approved=_first_answers(known.records, subject),
            incidents=[
                one
                for service in subject.document.services
                for one in self._home.incidents.list(service)
                if moment(subject.span.start) <= one.started_at < moment(subject.until)
            ],
            learned=learned(self._home, subject.document, subject.seen),
            alerts=[
                one.alerts(told)
                for one, told in zip(
                    now.objectives,
                    episodes(self._home, subject.document, subject.seen).values(),
                    strict=True,
                )
            ],
            advice={one.name: self._advice(one) for one in now.objectives},
            causes={one.name: self._causes(one) for one in now.objectives},
            traffic={
                one.name: traffic(
                    one.past.part(subject.seen).valid, one.past.part(then.subject.span).valid
                )
                for one in now.objectives
            },
            versions=self._versions(subject),
            questions=[*questions, *asking.entries(self._home, subject, known.records)],
        )
        last = telling.summary(then.objectives, then.decisions, then.held)
        return telling.document(told, last)

    def _causes(self, one: Objective) -> list[telling.Cause]:
        """What is known of the burns that took most, the largest first."""
        share = one.subject.document.postmortem.when_spent
        burns = [
            line
            for line in one.account.told.lines
            if line.kind is not Kind.BACKGROUND and line.bad >= max(share * one.kept.allowed, 2)
        ]
        return [
            self._cause(one, Span(line.start, line.end))
            for line in sorted(burns, key=lambda line: -line.bad)[:_EXPLAINED]
        ]

    def _cause(self, one: Objective, span: Span) -> telling.Cause:
        since, until = moment(span.start), moment(span.end)
        service = one.subject.document.services[0]
        found = self._explaining.explain(service, one.name, since=since, until=until, at=until)
        return telling.Cause(span=span, points=found.points(), first=found.first_move())

    def _left_out(self, subject: Subject) -> list[Span]:
        return [
            Span(minute_ceil(one.start), minute_ceil(one.end)) for one in subject.document.exclude
        ]

    def _advice(self, one: Objective) -> Recalibration:
        promise = one.subject.document.objectives[one.name]
        proposal, history = self._proposal(one)
        few = one.budget.few
        return recalibrate(
            promise.target,
            one.windows,
            proposal,
            missed=one.kept.verdict is Verdict.MISSED,
            small=few.advice if few else "",
            doubts=list(doubts(proposal, history)) if proposal and history else (),
        )

    def _proposal(self, one: Objective) -> tuple[Proposal | None, History | None]:
        """What history up to the quarter's end would bear."""
        since = one.subject.until - HISTORY_DAYS * DAY
        past = one.past.part(Span(max(since, 0), one.subject.until))
        held = np.flatnonzero(past.valid)
        if not len(held):
            return None, None
        tallies = Tallies(minute=held + past.first, valid=past.valid[held], bad=past.bad[held])
        history = history_of(tallies, self._source.liveness(requests(one.subject.document)))
        return propose(history), history

    def _versions(self, subject: Subject) -> list[telling.Version]:
        """The versions that came into force within the quarter, after another."""
        bound = [
            one
            for one in self._home.documents.history(subject.document.name)
            if one.state == "binding"
        ]
        return [
            telling.Version(
                digest=new.digest,
                since=new.since,
                before=self._objectives.of(old),
                document=self._objectives.of(new),
            )
            for old, new in pairwise(bound)
            if moment(subject.span.start) <= new.since < moment(subject.until)
        ]


_EXPLAINED: Final = 3
"""Burns of an objective that are looked into: to ask takes a second each."""


def _last(documents: Sequence[ObjectiveDocument], at: datetime) -> Quarter:
    """The newest quarter that is over for everybody."""
    return min(ended(at, zone(one)) for one in documents)


def _approvals(known: Records, subject: Subject) -> list[Any]:
    return known.of("approval", subject.seen, subject.document.services)


def _first_answers(known: Records, subject: Subject) -> list[datetime]:
    """When each change that people approved was first approved."""
    given = approvals(_approvals(known, subject))
    return list(
        {one.change: one.at for one in sorted(given, key=lambda one: one.at, reverse=True)}.values()
    )


def _approved(known: Records, subject: Subject) -> list[Approved]:
    """The approvals of a quarter, by change."""
    found: dict[str, list[Any]] = {}
    for one in approvals(_approvals(known, subject)):
        found.setdefault(one.change, []).append(one)
    return [
        Approved(
            change=change,
            by=tuple(one.by for one in given),
            entries=tuple(one.entry for one in given),
            expected=max(
                (float(one.expected) for one in given if one.expected is not None), default=None
            ),
            shipped=False,
            costs=(),
        )
        for change, given in found.items()
    ]
