"""Are committed targets kept, and are they worth keeping? Services whose true behaviour is known.

Each is fitted on 12 weeks and judged on the 13 that follow, beside two plain methods: last
quarter's ratio rounded down to a step of the grid, and the mean of its days minus two deviations.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from bench.tally import Row
from errorbudget.objective.proposal import grid
from errorbudget.objective.proposal.history import Floats, History
from errorbudget.objective.proposal.target import propose

FIT, JUDGED = 84, 91
DAYS = np.arange(FIT + JUDGED, dtype=np.float64)
Rng = np.random.Generator
Method = Callable[[History], Fraction | None]


@dataclass(frozen=True)
class Kind:
    """Services of one behaviour: requests a day, and the share that fails, by day."""

    name: str
    rate: Callable[[Rng, float], Floats]
    volume: tuple[float, float] = (3.5, 6.0)
    """Powers of ten between which the requests of a day lie."""
    weekly: bool = False


def _steady(_: Rng, share: float) -> Floats:
    return np.full(len(DAYS), share)


def _diurnal(rng: Rng, share: float) -> Floats:
    """Nights fail more often: by day that is a level that wanders a little."""
    return share * np.exp(rng.normal(0, 0.2, len(DAYS)))


def _weekly(_: Rng, share: float) -> Floats:
    return share * np.where(DAYS % 7 >= 5, 1.5, 0.8)


def _trending(_: Rng, share: float) -> Floats:
    return share * 2 ** (DAYS / 42)


def _rare(rng: Rng, share: float) -> Floats:
    """One large incident in two months or so."""
    return share + (rng.random(len(DAYS)) < 1 / 60) * 0.03 * rng.uniform(0.3, 3, len(DAYS))


def _many(rng: Rng, share: float) -> Floats:
    """A small incident each week."""
    struck = rng.random(len(DAYS)) < 0.15
    return share + 10 * share * struck * rng.exponential(1, len(DAYS))


def _broken(_: Rng, share: float) -> Floats:
    """Thirty times worse since a week before the fit ends."""
    return np.where(DAYS < FIT - 7, share / 30, share)


def _fixed(rng: Rng, share: float) -> Floats:
    """Ten times better since some week of the fit."""
    return np.where(rng.choice([42, 63, 70]) > DAYS, 10 * share, share)


KINDS = (
    Kind("steady", _steady),
    Kind("diurnal", _diurnal),
    Kind("weekly", _weekly, weekly=True),
    Kind("trending, worse", _trending),
    Kind("rare large incidents", _rare),
    Kind("many small incidents", _many),
    Kind("low volume", _steady, volume=(0.7, 2.5)),
    Kind("broken last week", _broken),
    Kind("repaired", _fixed),
)


def ours(history: History) -> Fraction | None:
    """The commit of a proposal; None where there is no meaningful budget."""
    commit = propose(history).commit
    return commit.allowance if commit else None


def rounded_down(history: History) -> Fraction | None:
    """The tightest step that the whole history kept."""
    return _loosened(history.bad.sum() / max(history.valid.sum(), 1))


def two_deviations(history: History) -> Fraction | None:
    """The tightest step within the mean of the days' shares and two deviations."""
    shares = history.bad / np.maximum(history.valid, 1)
    return _loosened(shares.mean() + 2 * shares.std())


def _loosened(share: float) -> Fraction | None:
    return next((step for step in reversed(grid.GRID) if step >= share), None)


METHODS: dict[str, Method] = {
    "ours": ours,
    "rounded down": rounded_down,
    "mean-2 sd": two_deviations,
}


@dataclass(frozen=True)
class Figures:
    """What became of the promises of one method for services of one kind."""

    promised: int
    kept: float
    low: float
    middle: float
    high: float
    too_lax: float
    """The share whose next tighter step would have been kept too; those at the volume's limit
    have no tighter step that means anything, and are left out."""
    at_limit: int


def simulate(kind: Kind, method: Method, replicas: int, seed: int = 1) -> Figures:
    """The figures of so many services."""
    rng = np.random.default_rng(seed)
    uses: list[float] = []
    lax: list[bool] = []
    for _ in range(replicas):
        valid, bad = _service(kind, rng)
        history = History(
            first_day=20_000, valid=valid[:FIT], bad=bad[:FIT], seen=np.ones(FIT, np.bool_)
        )
        allowance = method(history)
        if allowance is None:
            continue
        share = bad[FIT:].sum() / max(valid[FIT:].sum(), 1)
        uses.append(float(share / allowance))
        tighter = grid.tighter(allowance)
        if tighter and tighter * int(valid[:FIT].sum() // 3) >= grid.FEWEST:
            lax.append(share <= tighter)
    low, middle, high = np.quantile(uses, [0.1, 0.5, 0.9]) if uses else (np.nan,) * 3
    return Figures(
        promised=len(uses),
        kept=float(np.mean(np.array(uses) <= 1)),
        low=float(low),
        middle=float(middle),
        high=float(high),
        too_lax=float(np.mean(lax)) if lax else float("nan"),
        at_limit=len(uses) - len(lax),
    )


def _service(kind: Kind, rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    share, a_day = 10 ** rng.uniform(-4, -2), 10 ** rng.uniform(*kind.volume)
    usual = a_day * np.exp(rng.normal(0, 0.1, len(DAYS)))
    if kind.weekly:
        usual = usual * np.where(DAYS % 7 >= 5, 0.4, 1.24)
    valid = rng.poisson(usual)
    return valid, rng.binomial(valid, np.clip(kind.rate(rng, share), 0, 1))


def rows(replicas: int) -> Iterator[Row]:
    """Share of commits kept: ours against each plain method, with the budget used beside it."""
    for kind in KINDS:
        found = {name: simulate(kind, method, replicas) for name, method in METHODS.items()}
        mine = found.pop("ours")
        for name, other in found.items():
            note = (
                f"{name}; ours of {mine.promised}: used {mine.low:.0%}-{mine.middle:.0%}-"
                f"{mine.high:.0%}, too lax {mine.too_lax:.0%}, {mine.at_limit} at the volume's"
                f" limit; theirs: used {other.low:.0%}-{other.middle:.0%}-{other.high:.0%},"
                f" too lax {other.too_lax:.0%}"
            )
            yield f"kept, {kind.name}", mine.kept, other.kept, "", note
