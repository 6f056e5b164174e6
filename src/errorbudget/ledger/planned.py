"""What would a planned dependency or feature cost a budget, and how good would it have to be?"""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """Something that a share of the requests will go through."""

    availability: Fraction
    """The share of its calls that work."""
    share: Fraction
    """The share of the service's requests that need it."""
    calls: int = 1
    """Made by one such request, which fails with any of them."""
    retries: int = 0
    """Of a call that failed."""
    fallback: Fraction = Fraction(0)
    """The share of requests that are served well enough without it."""

    @property
    def failing(self) -> Fraction:
        """The share of such requests that fail when calls and retries fail independently."""
        call = (1 - self.availability) ** (self.retries + 1)
        return (1 - (1 - call) ** self.calls) * (1 - self.fallback)

    @property
    def failing_range(self) -> tuple[Fraction, Fraction]:
        """The same at best and at worst, however calls and retries hang together.

        At best the calls of a request fail together and retries are independent; at worst no two
        calls fail together and a retry fails as its call did (the union bound).
        """
        lost, served = 1 - self.availability, 1 - self.fallback
        return lost ** (self.retries + 1) * served, min(Fraction(1), lost * self.calls) * served


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What it takes from a budget; shares of the requests, and of the budget."""

    added: Fraction
    """The share of all requests that would turn bad."""
    added_range: tuple[Fraction, Fraction]
    share: Fraction
    """Of the budget; 1 is all of it."""
    share_range: tuple[Fraction, Fraction]
    used: Fraction | None
    """Of the budget, without it; None without data."""
    used_after: Fraction | None
    needed_availability: Fraction | None
    """What it would have to have, retries not counted on; None when nothing is left for it."""
    needed_target: Fraction | None
    """The highest target that the service could keep with it; None without data."""

    @property
    def fits(self) -> bool | None:
        """Whether the budget would bear it; None without data."""
        return None if self.used_after is None else self.used_after <= 1


def cost(planned: Planned, *, allowance: Fraction, bad: int, valid: int) -> Cost:
    """The cost to a budget that allows a share `allowance`, where `bad` of `valid` are bad today.

    A request that is bad today is not lost again, so only the others are counted.
    """
    today = Fraction(bad, valid) if valid else None
    exposed = planned.share * (1 - (today or 0))
    low, high = (exposed * failing for failing in planned.failing_range)
    added = exposed * planned.failing
    return Cost(
        added=added,
        added_range=(low, high),
        share=added / allowance,
        share_range=(low / allowance, high / allowance),
        used=None if today is None else today / allowance,
        used_after=None if today is None else (today + added) / allowance,
        needed_availability=_needed(planned, allowance - (today or 0), exposed),
        needed_target=None if today is None else 1 - today - added,
    )


def _needed(planned: Planned, left: Fraction, exposed: Fraction) -> Fraction | None:
    if left <= 0:
        return None
    most = exposed * planned.calls * (1 - planned.fallback)
    return max(Fraction(0), 1 - left / most) if most else Fraction(0)
