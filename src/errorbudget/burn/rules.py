"""Which burn deserves which alert? The rules as data: horizons, rates, and how sure one must be."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from fractions import Fraction

from errorbudget.objective.document import Burn, BurnTier, ObjectiveDocument
from errorbudget.objective.notation import as_percent

CAP = Fraction(4, 5)
"""A tier never asks for more than this share of requests to fail, however loose the target."""

MONTH = 30 * 24 * 60
"""Minutes in the 30 days that false alarms are counted over."""

DAY = 24 * 60


class Level(IntEnum):
    """How loudly a burn speaks; a higher one drowns a lower one."""

    NONE = 0
    DRIFT = 1
    WARN = 2
    FIRE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """One way to fire: at least `rate` over `long` minutes, still so over `short`, and not by luck.

    `false_alarms` is how often, in 30 days of burning at exactly 1x, luck alone may fire it.
    """

    long: int
    short: int
    rate: Fraction
    false_alarms: float

    @property
    def alpha(self) -> float:
        """What the chance of such a window, times its bad requests, must stay under."""
        return self.false_alarms * self.long / MONTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A level, and the horizons of which any one is enough."""

    level: Level
    horizons: tuple[Horizon, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The tiers of one document, loudest first; equal rules are evaluated together."""

    tiers: tuple[Tier, ...]
    run_false_alarms: float = 0.01
    silence: bool = True

    @property
    def windows(self) -> tuple[int, ...]:
        """The lengths in minutes that counts are needed for, the day among them."""
        spans = {DAY}
        for tier in self.tiers:
            for horizon in tier.horizons:
                spans |= {horizon.long, horizon.short}
        return tuple(sorted(spans))

    def in_fleet(self, budgets: int) -> "Rules":
        """These rules among so many budgets; from a thousand on, a tenth of the false alarms."""
        if budgets < LARGE_FLEET:
            return self
        return replace(
            self,
            tiers=tuple(_surer(tier) for tier in self.tiers),
            run_false_alarms=self.run_false_alarms / 10,
        )


LARGE_FLEET = 1000

# What each tier makes of the rate R and a horizon its document names: the windows that are looked
# at, each with its share of R and of how often luck may raise the tier. A fire within the
# hour is believed from 1.44 R (14.4x, 2 % of a month's budget) on ordinary evidence and from R on
# strong evidence; six hours need 0.6 R (6x, 5 % of the budget), and, for services too quiet to
# show anything in six hours, so does a day at R. Rates: SRE Workbook chapter 5.
# Evidence: docs/decisions/0010-evidence-counts-false-pages.md.
_Way = tuple[int, int, Fraction, Fraction]
_WHOLE = Fraction(1)
_WAYS: Mapping[tuple[Level, int], tuple[_Way, ...]] = {
    (Level.FIRE, 60): ((60, 5, Fraction(36, 25), _WHOLE), (60, 5, _WHOLE, Fraction(1, 50))),
    (Level.FIRE, 360): ((360, 30, Fraction(3, 5), _WHOLE), (DAY, 30, _WHOLE, Fraction(2, 5))),
    (Level.WARN, 360): ((360, 30, _WHOLE, Fraction(3, 10)),),
}
_FALSE_ALARMS: Mapping[Level, Fraction] = {
    Level.FIRE: Fraction(1, 20),
    Level.WARN: _WHOLE,
    Level.DRIFT: _WHOLE,
}


def tier(level: Level, of: BurnTier) -> Tier:
    """The ways to raise what a document writes as `{rate: 10, horizons: [1h, 6h]}`."""
    often = _FALSE_ALARMS[level] if of.false_alarms is None else of.false_alarms
    ways: list[Horizon] = []
    for minutes in of.horizons:
        plain: _Way = (minutes, max(1, minutes // 12), _WHOLE, _WHOLE)
        ways += [
            Horizon(
                long=long,
                short=of.recent or short,
                rate=share * of.rate,
                false_alarms=float(often * part),
            )
            for long, short, share, part in _WAYS.get((level, minutes), (plain,))
        ]
    return Tier(level=level, horizons=tuple(ways))


def rules(burn: Burn) -> Rules:
    """The rules that a document's `burn:` section asks for."""
    written = ((Level.FIRE, burn.fire), (Level.WARN, burn.warn), (Level.DRIFT, burn.drift))
    tiers = (tier(level, one) for level, one in written)
    return Rules(tiers=tuple(tiers), silence=burn.silence)


def out_of_reach(document: ObjectiveDocument) -> Iterator[tuple[str, str]]:
    """Rates that a budget cannot burn at, by their place: what raises the alert instead."""
    burn = document.burn
    for name, objective in document.objectives.items():
        most = 1 / objective.target.allowance
        for level, one in (("fire", burn.fire), ("warn", burn.warn), ("drift", burn.drift)):
            if one.rate > CAP * most:
                what = f"is {float(one.rate):g}x, but {name} promises {objective.target} and"
                yield (
                    f"burn.{level}.rate",
                    f"{what} burns at {float(most):.3g}x when every request fails; the alert is"
                    f" raised once {as_percent(CAP)} fail, which is {float(CAP * most):.3g}x",
                )


def _surer(one: Tier) -> Tier:
    ways = (replace(way, false_alarms=way.false_alarms / 10) for way in one.horizons)
    return replace(one, horizons=tuple(ways))


DEFAULTS = rules(Burn())
"""What a document without a `burn:` section gets."""
