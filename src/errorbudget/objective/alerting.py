"""When does a document want people told? Its alert rules, and which of them contradict each other.

The checks look at the document as laid out, as `consistency` does: what has the wrong shape is
skipped here, and reported where it stands.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    Field,
    PlainValidator,
    ValidationInfo,
    field_validator,
    model_validator,
)

from errorbudget.objective import notation
from errorbudget.objective.section import Distinct, Minutes, Section, Some
from errorbudget.objective.wording import Location, located
from errorbudget.request import COLUMNS

SHORTEST: Final = 5
"""Minutes: requests are counted by the minute, and less than five tell nothing of a pace."""
OFTENEST: Final = 30
"""False alarms in 30 days, one a day: more would teach people to look away."""
_CALENDAR: Final = {"month": 28 * 1440, "quarter": 90 * 1440, "year": 365 * 1440}
"""The shortest that a window of each unit can be."""


def _long_enough(minutes: int, about: ValidationInfo) -> int:
    if minutes < SHORTEST and not _is_kept(about):
        raise ValueError(f"is {notation.span(minutes)}; write at least {SHORTEST}m, as 1h")
    return minutes


def _is_kept(about: ValidationInfo) -> bool:
    """Whether the document was taken before, perhaps by a version that refused less."""
    return bool(about.context and about.context["kept"])


def _grouped(name: str) -> str:
    if name in COLUMNS or (name.startswith("attributes.") and name != "attributes."):
        return name
    near = notation.nearest(name, COLUMNS) or "route"
    raise ValueError(f"is {notation.shown(name)}; write a column as {near}, or attributes.NAME")


def _seldom(value: object) -> Fraction:
    return notation.how_often(value, at_most=OFTENEST)


class BurnTier(Section):
    """How fast, over which horizons in minutes, the budget must burn for an alert."""

    rate: Annotated[Fraction, PlainValidator(notation.rate)] = Field(examples=[10])
    horizons: Annotated[
        tuple[Annotated[Minutes, AfterValidator(_long_enough)], ...], Some, Distinct
    ] = Field(examples=["[1h, 6h]"])
    false_alarms: Annotated[Fraction, PlainValidator(_seldom)] | None = None
    """How often luck may raise it in 30 days at 1x; unset: 0.05 for a fire, 1 for the others."""
    recent: Minutes | None = None
    """It must burn so in the last so many minutes, too; unset: about a twelfth of each horizon."""

    @field_validator("horizons")
    @classmethod
    def _from_short_to_long(
        cls, horizons: tuple[int, ...], about: ValidationInfo
    ) -> tuple[int, ...]:
        if _is_kept(about):
            return horizons
        for position, (one, after) in enumerate(pairwise(horizons), 1):
            if after < one:
                what = f"is {notation.span(after)}, after {notation.span(one)}"
                raise located([((position,), f"{what}; list them from short to long")])
        return horizons

    @model_validator(mode="after")
    def _recent_is_within_each(self) -> "BurnTier":
        if self.recent and self.recent >= self.horizons[0]:
            what = f"is {notation.span(self.recent)}, not shorter than the horizon"
            way_out = f"write less than {notation.span(self.horizons[0])}, or leave it out"
            raise located([(("recent",), f"{what}; {way_out}")])
        return self


class Burn(Section):
    """When an alert is raised, and what it breaks the burn down by."""

    fire: BurnTier = BurnTier.model_construct(rate=Fraction(10), horizons=(60, 360))
    warn: BurnTier = BurnTier.model_construct(rate=Fraction(3), horizons=(360, 1440))
    drift: BurnTier = BurnTier.model_construct(rate=Fraction(1), horizons=(1440,))
    silence: bool = True
    group_by: Annotated[
        tuple[Annotated[str, AfterValidator(_grouped)], ...],
        Distinct,
    ] = ("route", "tenant", "version", "region")


_QUIETER: Final = {"fire": "warn", "warn": "drift"}


def rates_out_of_order(burn: object) -> Iterator[tuple[Location, str]]:
    """Where a louder alert would be raised sooner than a quieter one; `burn` as laid out."""
    rates = {tier: _rate(burn, tier) for tier in ("fire", "warn", "drift")}
    written = {tier for tier in rates if _at(burn, tier) is not None}
    for loud, quiet in _QUIETER.items():
        of = {loud: rates[loud] or _default(loud), quiet: rates[quiet] or _default(quiet)}
        known = written & of.keys()
        if of[loud] >= of[quiet] or not known or any(rates[tier] is None for tier in known):
            continue
        place = loud if loud in known else quiet
        other = quiet if place == loud else loud
        side = "below" if place == loud else "above"
        whose = "" if other in known else ", its default"
        what = f"is {_x(of[place])}, {side} the {_x(of[other])} of `{other}`{whose}"
        way_out = f"write {'at least' if place == loud else 'at most'} {_x(of[other])[:-1]}"
        yield ("burn", place, "rate"), f"{what}: a {loud} must burn faster; {way_out} here"


def horizons_beyond_windows(
    burn: object, windows: Mapping[str, object]
) -> Iterator[tuple[Location, str]]:
    """Where an alert would look at more than a budget's whole window; each as laid out."""
    known = {name: span for name, window in windows.items() if (span := _window(window))}
    if not known:
        return
    name = min(known, key=lambda one: known[one])
    for tier in ("fire", "warn", "drift"):
        horizons = _at(burn, tier, "horizons")
        for position, given in enumerate(horizons if isinstance(horizons, tuple) else ()):
            if (minutes := _minutes(given)) and minutes > known[name]:
                what = f"is {given}, longer than the window of {name}"
                at_most = f"write at most {notation.span(known[name])}"
                yield ("burn", tier, "horizons", position), f"{what}; {at_most}"


def _window(given: object) -> int | None:
    unit = _at(given, "calendar")
    if isinstance(unit, str):
        return _CALENDAR.get(unit)
    return _minutes(_at(given, "rolling"))


def _default(tier: str) -> Fraction:
    return getattr(Burn(), tier).rate


def _x(rate: Fraction) -> str:
    return f"{float(rate):g}x"


def _rate(burn: object, tier: str) -> Fraction | None:
    with suppress(ValueError):
        return notation.rate(_at(burn, tier, "rate"))
    return None


def _minutes(given: object) -> int | None:
    with suppress(ValueError):
        return notation.minutes(given)
    return None


def _at(tree: object, *names: str) -> object:
    for name in names:
        tree = tree.get(name) if isinstance(tree, dict) else None
    return tree
