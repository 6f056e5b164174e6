"""Why does an alert say what it says? One sentence: effect and evidence, or what is not known."""

from datetime import datetime
from fractions import Fraction

import numpy as np

from errorbudget import clock
from errorbudget.burn import rate, silence
from errorbudget.burn.rate import Counts, Signal
from errorbudget.burn.rules import DAY, Horizon, Level
from errorbudget.burn.shown import reason as burn_reason
from errorbudget.burn.shown import silence_reason
from errorbudget.ledger.budget import Budget
from errorbudget.objective.notation import digits, span
from errorbudget.program.burning.burning import Look, allowance

_LEVELS = {"fire": Level.FIRE, "warn": Level.WARN, "drift": Level.DRIFT}


def reason(found: Look, place: int, word: str, budget: Budget) -> str:
    """Why the row at a place of a look stands at `word`, which is as `alert.standing` has it."""
    one = _One(found, place)
    if word in ("none", "unknown"):
        return one.calm(budget.as_of)
    if found.silent[place]:
        return one.missed()
    said = one.burning(_LEVELS[word]) if word in _LEVELS else one.over()
    if said is None and word == "warn" and (drift := one.burning(Level.DRIFT)):
        said = drift if budget.exhausts_at is None else _until(drift, budget.exhausts_at)
    return said or one.after(word)


def _until(drift: str, exhausts_at: datetime) -> str:
    return f"{drift}; at this pace the budget is spent on {exhausts_at:%Y-%m-%d %H:%M} UTC"


class _One:
    """One place of a look."""

    def __init__(self, found: Look, place: int) -> None:
        self._found = found
        self._place = slice(place, place + 1)
        self._of = found.of.take(np.array([place]), found.rows.size)
        self._allowance = allowance(found.of, place)
        self._counts: Counts = {
            minutes: (valid[self._place], bad[self._place])
            for minutes, (valid, bad) in found.counts.items()
        }

    def calm(self, as_of: datetime | None) -> str:
        """What there was to see of a budget that nothing is wrong with, or nothing known of."""
        valid, bad = self._totals(DAY)
        if not valid:
            newest = f"; its data reaches to {clock.text(as_of)}" if as_of else ""
            return f"no valid request in 24h{newest}"
        burns = float(Fraction(bad, valid) / self._allowance)
        return f"{bad:,} of {valid:,} requests failed in 24h = {digits(burns, 2)}x"

    def missed(self) -> str:
        """Which window should have had requests."""
        found = self._found
        for minutes, expected in found.expected.items():
            here = expected[self._place]
            error = found.error[self._place]
            if silence.silent({minutes: here}, self._counts, error)[0]:
                return silence_reason(minutes, self._totals(minutes)[0], float(here[0]))
        return "requests have stopped coming"

    def burning(self, level: Level) -> str | None:
        """The first of the level's horizons that burns."""
        return self._said(level, Signal.BURNING)

    def over(self) -> str | None:
        """The horizon that burned, and what its last minutes show."""
        for level in (Level.FIRE, Level.WARN):
            for horizon in self._saying(level, Signal.OVER):
                valid, bad = self._totals(horizon.short)
                burns = float(Fraction(bad, valid) / self._allowance)
                return (
                    f"{self._words(horizon)}; in the last {span(horizon.short)} {digits(burns, 2)}x"
                )
        return None

    def after(self, word: str) -> str:
        """A burn that is held though no horizon shows it any more."""
        valid, bad = self._totals(DAY)
        told = f"{bad:,} of {valid:,} requests failed in 24h"
        if word == "recovering":
            return f"it has stopped burning; {told}"
        return f"it burned when requests stopped coming, and nothing says that it is over; {told}"

    def _said(self, level: Level, signal: Signal) -> str | None:
        return next((self._words(horizon) for horizon in self._saying(level, signal)), None)

    def _saying(self, level: Level, signal: Signal) -> list[Horizon]:
        rules = self._found.rules
        tiers = (tier for tier in rules.tiers if tier.level is level)
        return [
            horizon
            for tier in tiers
            for horizon in tier.horizons
            if rate.signal(rules, horizon, self._counts, self._of)[0] == signal
        ]

    def _words(self, horizon: Horizon) -> str:
        valid, bad = self._totals(horizon.long)
        counts = self._counts[horizon.long]
        chance = rate.tail(*counts, self._of.allowance, self._of.dispersion)
        told = burn_reason(horizon.long, valid, bad, self._allowance, float(chance[0]))
        if rate.evidence(horizon, *counts, self._of)[0]:
            return told
        return f"the last {int(self._of.run[0]):,} requests failed one after the other; {told}"

    def _totals(self, minutes: int) -> tuple[int, int]:
        valid, bad = self._counts[minutes]
        return int(valid[0]), int(bad[0])
