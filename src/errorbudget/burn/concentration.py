"""Who is it: one tenant or all of them, and do they send more than usual or fail more?"""

from dataclasses import asdict, dataclass
from math import log
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from errorbudget.burn.breakdown import Floats, Slices, Sums
from errorbudget.objective.notation import digits

CONCENTRATED: Final = 0.5
"""From this share of the excess on, one tenant is who it is about."""

FLOOD: Final = 3.0
"""A tenant that sends so many times what it usually does is flooding."""

CHANCE: Final = 0.01
"""How often a tenant that fails as usual may be counted among those that fail more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concentration:
    """How the excess lies among tenants; shares are None where there is no excess."""

    tenants: int
    """With requests in the burn."""
    top_tenant: str | None
    top_share: float | None
    """Of the excess, as a place's share is; of that of the tenants that fail more than usual, where
    others fail so much less that the whole would say nothing."""
    effective_tenants: float | None
    """As many tenants with equal shares would be as concentrated (inverse Herfindahl index)."""
    elevated_share: float | None
    """Of the tenants, those who surely fail more than usual."""
    top_volume: float | None
    """How many times its usual requests the top tenant sends; None when it never sent any."""
    sentence: str

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as printed."""
        return asdict(self)


def concentration(of: Slices, allowance: float, usual: float) -> Concentration:
    """Who has the excess; `usual` is how many requests usually come in the time of the burn.

    `allowance` is the share of requests that may fail, above 0.
    """
    named = np.array([bool(value) for value in of.values], np.bool_)
    here = named & (of.sums.valid > 0)
    sums, tenants = of.sums.take(np.flatnonzero(here)), int(here.sum())
    if not tenants:
        some = of.sums.valid.any()
        return _nobody(0, "The requests name no tenant." if some else "No valid request came.")
    expected = sums.expected(of.sums.usual(allowance))
    beyond = np.maximum(sums.bad - expected, 0.0)
    if beyond.sum() <= 0:
        return _nobody(tenants, f"None of {tenants:,} tenants fails more than usual.")
    shares = beyond / beyond.sum()
    top = int(np.argmax(shares))
    elevated = int(_elevated(sums, expected).sum())
    who = of.values[int(np.flatnonzero(here)[top])]
    share = _share_of_all(of.sums, beyond, top, allowance)
    volume = _volume(of.sums, sums, top, usual)
    spread = float(1 / np.square(shares).sum())
    return Concentration(
        tenants=tenants,
        top_tenant=who,
        top_share=share,
        effective_tenants=spread,
        elevated_share=elevated / tenants,
        top_volume=volume,
        sentence=_sentence(who, share, volume, (spread, elevated, tenants)),
    )


def _share_of_all(whole: Sums, beyond: Floats, top: int, allowance: float) -> float:
    """One tenant's part of what fails beyond the usual, counted as the places' shares are."""
    excess = float(whole.bad.sum() - whole.total().expected(whole.usual(allowance))[0])
    rising = float(beyond.sum())
    return min(float(beyond[top]) / (excess if 2 * excess >= rising else rising), 1.0)


def _elevated(sums: Sums, expected: Floats) -> NDArray[np.bool_]:
    ratio = np.maximum(sums.bad, 1) / expected
    evidence = np.where(sums.bad > expected, sums.bad * np.log(ratio) + expected - sums.bad, 0.0)
    return evidence > -log(CHANCE)


def _volume(all_of: Sums, sums: Sums, top: int, usual: float) -> float | None:
    """Requests of one tenant against its share of what usually comes at this time."""
    before = int(all_of.valid_before.sum())
    own = int(sums.valid_before[top])
    if not own or not before or usual <= 0:
        return None
    return float(sums.valid[top] / (own / before * usual))


def _sentence(who: str, share: float, volume: float | None, among: tuple[float, int, int]) -> str:
    spread, elevated, tenants = among
    if not elevated and tenants > 1 and (volume or 0) < FLOOD:
        return (
            f"None of {tenants:,} tenants surely fails more than usual; the largest part of what is"
            f" beyond it, {share:.0%}, is {who}'s."
        )
    if share < CONCENTRATED:
        return (
            f"Spread: {elevated:,} of {tenants:,} tenants fail more than usual, as if"
            f" {spread:,.0f} shared the excess equally; the largest, {who}, has {share:.0%}."
        )
    if tenants == 1:
        told = f"The only tenant is {who}"
    else:
        told = f"Concentrated: {share:.0%} of the excess is one tenant of {tenants:,}, {who}"
    if volume is None:
        return f"{told}, which sent nothing before."
    if volume >= FLOOD:
        return (
            f"{told}, which sends {volume:,.0f} times its usual requests: a flood, to scale for or"
            " to limit; a rollback would not help."
        )
    return f"{told}; it sends {digits(volume, 2)} times its usual requests."


def _nobody(tenants: int, sentence: str) -> Concentration:
    return Concentration(
        tenants=tenants,
        top_tenant=None,
        top_share=None,
        effective_tenants=None,
        elevated_share=None,
        top_volume=None,
        sentence=sentence,
    )
