"""What may still ship? What is left of a budget, told as how many more changes fit into it.

A change fails with a chance learnt from those before it, and costs then what failed ones cost.
Drawn 4,000 times: the number that fits in eight of ten draws is safe to count on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SURE: Final = 0.8
"""How often so many changes must fit for the number to be told."""
DRAWS: Final = 4_000
MOST: Final = 300
"""Changes that are counted at most: beyond, there is enough for every one that is planned."""
LEARNT: Final = 20
"""Changes from which on a history says more than what is assumed of any."""
_PRIOR: Final = 10.0
_PRIOR_FAILURES: Final = 1.0
"""Before anything is known one change in ten fails."""
_COSTS: Final = 10
"""Costs of failures that are drawn from at least: a class with fewer borrows from the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How many more changes of one class fit into what is left."""

    risk: str
    changes: int
    """Of this class, that it was learnt from."""
    failures: int
    fits: int
    """So many fit with 80 % confidence."""
    capped: bool
    """Whether more fit than are counted."""
    exhausts: float
    """The chance that the next one alone takes all that is left."""
    mean_cost: float
    """Of a failed one, as a share of the budget."""

    @property
    def assumed(self) -> bool:
        """Whether too few changes were seen for it to be more than an assumption."""
        return self.changes < LEARNT

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as printed."""
        return {
            "risk": self.risk,
            "changes": self.changes,
            "failures": self.failures,
            "fits": self.fits,
            "capped": self.capped,
            "exhausts": self.exhausts,
            "mean_cost": self.mean_cost,
            "assumed": self.assumed,
        }


def rooms(
    costs: Mapping[str, Sequence[float]],
    *,
    remaining: float,
    background: float,
    unseen: float,
    most: int = MOST,
) -> list[Room]:
    """For each class of changes, how many more fit; the same values give the same answer.

    `costs` are shares of the budget, by class, of every change before, 0 where it did no harm.
    `background` is what will go without any change until the window ends; `unseen` is what a
    failure is taken to cost where none was ever seen.
    """
    left = remaining - background
    return [
        _room(
            risk,
            [*own],
            [cost for other, some in costs.items() if other != risk for cost in some],
            unseen=unseen,
            left=left,
            most=most,
        )
        for risk, own in costs.items()
    ]


def _room(
    risk: str, own: list[float], peers: list[float], *, unseen: float, left: float, most: int
) -> Room:
    random = np.random.default_rng(len(own))
    mine, theirs = ([cost for cost in some if cost > 0] for some in (own, peers))
    among = np.array((mine if len(mine) >= _COSTS else mine + theirs) or [unseen])
    usually = (_PRIOR_FAILURES + len(theirs)) / (_PRIOR + len(peers))
    chance = random.beta(
        _PRIOR * usually + len(mine), _PRIOR * (1 - usually) + len(own) - len(mine), size=DRAWS
    )
    fails = random.random((DRAWS, most)) < chance[:, None]
    spent = np.cumsum(fails * random.choice(among, (DRAWS, most)), axis=1)
    fit = (spent <= left).sum(axis=1) if left > 0 else np.zeros(DRAWS, np.int64)
    fits = int(np.quantile(fit, 1 - SURE, method="lower"))
    return Room(
        risk=risk,
        changes=len(own),
        failures=len(mine),
        fits=fits,
        capped=fits >= most,
        exhausts=float((fit < 1).mean()),
        mean_cost=float(among.mean()),
    )
