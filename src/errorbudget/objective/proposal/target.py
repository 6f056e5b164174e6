"""Which target may a service commit to, and which one should it reach for?

The commit gates releases and wakes people; the stretch is reported beside it, with the work that
separates the two by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final, Literal

import numpy as np

from errorbudget.objective.notation import as_percent
from errorbudget.objective.proposal import grid
from errorbudget.objective.proposal.caps import NO_CAPS, Caps
from errorbudget.objective.proposal.history import Floats, History
from errorbudget.objective.proposal.regime import Present, present
from errorbudget.objective.proposal.windows import Rates, rates

WINDOWS: Final = (28, 90)
"""Days of the windows that are tried: whole weeks first, a quarter where traffic is low."""
SURE: Final = Fraction(9, 10)
"""The share of windows that must keep a target before anybody commits to it."""
STABLE: Final = 0.6
"""The share of resampled histories that must lead to the same target."""
SEED: Final = 28

Limited = Literal["volume", "grid", "cap"]
"""Too few requests; the end of the grid; what people know of dependencies and contracts."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contribution:
    """Bad requests that share a cause: of one incident, of a class of them, of one route."""

    name: str
    bad: Floats
    """Of each day of the history."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One allowance against the windows there were, and against those that could have been."""

    allowance: Fraction
    windows: int
    kept: int
    """Past windows within budget."""
    resampled: float
    """The share of resampled windows within budget."""
    median_use: float
    """The share of the budget used in the middle one of the windows."""
    bad_use: float
    """In the worst of ten."""
    low: float
    """The share of windows that end with less than a quarter of the budget left."""
    last: float
    """The share that end with less than a tenth of it left."""

    @property
    def target(self) -> str:
        """As the document writes it."""
        return str(grid.target(self.allowance))

    @property
    def is_sure(self) -> bool:
        """Whether both past and resampled windows keep it nine times in ten."""
        return self.kept >= SURE * self.windows and self.resampled >= SURE

    def as_dict(self) -> dict[str, Any]:
        """The candidate as JSON has it."""
        return {
            "target": self.target,
            "allowance": f"{float(self.allowance):.6f}".rstrip("0"),
            "windows": self.windows,
            "kept": self.kept,
            "resampled": round(self.resampled, 3),
            "median_use": round(self.median_use, 3),
            "bad_use": round(self.bad_use, 3),
            "below_a_quarter": round(self.low, 3),
            "below_a_tenth": round(self.last, 3),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What separates the stretch from the commit."""

    name: str
    enough: bool
    """Whether the stretch would be kept without it."""
    kept: int
    """Past windows that would have kept the stretch without it."""
    windows: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Proposal:
    """A target and its window, or why there is none."""

    caps: Caps
    window: int
    """Days."""
    requests: int
    """Of a usual window."""
    present: Present
    rates: Rates
    candidates: tuple[Candidate, ...] = ()
    """Loosest first."""
    commit: Candidate | None = None
    stretch: Candidate | None = None
    work: Work | None = None
    limited_by: Limited | None = None
    """Why nothing tighter is proposed though history would keep it."""
    stability: float = 0.0
    """The share of resampled histories that lead to this commit."""
    between: tuple[str, str] | None = None
    """The loosest and the tightest target that resampled histories lead to, one in ten aside."""
    set_aside_use: float | None = None
    """The share of the commit's budget that the days set aside used."""
    doubts: tuple[str, ...] = field(default=())
    """What weakens the proposal, in sentences."""

    @property
    def is_stable(self) -> bool:
        """Whether another sample of the same history would most likely say the same."""
        return self.stability >= STABLE


def propose(
    history: History,
    contributions: Sequence[Contribution] = (),
    *,
    caps: Caps = NO_CAPS,
    seed: int = SEED,
) -> Proposal:
    """The tightest target that nine of ten windows keep, and the next one to reach for."""
    now = present(history)
    window, usual = _window(history.whole[now.start :])
    found = rates(now.valid, now.bad, window, seed=seed)
    some = caps.allow(grid.within_volume(usual))
    plain = Proposal(caps=caps, window=window, requests=int(usual), present=now, rates=found)
    if not some or not now.valid.sum():
        return plain
    candidates = tuple(_candidate(found, allowance) for allowance in some)
    commit = next((one for one in reversed(candidates) if _all_sure(candidates, one)), None)
    if commit is None:
        return _with(plain, candidates=candidates)
    chosen = _chosen(found, some)
    stretch, limited = _stretch(found, commit, candidates, caps)
    return _with(
        plain,
        candidates=candidates,
        commit=commit,
        stretch=stretch,
        limited_by=limited,
        work=_work(history, now, stretch, contributions, window, seed) if stretch else None,
        stability=float((chosen == some.index(commit.allowance)).mean()),
        between=_between(chosen, some, commit),
        set_aside_use=_set_aside_use(history, now, commit, usual),
    )


def _with(plain: Proposal, **more: Any) -> Proposal:
    from dataclasses import replace

    return replace(plain, **more)


def _window(valid: Floats) -> tuple[int, float]:
    """The shortest window with enough requests to mean something, else the longest."""
    usual = 0.0
    for days in WINDOWS:
        usual = usual_requests(valid, days)
        if grid.within_volume(usual):
            return days, usual
    return WINDOWS[-1], usual


def usual_requests(valid: Floats, days: int) -> float:
    """The median of past windows; of a history shorter than one, its daily mean so often."""
    if not len(valid):
        return 0.0
    if len(valid) < days:
        return float(valid.mean() * days)
    return float(np.median(np.convolve(valid, np.ones(days), "valid")))


def _candidate(found: Rates, allowance: Fraction) -> Candidate:
    past, resampled = found.use(allowance)
    seen = past if past.size else resampled.ravel()
    return Candidate(
        allowance=allowance,
        windows=past.size,
        kept=int((past <= 1).sum()),
        resampled=float((resampled <= 1).mean()),
        median_use=float(np.median(seen)),
        bad_use=float(np.quantile(seen, 0.9)),
        low=float((seen > 0.75).mean()),
        last=float((seen > 0.9).mean()),
    )


def _all_sure(candidates: Sequence[Candidate], one: Candidate) -> bool:
    """A target is only kept where every looser one is."""
    return all(other.is_sure for other in candidates if other.allowance >= one.allowance)


def _chosen(found: Rates, some: Sequence[Fraction]) -> Floats:
    """Which allowance each resampled history leads to; −1 where none is kept."""
    kept = np.array([(found.use(one)[1] <= 1).mean(axis=1) >= SURE for one in some])
    return np.logical_and.accumulate(kept, axis=0).sum(axis=0) - 1


def _between(chosen: Floats, some: Sequence[Fraction], commit: Candidate) -> tuple[str, str] | None:
    low, high = (int(np.quantile(chosen, q, method="nearest")) for q in (0.1, 0.9))
    place = some.index(commit.allowance)
    low, high = min(max(low, 0), place), max(high, place)
    if low == high:
        return None
    return str(grid.target(some[low])), str(grid.target(some[high]))


def _stretch(
    found: Rates, commit: Candidate, candidates: Sequence[Candidate], caps: Caps
) -> tuple[Candidate | None, Limited | None]:
    allowance = grid.tighter(commit.allowance)
    if allowance is None:
        return None, "grid"
    if caps.why(allowance):
        return None, "cap"
    stretch = _candidate(found, allowance)
    if commit is candidates[-1]:
        return None if stretch.is_sure else stretch, "volume"
    return stretch, None


def _work(
    history: History,
    now: Present,
    stretch: Candidate,
    contributions: Sequence[Contribution],
    window: int,
    seed: int,
) -> Work | None:
    """The contribution whose end brings the stretch nearest; the smallest that is enough."""
    tried: list[tuple[bool, float, float, Work]] = []
    for one in contributions:
        without = np.maximum(history.bad - one.bad, 0) * history.seen
        bad = without[now.start :] * now.weight
        after = _candidate(rates(now.valid, bad, window, seed=seed), stretch.allowance)
        work = Work(name=one.name, enough=after.is_sure, kept=after.kept, windows=after.windows)
        size = float(one.bad[now.start :].sum())
        tried.append((after.is_sure, -size if after.is_sure else after.resampled, size, work))
    gained = [one for one in tried if one[0] or one[1] > stretch.resampled]
    return max(gained, key=lambda one: one[:3])[3] if gained else None


def _set_aside_use(history: History, now: Present, commit: Candidate, usual: float) -> float | None:
    aside = now.set_aside
    if aside is None or not usual:
        return None
    inside = slice(aside.first, aside.first + aside.days)
    return float(history.bad[inside].sum() / (float(commit.allowance) * usual))


def in_words(share: Fraction) -> str:
    """A share of requests as a percentage."""
    return as_percent(share)
