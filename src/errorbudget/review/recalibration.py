"""Keep, tighten or loosen: what does a quarter say about the next promise, and on what evidence?

The rule (a proposal of our own, stated so that it can be argued with): tighten where each of the
last three windows of four weeks used less than a fifth of its budget, and history would keep a
tighter target; loosen, or do the work, where the quarter and two of the three were overspent; else
keep.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final

from errorbudget.ledger.tally import DAY
from errorbudget.objective.notation import Target
from errorbudget.objective.proposal.target import Proposal
from errorbudget.objective.proposal.wording import used
from errorbudget.review.wording import listed, share, times

WINDOW: Final = 28 * DAY
"""Minutes of the windows that are looked at: four weeks, so each has as many weekends."""
WINDOWS: Final = 3
EASY: Final = Fraction(1, 5)
"""The share of its budget below which a window asked nothing of anybody."""
_OVERSPENT: Final = 2
"""Of three windows, how many must be overspent before the target is doubted."""


class Advice(StrEnum):
    """What to do with a target."""

    KEEP = "keep"
    TIGHTEN = "tighten"
    LOOSEN = "loosen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Requests of four weeks; `known` says whether enough of them was seen."""

    valid: int
    bad: int
    known: bool

    def use(self, allowance: Fraction) -> Fraction | None:
        """The share of such a budget that was used; None where it is not known."""
        return self.bad / (allowance * self.valid) if self.known and self.valid else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalibration:
    """What to do with one objective, and why."""

    advice: Advice
    target: Target
    next: Target
    """The same as `target` where it is kept."""
    uses: tuple[Fraction | None, ...]
    """Of the last windows, the oldest first."""
    evidence: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The advice in one line."""
        if self.advice is Advice.KEEP:
            return f"keep {self.target}"
        work = ", or do the work" if self.advice is Advice.LOOSEN else ""
        return f"{self.advice.value} {self.target} to {self.next}{work}"

    def as_dict(self) -> dict[str, Any]:
        """The advice as JSON has it."""
        return {
            "advice": self.advice.value,
            "target": str(self.target),
            "next": str(self.next),
            "uses": [None if one is None else float(one) for one in self.uses],
            "sentence": self.sentence,
            "evidence": list(self.evidence),
        }


def recalibrate(
    target: Target,
    windows: Sequence[Window],
    proposal: Proposal | None,
    *,
    missed: bool,
    small: str = "",
    doubts: Sequence[str] = (),
) -> Recalibration:
    """What the last windows, and what history would bear, say of a target.

    `missed`: whether the quarter was. `small`: what it would take for a budget of so few requests
    to mean something; empty where it does. `proposal` is None where there is no history.
    """
    uses = tuple(one.use(target.allowance) for one in windows[-WINDOWS:])
    known = [use for use in uses if use is not None]
    evidence = [_uses_said(uses)]
    commit = proposal.commit if proposal else None
    if small:
        return _told(Advice.KEEP, target, target, uses, [*evidence, small])
    if len(known) < WINDOWS:
        short = f"Three windows of four weeks are asked for, and {len(known)} are known."
        return _told(Advice.KEEP, target, target, uses, [*evidence, short])
    if proposal is None or commit is None:
        none = "History bears no target on the grid; work on what fails first."
        return _told(Advice.KEEP, target, target, uses, [*evidence, none])
    evidence += [_history_said(proposal), *doubts]
    if all(use < EASY for use in known) and commit.allowance < target.allowance:
        return _told(Advice.TIGHTEN, target, Target(1 - commit.allowance), uses, evidence)
    if sum(use > 1 for use in known) >= _OVERSPENT:
        if missed and commit.allowance > target.allowance:
            return _told(Advice.LOOSEN, target, Target(1 - commit.allowance), uses, evidence)
        better = "The weeks before were better" if missed else "The quarter as a whole was kept"
        evidence.append(f"{better}: see what took the budget before the target is doubted.")
    return _told(Advice.KEEP, target, target, uses, evidence)


def _told(
    advice: Advice,
    target: Target,
    following: Target,
    uses: tuple[Fraction | None, ...],
    evidence: Sequence[str],
) -> Recalibration:
    return Recalibration(
        advice=advice, target=target, next=following, uses=uses, evidence=tuple(evidence)
    )


def _uses_said(uses: Sequence[Fraction | None]) -> str:
    if not uses:
        return "No window of four weeks lies in the history."
    if all(one is None for one in uses):
        which = "the last window" if len(uses) == 1 else f"the last {len(uses)} windows"
        return f"What {which} of four weeks used is not known: too little was seen."
    told = listed(["an unknown part" if one is None else share(one) for one in uses])
    if len(uses) == 1:
        return f"The last window of four weeks used {told} of its budget."
    return f"The last {times(len(uses), 'window')} of four weeks used {told} of their budgets."


def _history_said(proposal: Proposal) -> str:
    commit = proposal.commit
    if commit is None:
        return ""
    kept = (
        f"{commit.kept} of {commit.windows} past windows of {proposal.window} days kept it"
        if commit.windows
        else f"no whole window of {proposal.window} days has passed"
    )
    half = used(commit.median_use, "that budget")
    return (
        f"History up to the quarter's end bears {commit.target}: {kept}, as did"
        f" {commit.resampled:.0%} of resampled ones; half of them used {half} or less."
    )
