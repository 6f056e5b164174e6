"""The permission slip: what may ship now, and what from when on, in one sentence."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from itertools import groupby
from typing import Any, Final

from errorbudget.objective.document import Policy, RiskClass
from errorbudget.policy.permission import (
    Beside,
    Considered,
    Return,
    is_unknown,
    joined,
    percent,
    place,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Regained:
    """When a class may ship again if nothing more goes wrong, and why."""

    at: datetime
    share: Fraction | None
    """The share of the budget that will have returned by then; None where a window begins anew."""

    def as_dict(self) -> dict[str, Any]:
        """The moment as JSON has it."""
        return {
            "at": self.at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "returns": None if self.share is None else float(self.share),
        }


def regained(
    policy: Policy, budgets: Sequence[Considered], classes: Iterable[RiskClass]
) -> dict[RiskClass, Regained]:
    """From when on each of the classes would be permitted; those that nobody can tell are left out.

    Every budget must permit it, so the last one to do so decides.
    """
    if any(is_unknown(budget) for budget in budgets):
        return {}
    found = {one: [_first(policy, budget, one) for budget in budgets] for one in classes}
    return {
        one: max((when for when in each if when), key=lambda when: when.at)
        for one, each in found.items()
        if any(each) and _NEVER not in each
    }


_NEVER: Final = Regained(at=datetime.max.replace(tzinfo=UTC), share=None)


def _first(policy: Policy, budget: Considered, risk: RiskClass) -> Regained | None:
    """When a budget first permits a class; None where it does now."""
    if risk in policy.bands[place(policy, budget)].allow:
        return None
    for step in budget.beside.returns:
        later = replace(budget, remaining=step.remaining, low=step.remaining)
        if step.anew:
            later = replace(later, bad=0, beside=Beside())
        if risk in policy.bands[place(policy, later)].allow:
            return Regained(at=step.at, share=_returned(budget, step))
    return _NEVER


def _returned(budget: Considered, step: Return) -> Fraction | None:
    return None if step.anew else step.remaining - (budget.remaining or Fraction(0))


def slip(now: Iterable[RiskClass], later: Mapping[RiskClass, Regained] | None = None) -> str:
    """`Rollbacks may ship now; normal changes from Thursday 23 July, when 6 % returns.`"""
    names = [words for one, words in _PLURAL.items() if one in set(now)]
    sentence = f"{joined(names, 'and')} may ship now" if names else "nothing may ship now"
    in_order = sorted((later or {}).items(), key=lambda item: (item[1].at, _ORDER.index(item[0])))
    parts = [sentence, *(_from(when, group) for when, group in groupby(in_order, lambda i: i[1]))]
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def _from(when: Regained, group: Iterable[tuple[RiskClass, Regained]]) -> str:
    names = joined([_PLURAL[one] for one, _ in group], "and")
    day = when.at.astimezone(UTC)
    why = "the window begins anew" if when.share is None else f"{percent(when.share)} returns"
    return f"{names} from {day:%A} {day.day} {day:%B}, when {why}"


_PLURAL: Final = {
    RiskClass.LOW: "low-risk changes",
    RiskClass.NORMAL: "normal changes",
    RiskClass.HIGH: "high-risk changes",
    RiskClass.CRITICAL: "critical fixes",
    RiskClass.ROLLBACK: "rollbacks",
}
_ORDER: Final = tuple(_PLURAL)
