"""What does a book keep accounts of? Documents, and, beside a pool, each of its members."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from errorbudget.objective.document import Burn, BurnTier, ObjectiveDocument
from errorbudget.objective.indicator import Indicator, requests
from errorbudget.program.counting import Counted, count_again
from errorbudget.program.held import Days
from errorbudget.program.objectives import indicators
from errorbudget.source import Liveness, Source

_LEAST: Final = 6 * 60
"""The shortest horizon that a member is watched over: it is in a pool because it has little."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """Objectives whose requests are counted, seen and heard together."""

    key: str
    """Tells it apart in a book and across restarts: a document's name, or one below it."""
    document: ObjectiveDocument
    """As it is shown and watched."""
    owner: str
    """The document that promises it."""

    @property
    def is_whole(self) -> bool:
        """Whether it is all of a document's own objectives."""
        return self.key == self.owner

    @property
    def pool(self) -> str:
        """The document whose pool it is a member of; empty where it is no member."""
        return "" if self.is_whole else self.owner

    @property
    def services(self) -> tuple[str, ...]:
        """Whose requests its counts depend on."""
        return self.document.services

    @property
    def indicators(self) -> Mapping[str, Indicator]:
        """What each objective counts."""
        return indicators(self.document)

    def count(self, source: Source, tallies: Days, seen: int | None) -> Counted:
        """Bring its tallies up to date, since the batch `seen`."""
        return count_again(source, tallies, list(self.indicators.values()), seen=seen)

    def liveness(self, source: Source) -> Liveness:
        """When its requests could be seen."""
        return source.liveness(requests(self.document))


def whole(document: ObjectiveDocument) -> Part:
    """All of a document's own objectives."""
    return Part(key=document.name, document=document, owner=document.name)


def parts(documents: Sequence[ObjectiveDocument]) -> list[Part]:
    """What is watched beside these documents' own objectives."""
    names = {document.name for document in documents}
    found = (part for document in documents for part in _members(document))
    return [part for part in found if part.key not in names]


def _members(pool: ObjectiveDocument) -> Iterator[Part]:
    """Each service of a pool by itself: pooled, a small one can be dead unnoticed."""
    if len(pool.services) < 2 or pool.requests.source != "warehouse":
        return
    for service in pool.services:
        alone = {"name": f"{pool.name}/{service}", "pooled": (service,), "burn": _slow(pool.burn)}
        member = pool.model_copy(update=alone)
        yield Part(key=member.name, document=member, owner=pool.name)


def _slow(burn: Burn) -> Burn:
    """The rules without horizons in which a member has too few requests to say anything."""
    tiers = {"fire": burn.fire, "warn": burn.warn, "drift": burn.drift}
    return burn.model_copy(update={name: _slower(tier) for name, tier in tiers.items()})


def _slower(tier: BurnTier) -> BurnTier:
    long = tuple(minutes for minutes in tier.horizons if minutes >= _LEAST)
    return tier.model_copy(update={"horizons": long or (_LEAST,)})
