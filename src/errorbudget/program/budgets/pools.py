"""The members of a pool, each watched by itself: pooled, a small one can be dead unnoticed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from errorbudget.objective.document import Burn, BurnTier, ObjectiveDocument
from errorbudget.program.budgets.part import Part

_LEAST: Final = 6 * 60
"""The shortest horizon that a member is watched over: it is in a pool because it has little."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Member(Part):
    """One service of a pool."""

    @property
    def pool(self) -> str:
        """The document whose pool it is a member of."""
        return self.owner


def members(pool: ObjectiveDocument) -> Iterator[Member]:
    """Each service of a document by itself; none of a document that speaks for one service."""
    if len(pool.services) < 2 or not pool.counts_rows:
        return
    for service in pool.services:
        alone = {"name": f"{pool.name}/{service}", "pooled": (service,), "burn": _slow(pool.burn)}
        member = pool.model_copy(update=alone)
        yield Member(key=member.name, document=member, owner=pool.name)


def _slow(burn: Burn) -> Burn:
    """The rules without horizons in which a member has too few requests to say anything."""
    tiers = {"fire": burn.fire, "warn": burn.warn, "drift": burn.drift}
    return burn.model_copy(update={name: _slower(tier) for name, tier in tiers.items()})


def _slower(tier: BurnTier) -> BurnTier:
    long = tuple(minutes for minutes in tier.horizons if minutes >= _LEAST)
    return tier.model_copy(update={"horizons": long or (_LEAST,)})
