"""What is left of a service's budget, told as changes that still fit, and what would free more."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, Final

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.ledger.budget import Budget
from errorbudget.ledger.tally import DAY
from errorbudget.ledger.window import Calendar, Span, moment
from errorbudget.objective.document import RiskClass
from errorbudget.policy.hindsight import Kind as LineKind
from errorbudget.policy.hindsight import Line
from errorbudget.postmortem import pattern
from errorbudget.postmortem.capacity import rooms
from errorbudget.postmortem.pattern import Spent
from errorbudget.program.budgets.book import Standing
from errorbudget.program.budgets.budgets import Budgets
from errorbudget.program.gate.sight import returns
from errorbudget.program.trail.accounts import Account, Accounts
from errorbudget.store.home import Home
from errorbudget.store.postmortems import Kept

HISTORY: Final = 26 * 7 * DAY
"""Minutes of changes that are learnt from: half a year."""
PACE: Final = 28 * DAY
"""Minutes by which what goes without any change is told."""
_CLASSES: Final = (RiskClass.LOW, RiskClass.NORMAL, RiskClass.HIGH)
_STEP: Final = Fraction(1, 100)
"""A return of less is not worth a line."""
_RETURNS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An incident that somebody looked into, and what kind it was."""

    id: str
    span: Span
    kind: pattern.Kind

    @classmethod
    def of(cls, kept: Kept) -> "Known":
        """The incident of a postmortem."""
        return cls(id=kept.id, span=Span(kept.start, max(kept.end, kept.start)), kind=kept.kind)


class Rooms:
    """What still fits."""

    def __init__(self, home: Home, budgets: Budgets) -> None:
        self._home = home
        self._budgets = budgets
        self._accounts = Accounts(home, budgets)

    def read(
        self,
        service: str,
        objective: str | None = None,
        *,
        at: datetime,
        beside: Sequence[Known] = (),
    ) -> dict[str, Any]:
        """How many changes of which class fit into an objective's budget, or the one that decides.

        `beside` are incidents whose postmortem is only being drafted. Raises Failure.
        """
        document = self._budgets.document(service)
        if objective is not None and objective not in document.objectives:
            known = ", ".join(document.objectives)
            raise Failure(f"{service}: no objective {objective!r}; write one of: {known}")
        book = self._budgets.book([document], at=at)
        standings = book.budgets(at)
        least = min(standings, key=lambda one: _left(one.budget))
        row = list(document.objectives).index(objective or least.objective)
        deciding = standings[row]
        if deciding.budget.remaining is None or not deciding.budget.allowed:
            return _unknown(document.name, deciding.objective, at)
        budget, allowed = deciding.budget, deciding.budget.allowed
        end = budget.end
        past = self._accounts.over(
            service, deciding.objective, Span(max(end - HISTORY, 0), end), at=at
        )
        told = returns(book, [row], [deciding])[deciding.objective]
        return {
            "service": document.name,
            "objective": deciding.objective,
            "decides": deciding is least,
            "at": clock.text(at),
            "remaining": float(deciding.budget.remaining),
            "allowed": float(allowed),
            "bad": budget.bad,
            "background": _background(past, budget),
            "rooms": [
                one.as_dict()
                for one in rooms(
                    _costs(past, allowed),
                    remaining=float(deciding.budget.remaining),
                    background=_background(past, budget),
                    unseen=float(document.postmortem.when_spent),
                )
            ],
            "restricted": _restricted(deciding),
            "returns": list(_returned(told, deciding.budget.remaining)),
            "work": [one.as_dict(allowed) for one in self._work(past, budget, beside)],
        }

    def _work(self, past: Account, budget: Budget, beside: Sequence[Known]) -> list[pattern.Work]:
        kept = self._home.postmortems.list(past.document.name)
        drafted = {one.id for one in beside}
        known = [*beside, *(Known.of(one) for one in kept if one.id not in drafted)]
        lines = [line for line in past.told.lines if line.end > budget.span.start]
        return pattern.ranked(
            (_spent(past, line, known, budget) for line in lines), past.document.name
        )


def _left(budget: Budget) -> Fraction:
    return Fraction(2) if budget.remaining is None else budget.remaining


def _unknown(name: str, objective: str, at: datetime) -> dict[str, Any]:
    """Nobody can say: no data is not the same as nothing spent."""
    nothing = dict.fromkeys(("decides", "remaining", "allowed", "bad", "background"))
    empty: dict[str, Any] = {"rooms": [], "restricted": None, "returns": [], "work": []}
    return {"service": name, "objective": objective, "at": clock.text(at), **nothing, **empty}


def _costs(past: Account, allowed: Fraction) -> Mapping[str, Sequence[float]]:
    """By class, what each change cost; one that nobody asked about counts as high."""
    costs: dict[str, list[float]] = {one.value: [] for one in _CLASSES}
    for line in past.told.lines:
        if line.kind is LineKind.CHANGE:
            _, asked = past.changes.get(line.change or "", (None, None))
            risk = asked.risk if asked and asked.risk else RiskClass.HIGH.value
            if risk in costs:
                costs[risk].append(float(line.bad / allowed))
    return costs


def _background(past: Account, budget: Budget) -> float:
    """The share that goes without any change until a calendar window ends.

    In a rolling one as much of the usual comes as leaves.
    """
    if not isinstance(budget.window, Calendar) or not budget.allowed:
        return 0.0
    since = past.until - PACE
    recent = [line for line in past.told.lines if line.start >= since]
    minutes = min(PACE, max(past.until - past.quarter.start, 1))
    usual = float(past.told.usual) * budget.forecast
    incidents = sum(line.bad for line in recent if line.kind is LineKind.INCIDENT)
    coming = usual + incidents / minutes * (budget.span.end - budget.end)
    return coming / float(budget.allowed)


def _restricted(deciding: Standing) -> bool | None:
    policy, remaining = deciding.document.policy, deciding.budget.remaining
    if policy is None or remaining is None:
        return None
    return next(
        RiskClass.NORMAL not in band.allow
        for band in policy.bands
        if band.above is None or remaining > band.above
    )


def _returned(told: Sequence[Any], remaining: Fraction) -> Iterator[dict[str, Any]]:
    """When budget comes back, if nothing more goes wrong; the larger steps."""
    before, shown = remaining, 0
    for step in told:
        gain = step.remaining - before
        if (step.anew or gain >= _STEP) and shown < _RETURNS:
            shown += 1
            yield {
                "at": clock.text(step.at),
                "remaining": float(step.remaining),
                "gain": float(gain),
                "anew": step.anew,
            }
            before = step.remaining


def _spent(past: Account, line: Line, known: Sequence[Known], budget: Budget) -> Spent:
    span = Span(line.start, max(line.end, line.start))
    mine = next((one for one in known if _meets(one.span, span)), None)
    if line.kind is LineKind.BACKGROUND:
        usual = past.told.usual * budget.valid
        return Spent(cost=min(usual, Fraction(budget.bad)), kind=pattern.BACKGROUND, what="usual")
    when = f"{moment(line.start):%-d %B, %H:%M}"
    if mine is not None:
        return Spent(cost=Fraction(line.bad), kind=mine.kind, what=mine.id, postmortem=mine.id)
    change, _ = past.changes.get(line.change or "", (None, None))
    if change is not None:
        kind = pattern.of_change(change.service)
        return Spent(cost=Fraction(line.bad), kind=kind, what=change.id)
    return Spent(cost=Fraction(line.bad), kind=None, what=f"the incident of {when}")


def _meets(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < max(one.end, one.start + 1)
