"""What do the budgets of a team, or of all that share a label, come to?"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.ledger.budget import Budget, State
from errorbudget.ledger.rollup import Member, Rollup, counted, worst, worst_state
from errorbudget.ledger.tally import DAY
from errorbudget.ledger.window import (
    Calendar,
    Rolling,
    Span,
    Window,
    minute_ceil,
    minute_floor,
    moment,
)
from errorbudget.objective import notation
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.objective.indicator import union
from errorbudget.program.budgets.budgets import Budgets
from errorbudget.program.budgets.counting import count_again
from errorbudget.program.objectives.objectives import Objectives
from errorbudget.source import Source, SourceFailed
from errorbudget.store.home import Home

LOG = logging.getLogger(__name__)

OVER: Final = "28d"
"""The window that failing requests are counted in unless another is asked for."""
_LABEL: Final = "label:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """One roll-up, and what it was grouped by."""

    by: str
    rollup: Rollup

    def as_dict(self) -> dict[str, Any]:
        """The roll-up as JSON has it."""
        rollup, budgets = self.rollup, self.rollup.budgets
        states = Counter(budget.state for budget in budgets.values())
        complete = [budget.as_of for budget in budgets.values() if budget.as_of]
        return {
            "by": self.by,
            "group": rollup.group,
            "from": clock.text(moment(rollup.span.start)),
            "to": clock.text(moment(rollup.span.end)),
            "valid": rollup.valid,
            "failing": rollup.failing,
            "budgets": len(budgets),
            "states": {state.value: states[state] for state in State},
            "state": worst_state(budgets.values()).value,
            "worst": _worst(budgets),
            "as_of": clock.text(min(complete)) if complete else None,
            "members": [_member(one) for one in rollup.members],
        }


def _member(member: Member) -> dict[str, Any]:
    named = {(member.service, name): budget for name, budget in member.budgets.items()}
    return {
        "service": member.service,
        "valid": member.valid,
        "failing": member.failing,
        "state": worst_state(member.budgets.values()).value,
        "states": {name: budget.state.value for name, budget in member.budgets.items()},
        "worst": _worst(named),
    }


def _worst(budgets: Mapping[tuple[str, str], Budget]) -> dict[str, Any] | None:
    found = worst(budgets)
    if found is None:
        return None
    budget = budgets[found]
    return {
        "service": found[0],
        "objective": found[1],
        "remaining": float(budget.remaining or 0),
        "state": budget.state.value,
        "meaningful": budget.meaningful.value,
        "words": budget.volume,
    }


class Rollups:
    """Budgets in groups."""

    def __init__(
        self, home: Home, source: Source, objectives: Objectives, budgets: Budgets
    ) -> None:
        self._home = home
        self._source = source
        self._objectives = objectives
        self._budgets = budgets

    def read(
        self,
        by: str,
        *,
        at: datetime,
        over: str = OVER,
        shows: Callable[[ObjectiveDocument], bool] = lambda _: True,
    ) -> list[Grouped]:
        """The groups by name; documents that do not say come last. Raises Failure.

        `by` is `service` or `label:NAME`; `over` a span as `28d`, or the `month`, `quarter` or
        `year` so far, in UTC. Only documents that `shows` lets through are looked at.
        """
        group, end = _grouping(by), minute_ceil(at)
        span = Span(_window(over).span(end).start, end)
        members: dict[str | None, list[Member]] = {}
        documents = [document for document in self._objectives.all() if shows(document)]
        for document, budgets in self._judged(documents, at):
            members.setdefault(group(document), []).append(self._member(document, budgets, span))
        rollups = [Rollup(group=key, span=span, members=tuple(of)) for key, of in members.items()]
        rollups.sort(key=lambda one: (one.group is None, one.group or ""))
        return [Grouped(by=by, rollup=one) for one in rollups]

    def _judged(
        self, documents: list[ObjectiveDocument], at: datetime
    ) -> Iterable[tuple[ObjectiveDocument, dict[str, Budget]]]:
        budgets: dict[str, dict[str, Budget]] = {}
        for one in self._budgets.of(documents, at=at):
            budgets.setdefault(one.document.name, {})[one.objective] = one.budget
        return [(document, budgets[document.name]) for document in documents]

    def _member(
        self, document: ObjectiveDocument, budgets: Mapping[str, Budget], span: Span
    ) -> Member:
        any_objective, tallies = union(document), self._home.tallies
        try:
            while count_again(self._source, tallies, [any_objective]).left:
                pass  # a source that is asked tells the past piece by piece
        except SourceFailed as failed:
            LOG.warning("%s: %s", document.name, failed)  # what was counted before is what is known
        days = tallies.load_days(any_objective.series, span.start // DAY)
        out = [Span(minute_floor(one.start), minute_ceil(one.end)) for one in document.exclude]
        valid, failing = counted(days, span, out)
        return Member(service=document.name, budgets=budgets, valid=valid, failing=failing)


def _grouping(by: str) -> Callable[[ObjectiveDocument], str | None]:
    label = by.removeprefix(_LABEL)
    if by == "service":
        return lambda document: document.name
    if label in ("", by):
        raise Failure(f"by: {by!r} is no grouping; write service, or label:NAME as label:team")
    return lambda document: document.labels.get(label)


def _window(over: str) -> Window:
    if over in ("month", "quarter", "year"):
        return Calendar(over, "UTC")  # pyright: ignore[reportArgumentType]
    try:
        return Rolling(notation.minutes(over))
    except ValueError as cause:
        raise Failure(f"over: {cause}, or as month, quarter or year") from cause
