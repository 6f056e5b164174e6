"""What does a person see of a burn: rate, certainty, why it fires, when the budget ends?"""

from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from errorbudget.burn.rate import Floats, Mask
from errorbudget.objective.notation import digits, span


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One horizon's burn; no requests, no rate."""

    horizon: str
    minutes: int
    valid: int
    bad: int
    rate: float | None
    shown_rate: float | None
    """Shrunk towards 1x by one expected failure, so that one bad request is not 100x."""
    interval: tuple[float, float] | None
    """Where the rate lies nine times in ten."""

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as printed."""
        return asdict(self)


def shown(minutes: int, valid: int, bad: int, allowance: Fraction) -> Shown:
    """The burn of `bad` of `valid` over so many minutes, for people."""
    nothing = Shown(
        horizon=span(minutes),
        minutes=minutes,
        valid=valid,
        bad=bad,
        rate=None,
        shown_rate=None,
        interval=None,
    )
    if not valid:
        return nothing
    from scipy.special import gammaincinv

    allowed = float(valid * allowance)
    low, high = (float(gammaincinv(bad + 1, q)) / (allowed + 1) for q in (0.05, 0.95))
    return replace(
        nothing,
        rate=float(Fraction(bad, valid) / allowance),
        shown_rate=(bad + 1) / (allowed + 1),
        interval=(low, high),
    )


def reason(minutes: int, valid: int, bad: int, allowance: Fraction, chance: float) -> str:
    """Why a burn is one: effect, then how rarely a service on budget shows such a window."""
    rate = float(Fraction(bad, valid) / allowance)
    noun = "hours" if minutes == 60 else f"windows of {span(minutes)}"
    return (
        f"{bad:,} of {valid:,} requests failed in {span(minutes)} = {digits(rate)}x; "
        f"on budget this happens in {_percent(chance)} of {noun}"
    )


def _percent(chance: float) -> str:
    if chance < 1e-9:
        return "less than 0.0000001 %"
    digits = f"{100 * chance:.10f}" if chance < 1e-5 else f"{100 * chance:.7f}"
    whole, _, rest = digits.partition(".")
    zeros = len(rest) - len(rest.lstrip("0")) if whole == "0" else 0
    return f"{float(digits):.{zeros + 1}f} %"


def silence_reason(minutes: int, valid: int, expected: float) -> str:
    """Why traffic is missed."""
    return (
        f"{valid:,} requests came in {span(minutes)}; about {expected:,.0f} are usual at this time"
    )


def exhausts_in(remaining: Floats, length: Floats, rate: Floats) -> Floats:
    """Minutes until the budget is spent at this rate, infinite at 0x and 0 once spent.

    `remaining` is a share, `length` the window's: a whole budget lasts length / rate.
    """
    left = remaining.clip(min=0) * length
    return _divide(left, rate)


def sustainable(remaining: Floats, length: Floats, left: Floats) -> Floats:
    """The rate at which the rest of the budget lasts exactly the `left` minutes of its window."""
    return _divide(remaining.clip(min=0) * length, left)


def relative(rate: Floats, remaining: Floats, length: Floats, left: Floats) -> Floats:
    """How many times the sustainable rate this is; infinite when nothing is left to burn."""
    return _divide(rate, sustainable(remaining, length, left))


def pressing(rate: Floats, remaining: Floats, length: Floats, left: Floats) -> Mask:
    """Whether a drift at this rate spends what remains before the window ends."""
    return (remaining > 0) & (exhausts_in(remaining, length, rate) < left)


def _divide(above: Floats, below: Floats) -> Floats:
    infinite = np.where(above > 0, np.inf, 0.0)
    return np.divide(above, below, out=infinite, where=below > 0)
