"""Who is worse off than the average says?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from scipy.special import bdtrc

_SURE: Final = 1e-3
_FEWEST: Final = 10
"""Requests from which one tenant's share of failures tells something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """One tenant's requests."""

    name: str
    valid: int
    bad: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """Availability as requests have it, and as those who send them have it."""

    tenants: int
    by_request: float
    by_tenant: float
    """The mean of each tenant's share of good requests, each tenant counting the same."""
    worse: tuple[Tenant, ...]
    """Those surely below the target, the most bad requests first."""

    def as_dict(self) -> dict[str, Any]:
        """The impact as JSON has it."""
        return {
            "tenants": self.tenants,
            "by_request": round(self.by_request, 6),
            "by_tenant": round(self.by_tenant, 6),
            "worse": [
                {"tenant": one.name, "valid": one.valid, "bad": one.bad} for one in self.worse
            ],
        }


def impact(rows: Sequence[tuple[str | None, int, int]], allowance: float) -> Impact | None:
    """From each tenant's valid and bad requests; None where fewer than two are named."""
    named = [Tenant(name=name, valid=valid, bad=bad) for name, valid, bad in rows if name]
    if len(named) < 2:
        return None
    valid, bad = (sum(getattr(one, what) for one in named) for what in ("valid", "bad"))
    shares = [1 - one.bad / one.valid for one in named]
    worse = [one for one in named if _is_worse(one, allowance)]
    return Impact(
        tenants=len(named),
        by_request=1 - bad / valid,
        by_tenant=sum(shares) / len(shares),
        worse=tuple(sorted(worse, key=lambda one: -one.bad)),
    )


def _is_worse(one: Tenant, allowance: float) -> bool:
    """Whether luck alone would hardly ever give a tenant on target so many bad requests."""
    if one.valid < _FEWEST or one.bad <= allowance * one.valid:
        return False
    return float(bdtrc(one.bad - 1, one.valid, allowance)) < _SURE
