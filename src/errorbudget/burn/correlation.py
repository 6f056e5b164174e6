"""Which change coincides with the burn? Ranked by evidence, and "none" when none does.

Three kinds of evidence: when the change rolled out against when the burn began; the same minutes
split by version, where versions overlap, stratified by minute and route so that neither traffic nor
a shared trouble passes for a bad version (https://doi.org/10.1093/jnci/22.4.719); and what as many
other moments of the hours before look like. Evidence, never a cause.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errorbudget.burn.onset import Onset
from errorbudget.burn.rate import Floats, Ints
from errorbudget.change import Change
from errorbudget.ledger.window import minute_floor, moment, short
from errorbudget.objective.notation import digits

SETTLE = timedelta(minutes=5)
"""How long after a rollout its effect may take to show."""
SLACK = timedelta(minutes=1)
"""How far clocks of those who deploy and those who serve may lie apart."""
AROUND = 10
"""Minutes before and after a moment that are compared."""
TELLING = 3.0
"""Nats from which the split by version counts as evidence, for or against."""
CONCLUSIVE = 10.0
"""Nats from which it stands even where times do not meet."""
MOSTLY = 0.5
"""Share of the bad requests that a service must have taken part in to be in their path."""
_MOST = 50.0
_TAKEN_OVER = 0.9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Split:
    """Counts by minute, version and route: one row each, in any order."""

    minute: Ints
    version: NDArray[np.object_]
    route: NDArray[np.object_]
    valid: Ints
    bad: Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """Valid and bad requests of every minute from `start` on, a while before the burn included."""

    start: int
    valid: Ints
    bad: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How many requests of the burn another service took part in, told by their trace ids."""

    bad: int
    of_bad: int
    good: int
    of_good: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """One change, and what is known of the requests it could have touched."""

    change: Change
    split: Split | None = None
    """By the version of the service that was changed; None where nothing names versions."""
    way: Way | None = None
    """None: the change is to the burning service itself."""
    served: bool | None = None
    """Whether its version served any request of the burn; None where that cannot be told."""
    recorded: bool = True
    """False: nobody recorded it, but a version was first seen serving then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coincidence:
    """One change and the evidence for and against its having to do with the burn."""

    change: Change
    fits: bool
    evidence: tuple[str, ...]
    score: float
    """Nats for it; only the order means anything."""

    def as_dict(self) -> dict[str, Any]:
        """The change as JSON has it: `change` is its id, the rest of it stands beside."""
        told = self.change.as_dict()
        return {
            "change": told.pop("id"),
            "fits": self.fits,
            "evidence": list(self.evidence),
            **told,
        }


def correlate(
    candidates: Sequence[Candidate], began: Onset | None, series: Series
) -> list[Coincidence]:
    """Every change with its evidence, best first; those that fit before those that do not."""
    told = [_weigh(one, began, series) for one in candidates]
    latest = sorted(told, key=lambda one: one.change.started_at, reverse=True)
    return sorted(latest, key=lambda one: (not one.fits, -one.score))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Evidence:
    says: str
    score: float
    fits: bool | None
    """None: neither for nor against."""


def _weigh(of: Candidate, began: Onset | None, series: Series) -> Coincidence:
    versions = _versions(of, began)
    times = _times(of, began)
    found = [times, *versions, *_absent(of), *_placebos(of, series, began), *_way(of)]
    conclusive = any(one.score >= CONCLUSIVE for one in versions) and _was_before(of, began)
    fits = (times.fits or conclusive) and not any(one.fits is False for one in found[1:])
    told = sorted(found[1:], key=lambda one: -abs(one.score))
    if conclusive and not times.fits:
        told.append(times)
    else:
        told.insert(0, times)
    return Coincidence(
        change=of.change,
        fits=bool(fits),
        evidence=tuple(one.says for one in told),
        score=sum(one.score for one in found),
    )


def _rollout(of: Candidate) -> tuple[datetime, datetime]:
    """From when to when it rolled out, which its version's share of requests tells if nobody did.

    Where nothing tells, it lasts a moment.
    """
    began = of.change.started_at
    ended = of.change.finished_at
    if ended is None and of.split is not None and of.way is None:
        ended = _taken_over(of.split, of.change.version, minute_floor(began))
    return began, max(began, ended or began)


def _taken_over(split: Split, version: str, since: int) -> datetime | None:
    """When nine requests in ten were the version's; the last minute known if they never were."""
    after = split.minute >= since
    if not (after & (split.version == version)).any():
        return None
    minute = split.minute[after] - since
    its = np.where(split.version[after] == version, split.valid[after], 0)
    share = np.bincount(minute, weights=its) / np.maximum(
        np.bincount(minute, split.valid[after]), 1
    )
    most = np.flatnonzero(share >= _TAKEN_OVER)
    return moment(since + int(most[0] if most.size else minute.max()) + 1)


def _was_before(of: Candidate, began: Onset | None) -> bool:
    return began is not None and of.change.started_at <= began.latest + SLACK


def _times(of: Candidate, began: Onset | None) -> _Evidence:
    """When it rolled out, against when the burn began."""
    start, end = _rollout(of)
    rolled = _rolled(of, start, end, start if began is None else began.at)
    if began is None:
        return _Evidence(says=f"{rolled}; when the burn began is not known", score=0, fits=False)
    apart = max(start - began.at, began.at - end, timedelta(0))
    scale = max(timedelta(minutes=1), (began.latest - began.earliest) / 4)
    score = 1 - float(np.hypot(1, apart / scale))
    then = f"{began.what} at {began.at:%H:%M}"
    if start > began.latest + SLACK:
        says = f"{rolled}, {_span(start - began.at)} after {then}"
        return _Evidence(says=says, score=score, fits=False)
    if end + SETTLE < began.earliest:
        says = f"{rolled}, {_span(began.at - end)} before {then}"
        return _Evidence(says=says, score=score, fits=False)
    says = f"{rolled}, which coincides with {began.named} at {began.at:%H:%M} ({began.within})"
    return _Evidence(says=says, score=score, fits=True)


def _rolled(of: Candidate, start: datetime, end: datetime, beside: datetime) -> str:
    """When it rolled out, with the date where that is another day than the moment `beside`."""
    since, until = short(start, beside), short(end, start)
    if of.recorded:
        return f"rolled out {since}–{until}" if end > start else f"it was recorded at {since}"
    until = f", and nearly all by {until}" if end > start else ""
    return f"no change was recorded; {of.change.version} first served at {since}{until}"


def _versions(of: Candidate, began: Onset | None) -> list[_Evidence]:
    """The same minutes of the burn split by version: is the new one worse, and the old one well?"""
    if of.split is None or began is None:
        return []
    pairs = _Pairs.of(of.split, of.change.version, began)
    if pairs is None:
        return []
    likelihood = pairs.likelihood()
    new, old = _of(pairs.new), _of(pairs.old)
    version, ratio = of.change.version, pairs.ratio()
    where = f"in the same minutes and routes {new} on {version} were bad, {old} on other versions"
    score = float(np.clip(likelihood, -_MOST, _MOST))
    if likelihood >= TELLING:
        return [_Evidence(says=f"{where}: {ratio}", score=score, fits=True)]
    if likelihood <= -TELLING:
        before = f", and {_of(pairs.before)} before" if pairs.before[1] else ""
        says = f"{where}{before}: other versions fail as well, which speaks against it"
        return [_Evidence(says=says, score=score, fits=False)]
    return [_Evidence(says=f"{where}: too few to tell versions apart", score=score, fits=None)]


def _absent(of: Candidate) -> list[_Evidence]:
    """A version that served nothing has made nothing fail."""
    if of.served is not False:
        return []
    says = f"no request of the burn was served by {of.change.version}"
    return [_Evidence(says=says, score=-TELLING, fits=False)]


def _placebos(of: Candidate, series: Series, began: Onset | None) -> list[_Evidence]:
    """How much more fails after it than before, against other moments when nothing changed."""
    start, end = (minute_floor(edge) for edge in _rollout(of))
    valid, bad = (np.concatenate([[0], np.cumsum(each)]) for each in (series.valid, series.bad))
    last = series.valid.size
    first_after, before = end - series.start, start - series.start
    if began is None or began.silence or before < AROUND or first_after + AROUND > last:
        return []
    calm = min(minute_floor(began.earliest), start) - series.start - AROUND
    moments = np.arange(AROUND, calm)
    if moments.size < AROUND:
        return []
    (rise,) = _rises(valid, bad, np.array([before]), np.array([first_after]))
    rises = _rises(valid, bad, moments, moments)
    higher = int((rises >= rise).sum())
    after_bad, after_valid = (
        int(each[first_after + AROUND] - each[first_after]) for each in (bad, valid)
    )
    before_bad, before_valid = (int(each[before] - each[before - AROUND]) for each in (bad, valid))
    says = (
        f"{_of((after_bad, after_valid))} were bad in the {AROUND} minutes after it and "
        f"{_of((before_bad, before_valid))} in those before"
    )
    if rise > 0:
        others = f"{higher:,} of {moments.size:,} other moments before the burn"
        says += f"; {others} show such a rise"
    score = float(-np.log((higher + 1) / (moments.size + 1))) if rise > 0 else -1.0
    return [_Evidence(says=says, score=min(score, TELLING) / 2, fits=None)]


def _way(of: Candidate) -> list[_Evidence]:
    """Whether the service it changed took part in the requests that are bad."""
    way = of.way
    if way is None or not way.of_bad:
        return []
    bad, good = way.bad / way.of_bad, way.good / max(way.of_good, 1)
    says = (
        f"{of.change.service} took part in {_of((way.bad, way.of_bad))} bad requests and in "
        f"{_of((way.good, way.of_good))} good ones"
    )
    score = float(np.log((bad + 0.01) / (good + 0.01))) - 1
    return [_Evidence(says=says, score=score, fits=None if bad >= MOSTLY else False)]


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """The strata (a minute and a route) of the burn in which a version and others served."""

    bad_new: Floats
    valid_new: Floats
    bad_old: Floats
    valid_old: Floats
    before: tuple[int, int]
    """Bad and valid requests before the burn, whatever the version."""

    @classmethod
    def of(cls, split: Split, version: str, began: Onset) -> "_Pairs | None":
        """None where no stratum has both."""
        first, end = minute_floor(began.earliest), minute_floor(began.until)
        during = (split.minute >= first) & (split.minute < end)
        keys = np.array([f"{m} {r}" for m, r in zip(split.minute, split.route, strict=True)])
        strata, at = np.unique(keys[during], return_inverse=True)
        new = split.version[during] == version
        columns = [
            np.bincount(at, weights=np.where(which, counts[during], 0), minlength=strata.size)
            for which in (new, ~new)
            for counts in (split.bad, split.valid)
        ]
        both = (columns[1] > 0) & (columns[3] > 0)
        if not both.any():
            return None
        early = split.minute < first
        before = int(split.bad[early].sum()), int(split.valid[early].sum())
        return cls(*(column[both].astype(float) for column in columns), before=before)

    @property
    def new(self) -> tuple[int, int]:
        return int(self.bad_new.sum()), int(self.valid_new.sum())

    @property
    def old(self) -> tuple[int, int]:
        return int(self.bad_old.sum()), int(self.valid_old.sum())

    def likelihood(self) -> float:
        """Nats by which "only this version got worse" explains who failed better than "all did".

        Given that one of a stratum's requests was bad, it was the new version's with probability
        n₁/n if all fail alike, and n₁p₁/(n₁p₁ + n₀p₀) if only the new one does
        (https://arxiv.org/abs/2011.03567). p₀ is the rate before the burn, p₁ the version's own.
        """
        usual = (self.before[0] + 0.5) / (self.before[1] + 1)
        worse = max((self.new[0] + 0.5) / (self.new[1] + 1), self._all() * 1.5, usual * 1.5)
        fair = self.valid_new / (self.valid_new + self.valid_old)
        loaded = self.valid_new * worse / (self.valid_new * worse + self.valid_old * usual)
        gains = self.bad_new * np.log(loaded / fair)
        gains += self.bad_old * np.log((1 - loaded) / (1 - fair))
        return float(gains.sum())

    def _all(self) -> float:
        return (self.new[0] + self.old[0]) / max(self.new[1] + self.old[1], 1)

    def ratio(self) -> str:
        """The rate ratio over all strata with its 95 % interval, in words.

        Mantel and Haenszel's, with the variance of https://doi.org/10.2307/2530733.
        """
        n = self.valid_new + self.valid_old
        above = (self.bad_new * self.valid_old / n).sum()
        below = (self.bad_old * self.valid_new / n).sum()
        if not below:
            return "the others are well"
        if not above:
            return "0 times as often"
        both = self.bad_new + self.bad_old
        variance = (
            (self.valid_new * self.valid_old * both - self.bad_new * self.bad_old * n) / n**2
        ).sum() / (above * below)
        ratio, error = above / below, 1.96 * np.sqrt(max(variance, 0))
        low, high = ratio * np.exp(-error), ratio * np.exp(error)
        return f"{digits(ratio, 2)} times as often ({digits(low, 2)} to {digits(high, 2)})"


def _rises(valid: Ints, bad: Ints, before: Ints, after: Ints) -> Floats:
    """How surely more fails in the minutes after than in those before, in nats, signed."""
    n0, k0 = valid[before] - valid[before - AROUND], bad[before] - bad[before - AROUND]
    n1, k1 = valid[after + AROUND] - valid[after], bad[after + AROUND] - bad[after]
    pooled = (k0 + k1) / np.maximum(n0 + n1, 1)
    gain = _nats(k0, n0 * pooled) + _nats(k1, n1 * pooled)
    return np.where(k1 * n0 > k0 * n1, gain, -gain)


def _nats(seen: Ints, expected: Floats) -> Floats:
    least = np.maximum(expected, 1e-9)
    return np.where(seen > 0, seen * np.log(np.maximum(seen, 1) / least), 0.0) - seen + expected


def _of(counts: tuple[int, int]) -> str:
    """`12 of 340 (3.5 %)`."""
    part, whole = counts
    share = f" ({100 * part / whole:.2g} %)" if whole else ""
    return f"{part:,} of {whole:,}{share}"


def _span(length: timedelta) -> str:
    minutes = round(length / timedelta(minutes=1))
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes / 60:.1f} h" if minutes < 48 * 60 else f"{minutes / 1440:.1f} days"


def none_fits(found: Sequence[Coincidence], began: Onset | None) -> str | None:
    """What to say when no change fits; None when one does."""
    if any(one.fits for one in found):
        return None
    if not found:
        return "no change fits: none is known from the day before it on"
    since = f" {began.named} of {began.at:%Y-%m-%d %H:%M}" if began else ""
    return f"no change fits{since}: {len(found)} looked at"
