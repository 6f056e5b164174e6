"""What could a service promise? Reads its history, and proposes."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, Final

import numpy as np

from errorbudget.errors import Failure
from errorbudget.ledger.tally import DAY, Tallies
from errorbudget.ledger.window import Span
from errorbudget.objective.criterion import Criterion, check_criterion, check_expression
from errorbudget.objective.document import SENT_COLUMNS
from errorbudget.objective.indicator import Indicator, Requests
from errorbudget.objective.notation import percent
from errorbudget.objective.proposal import incidents as bursts
from errorbudget.objective.proposal.caps import NO_CAPS, Caps
from errorbudget.objective.proposal.criteria import Criteria, choose
from errorbudget.objective.proposal.grid import GRID
from errorbudget.objective.proposal.history import History
from errorbudget.objective.proposal.impact import Impact, impact
from errorbudget.objective.proposal.incidents import Incident
from errorbudget.objective.proposal.profile import Profile
from errorbudget.objective.proposal.proposed import Proposed
from errorbudget.objective.proposal.target import Contribution, Proposal, propose
from errorbudget.objective.proposal.writing import Example
from errorbudget.program.objectives.objectives import Objectives
from errorbudget.source import Liveness
from errorbudget.source.duckdb.judging import judge
from errorbudget.source.duckdb.profiling import Profiler
from errorbudget.source.duckdb.warehouse import Seen, Warehouse

HISTORY_DAYS: Final = 182
"""Older days say little of a service that has been changed since."""
_EXPLAINED: Final = ("route", "status", "tenant", "version", "region")
"""What incidents are broken down by."""
_ROUTES: Final = 3
"""Routes that are tried as the work between commit and stretch."""
_TENANTS: Final = 100_000


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

    def read(self, service: str, caps: Caps = NO_CAPS) -> Proposed:
        """A proposal for a service. Raises Failure where its requests tell too little."""
        with self._warehouse.snapshot():
            return self._read(service, caps)

    def _read(self, service: str, caps: Caps) -> Proposed:
        profile = self._profile(service)
        criteria, tallies, indicator = self._counted(profile)
        history = _history(tallies, self._warehouse.liveness(indicator.requests))
        if not history.valid.sum():
            raise Failure(
                f"{service}: no request counts under these criteria: scope {criteria.scope},"
                f" valid {criteria.valid}",
                "Write the document by hand, or send requests that say how they ended.",
            )
        found = self._explained(indicator, bursts.incidents(*_columns(tallies)), profile)
        causes = [
            *bursts.contributions(found, history.first_day, len(history)),
            *self._routes(indicator, profile, history),
        ]
        proposal = propose(history, causes, caps=caps)
        return Proposed(
            profile=profile,
            criteria=criteria,
            history=history,
            proposal=proposal,
            found=found,
            impact=self._impact(indicator, profile, proposal),
            pool=self._pool(profile, proposal),
            examples=self._examples(profile, criteria, indicator),
            questions=self._profiler.questions(
                profile,
                indicator,
                days=proposal.window,
                allowance=proposal.commit.allowance if proposal.commit else GRID[0],
            ),
        )

    def _profile(self, service: str) -> Profile:
        profile = self._profiler.profile(service)
        if profile is None:
            known = [seen.service for seen in self._warehouse.services()]
            raise Failure(
                f"{service}: no request of this service was ever taken in"
                f" (there are: {', '.join(known) or 'none yet'})",
                "Take some in with `errorbudget ingest FILE --service S`.",
            )
        return profile

    def _counted(self, profile: Profile) -> tuple[Criteria, Tallies, Indicator]:
        """The criteria, and what they count by the minute."""
        criteria = choose(profile)
        if criteria is None:
            raise Failure(
                f"{profile.service}: its requests have neither a status nor an attribute that says"
                " how they ended, and no latency with a clear limit",
                'Send `status`, or map a column to it: ingest … --map status="CASE …".',
            )
        plain = _indicator(profile, criteria)
        if not self._profiler.has_logs(profile.service):
            return criteria, self._warehouse.tally([plain], None)[0], plain
        with_logs = _indicator(profile, criteria, good=f"({criteria.good}) AND error_logs = 0")
        logs = _indicator(profile, criteria, good="error_logs = 0")
        *both, of_logs = self._warehouse.tally([plain, with_logs, logs], None)
        bad, bad_with, spoken_of = (int(one.bad.sum()) for one in (*both, of_logs))
        judged = criteria.with_error_logs(bad, bad_with, spoken_of)
        taken = judged.good != criteria.good
        return judged, both[taken], with_logs if taken else plain

    def _explained(
        self, indicator: Indicator, found: Sequence[Incident], profile: Profile
    ) -> list[Incident]:
        """Each incident with what its bad requests have in common."""
        if not found:
            return []
        columns = [column for column in _EXPLAINED if column != "tenant" or profile.tenants > 1]
        always = {column: self._values(indicator, column) for column in columns}
        return [
            replace(
                one,
                common=bursts.common(
                    {
                        column: (
                            self._values(indicator, column, (one.start, one.end - 1)),
                            always[column],
                        )
                        for column in columns
                    }
                ),
            )
            for one in found
        ]

    def _values(
        self, indicator: Indicator, column: str, span: tuple[int, int] | None = None
    ) -> list[tuple[str | None, int, int]]:
        by = _expression(f"CAST({column} AS VARCHAR)" if column == "status" else column)
        return self._profiler.by_value(indicator, by, span, most=200)

    def _routes(
        self, indicator: Indicator, profile: Profile, history: History
    ) -> Iterator[Contribution]:
        """Routes with a telling part of all failures: perhaps the work is there."""
        total = int(history.bad.sum())
        if len(profile.routes) < 2 or not total:
            return
        values = self._values(indicator, "route")
        usual = total / int(history.valid.sum())
        for route, valid, bad in values[:_ROUTES]:
            if not route or bad < max(10, 0.3 * total) or bad < 1.5 * usual * valid:
                continue
            only = _narrowed(indicator, f"route = {_quoted(route)}")
            tallies = self._warehouse.tally([only], None)[0]
            daily = History.of_minutes(*_columns(tallies), history.seen, history.first_day)
            name = f"the failures on {route} ({bad / total:.0%} of all)"
            yield Contribution(name=name, bad=daily.bad.astype(np.float64))

    def _impact(self, indicator: Indicator, profile: Profile, proposal: Proposal) -> Impact | None:
        if profile.tenants < 2 or proposal.commit is None:
            return None
        rows = self._profiler.by_value(indicator, _expression("tenant"), most=_TENANTS)
        return impact(rows, float(proposal.commit.allowance))

    def _pool(self, profile: Profile, proposal: Proposal) -> list[str]:
        """Services with as little traffic, where this one's is too little."""
        if proposal.commit is not None and proposal.limited_by != "volume":
            return []
        others = [one for one in self._warehouse.services() if one.service != profile.service]
        near = [one for one in others if one.requests <= 20 * profile.requests]
        near.sort(key=lambda one: -_likeness(one, profile.service))
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
        services=(profile.service,),
        environment=criteria.environment,
        scope=check_criterion(criteria.scope, SENT_COLUMNS) if criteria.scope else None,
        request_id=_expression("trace_id"),
        operation=None,
        logs_required=False,
        corrections_judged=False,
    )
    return Indicator(
        requests=requests,
        valid=check_criterion(criteria.valid) if criteria.valid else None,
        good=check_criterion(good or criteria.good),
    )


def _narrowed(indicator: Indicator, criterion: str) -> Indicator:
    scope = indicator.requests.scope
    text = f"({scope.text}) AND {criterion}" if scope else criterion
    requests = replace(indicator.requests, scope=check_criterion(text, SENT_COLUMNS))
    return replace(indicator, requests=requests)


def _expression(text: str) -> Criterion:
    return check_expression(text, SENT_COLUMNS)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _history(tallies: Tallies, living: Liveness) -> History:
    """The latest days; the first and the last one only where most of them was seen."""
    minute = tallies.minute
    if not len(minute):
        return History.of_minutes(*_columns(tallies), np.zeros(0, np.bool_), 0)
    last = int(minute[-1]) // DAY
    first = max(int(minute[0]) // DAY, last - HISTORY_DAYS + 1)
    alive = _alive(living.alive, first, last - first + 1)
    half = alive >= DAY // 2
    if half.sum() >= 7:
        while not half[0]:
            first, half = first + 1, half[1:]
        while not half[-1]:
            half = half[:-1]
    else:
        half = alive > 0
    return History.of_minutes(*_columns(tallies), half, first)


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
