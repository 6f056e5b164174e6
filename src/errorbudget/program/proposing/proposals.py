"""What could a service promise? Reads its history, and proposes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any, Final

import numpy as np

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.ledger.tally import DAY, Tallies
from errorbudget.ledger.window import Span
from errorbudget.objective.criterion import check_criterion
from errorbudget.objective.document import SENT_COLUMNS
from errorbudget.objective.indicator import Indicator, Requests
from errorbudget.objective.notation import percent
from errorbudget.objective.proposal import incidents as bursts
from errorbudget.objective.proposal.caps import NO_CAPS, Caps
from errorbudget.objective.proposal.criteria import Criteria, choose
from errorbudget.objective.proposal.grid import GRID
from errorbudget.objective.proposal.history import History
from errorbudget.objective.proposal.impact import Impact, impact
from errorbudget.objective.proposal.profile import Profile
from errorbudget.objective.proposal.proposed import Proposed
from errorbudget.objective.proposal.surges import Surge, largest
from errorbudget.objective.proposal.target import Proposal, propose
from errorbudget.objective.proposal.writing import Example
from errorbudget.program.objectives.objectives import Objectives
from errorbudget.program.proposing.causes import Causes, check
from errorbudget.source import Liveness
from errorbudget.source.duckdb.judging import judge
from errorbudget.source.duckdb.profiling import Profiler
from errorbudget.source.duckdb.questions import TENANTS, Asked, questions
from errorbudget.source.duckdb.warehouse import Seen, Warehouse

HISTORY_DAYS: Final = 182
"""Older days say little of a service that has been changed since."""


def caps(sla: str | None, dependencies: Sequence[str]) -> Caps:
    """What people know of contracts and dependencies, as they write it: 99.9%. Raises Failure."""
    return Caps(
        sla=None if sla is None else _promised(sla, "sla"),
        dependencies=tuple(_promised(one, "dependency") for one in dependencies),
    )


def _promised(text: str, name: str) -> Fraction:
    try:
        share = percent(text, example="99.9%")
    except ValueError as cause:
        raise Failure(f"{name}: {cause}") from None
    if not 0 < share < 1:
        raise Failure(f"{name}: {text} is not between 0% and 100%; write it as 99.9%")
    return share


@dataclass(frozen=True, slots=True)
class _Counted:
    """Criteria, and what they count by the minute; beside it what is the client's doing."""

    criteria: Criteria
    indicator: Indicator
    tallies: Tallies
    client: Indicator | None
    of_client: Tallies | None = None


class Proposals:
    """Objectives from traffic."""

    def __init__(self, warehouse: Warehouse, objectives: Objectives) -> None:
        self._warehouse = warehouse
        self._profiler = Profiler(warehouse.connection)
        self._objectives = objectives

    def unpromised(self) -> list[dict[str, Any]]:
        """The services that have traffic and no objective, the busiest first."""
        left = [
            seen.as_dict()
            for seen in self._warehouse.services()
            if self._objectives.observing(seen.service) is None
        ]
        return sorted(left, key=lambda one: -int(one["requests"]))

    def read(
        self, service: str | Sequence[str], caps: Caps = NO_CAPS, *, today: date | None = None
    ) -> Proposed:
        """A proposal for a service, or for several pooled as one; written `today`.

        Raises Failure where their requests tell too little.
        """
        services = (service,) if isinstance(service, str) else tuple(dict.fromkeys(service))
        with self._warehouse.snapshot():
            return self._read(services, caps, today or clock.now().date())

    def _read(self, services: Sequence[str], caps: Caps, today: date) -> Proposed:
        profile = self._profile(services)
        counted = self._counted(profile)
        criteria, indicator = counted.criteria, counted.indicator
        history = history_of(counted.tallies, self._warehouse.liveness(indicator.requests))
        if not history.valid.sum():
            raise Failure(
                f"{profile.service}: no request counts under these criteria:"
                f" scope {criteria.scope}, valid {criteria.valid}",
                "Write the document by hand, or send requests that say how they ended.",
            )
        asking = Causes(self._warehouse, self._profiler, profile, criteria, indicator)
        found = asking.explained(bursts.incidents(*_columns(counted.tallies)))
        causes = [
            *bursts.contributions(found, history.first_day, len(history)),
            *asking.standing(history),
        ]
        proposal = propose(history, causes, caps=caps)
        surging = self._surges(asking, counted)
        return Proposed(
            profile=profile,
            criteria=criteria,
            history=history,
            proposal=proposal,
            found=found,
            counted=int(counted.tallies.valid.sum()),
            surges=surging,
            impact=self._impact(indicator, profile, proposal),
            pool=self._pool(profile, proposal),
            examples=self._examples(profile, criteria, indicator),
            questions=questions(
                self._warehouse.connection,
                Asked(
                    profile=profile,
                    indicator=indicator,
                    days=proposal.window,
                    allowance=proposal.commit.allowance if proposal.commit else GRID[0],
                    incidents=[(one.start, one.end) for one in found],
                    columns=asking.columns,
                    client=counted.client,
                    surges=[(one.incident.start, one.incident.end) for one in surging],
                    outcome=criteria.outcome is not None,
                ),
            ),
            today=today,
        )

    def _profile(self, services: Sequence[str]) -> Profile:
        known = {seen.service for seen in self._warehouse.services()}
        for one in services:
            if one not in known and (source := self._objectives.elsewhere(one)):
                raise Failure(
                    f"{one}: its requests are in the source {source}, and proposals are made of"
                    " those in the embedded warehouse",
                    "Write its targets by hand: `errorbudget budget` says what was kept so far.",
                )
            if one not in known:
                raise Failure(
                    f"{one}: no request of this service was ever taken in"
                    f" (there are: {', '.join(sorted(known)) or 'none yet'})",
                    "Take some in with `errorbudget ingest FILE --service S`.",
                )
        profile = self._profiler.profile(services)
        if profile is None:
            raise Failure(f"{' and '.join(services)}: no request is there any more")
        return profile

    def _counted(self, profile: Profile) -> _Counted:
        """The criteria, and what they count by the minute."""
        criteria = choose(profile)
        if criteria is None:
            raise Failure(
                f"{profile.service}: its requests have neither a status nor an attribute that says"
                " how they ended, and no latency with a clear limit",
                'Send `status`, or map a column to it: ingest … --map status="CASE …".',
            )
        plain = _indicator(profile, criteria)
        client = _of_client(plain) if profile.with_status else None
        both = [plain, *([client] if client else [])]
        if not self._profiler.has_logs(profile.services):
            tallies, *rest = self._warehouse.tally(both, None)
            return _Counted(criteria, plain, tallies, client, *rest)
        with_logs = _indicator(profile, criteria, good=f"({criteria.good}) AND error_logs = 0")
        logs = _indicator(profile, criteria, good="error_logs = 0")
        of_plain, of_both, of_logs, *rest = self._warehouse.tally(
            [plain, with_logs, logs, *both[1:]], None
        )
        bad, bad_with, spoken_of = (int(one.bad.sum()) for one in (of_plain, of_both, of_logs))
        judged = criteria.with_error_logs(bad, bad_with, spoken_of)
        if judged.good != criteria.good:
            return _Counted(judged, with_logs, of_both, client, *rest)
        return _Counted(judged, plain, of_plain, client, *rest)

    def _surges(self, asking: Causes, counted: _Counted) -> list[Surge]:
        """When far more than usual was the client's doing."""
        if counted.client is None or counted.of_client is None:
            return []
        few = largest(bursts.incidents(*_columns(counted.of_client)))
        return [Surge(incident=one) for one in asking.explained(few, counted.client)]

    def _impact(self, indicator: Indicator, profile: Profile, proposal: Proposal) -> Impact | None:
        if profile.tenants < 2 or proposal.commit is None:
            return None
        rows = self._profiler.by_value(indicator, check("tenant"), most=TENANTS)
        return impact(rows, float(proposal.commit.allowance))

    def _pool(self, profile: Profile, proposal: Proposal) -> list[str]:
        """Services with as little traffic, where this one's is too little."""
        if proposal.commit is not None and proposal.limited_by != "volume":
            return []
        others = [one for one in self._warehouse.services() if one.service not in profile.services]
        near = [one for one in others if one.requests <= 20 * profile.requests]
        near.sort(key=lambda one: -_likeness(one, profile.services[0]))
        return [f"{one.service} ({one.requests:,} requests)" for one in near[:3]]

    def _examples(
        self, profile: Profile, criteria: Criteria, indicator: Indicator
    ) -> list[Example]:
        attribute = criteria.outcome.name if criteria.outcome else None
        requests = self._profiler.examples(
            profile, threshold=criteria.threshold, attribute=attribute
        )
        judged = judge(indicator.requests, {"availability": indicator}, requests)
        examples = [
            Example(request=request, outcome=one["availability"])
            for request, one in zip(requests, judged, strict=True)
        ]
        return _few(examples)


def _few(examples: Sequence[Example]) -> list[Example]:
    """Up to five of each outcome, the commonest kinds first."""
    kept: dict[str, list[Example]] = {"good": [], "bad": [], "excluded": []}
    for one in examples:
        if len(kept[one.outcome]) < 5 and one.request:
            kept[one.outcome].append(one)
    return [one for some in kept.values() for one in some]


def _indicator(profile: Profile, criteria: Criteria, good: str | None = None) -> Indicator:
    requests = Requests(
        services=profile.services,
        environment=criteria.environment,
        scope=check_criterion(criteria.scope, SENT_COLUMNS) if criteria.scope else None,
        request_id=check("trace_id"),
        operation=None,
        logs_required=False,
        corrections_judged=False,
    )
    return Indicator(
        requests=requests,
        valid=check_criterion(criteria.valid) if criteria.valid else None,
        good=check_criterion(good or criteria.good),
    )


def _of_client(plain: Indicator) -> Indicator:
    """What counts as bad what a status calls the client's doing."""
    good = check_criterion("status IS NULL OR status NOT BETWEEN 400 AND 499")
    return replace(plain, valid=None, good=good)


def history_of(tallies: Tallies, living: Liveness) -> History:
    """The latest days; the first and the last one only where most of them was seen."""
    minute = tallies.minute
    if not len(minute):
        return History.of_minutes(*_columns(tallies), np.zeros(0, np.bool_), 0)
    last = int(minute[-1]) // DAY
    first = max(int(minute[0]) // DAY, last - HISTORY_DAYS + 1)
    alive = _alive(living.alive, first, last - first + 1)
    half = alive >= DAY // 2
    if half.sum() >= 7:
        kept = np.flatnonzero(half)
        of = slice(int(kept[0]), int(kept[-1]) + 1)
        first, half, alive = first + of.start, half[of], alive[of]
    else:
        half = alive > 0
    return History.of_minutes(*_columns(tallies), half, first, alive / DAY)


def _alive(spans: Sequence[Span], first: int, days: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Minutes that the source was alive on each day."""
    edges = np.zeros(days * DAY + 1, np.int64)
    for span in spans:
        start, end = (min(max(at - first * DAY, 0), days * DAY) for at in (span.start, span.end))
        edges[start] += 1
        edges[end] -= 1
    return np.cumsum(edges[:-1]).reshape(days, DAY).astype(np.bool_).sum(axis=1)


def _columns(tallies: Tallies) -> tuple[Any, Any, Any]:
    return tallies.minute, tallies.valid, tallies.bad


def _likeness(seen: Seen, service: str) -> float:
    from difflib import SequenceMatcher

    return SequenceMatcher(None, seen.service, service).ratio()
