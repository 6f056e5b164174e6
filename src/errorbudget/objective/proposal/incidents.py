"""When did requests fail far more often than usual, and what had the failed ones in common?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import pdtrc

from errorbudget.objective.proposal.history import DAY, Floats, Ints
from errorbudget.objective.proposal.target import Contribution

_HOUR: Final = 60
_APART: Final = 3
"""Quiet hours that separate two incidents."""
_TIMES: Final = 3.0
"""How many times its usual rate an hour must fail."""
_CHANCE: Final = 1e-4
_MOST: Final = 12
_TELLING: Final = 0.6
"""The share of the bad requests that a value must have to name an incident."""
_LIFT: Final = 0.2
"""And how much more than of all requests."""
_OF_ALL_BAD: Final = ("status",)

Values = Sequence[tuple[str | None, int, int]]
"""A value, valid and bad."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Hours in a row, or nearly, that failed far more than usual."""

    start: int
    """The first minute."""
    end: int
    """The minute after the last."""
    valid: int
    bad: int
    excess: float
    """Bad requests beyond the usual."""
    common: tuple[tuple[str, str, float], ...] = ()
    """Column, value and its share of the bad requests, where that tells something."""

    @property
    def cause(self) -> str:
        """What the bad requests have in common; empty when nothing."""
        return ", ".join(f"{column}={value or '(none)'}" for column, value, _ in self.common)


def incidents(minute: Ints, valid: Ints, bad: Ints) -> list[Incident]:
    """The largest incidents of a history of minutes, in order of time."""
    if not len(minute) or not bad.sum():
        return []
    first = int(minute[0]) // _HOUR
    hour = minute // _HOUR - first
    requests, failed = (
        np.bincount(hour, weights=column).astype(np.float64) for column in (valid, bad)
    )
    usual = _usual(requests, failed)
    expected: Floats = usual * requests
    chance = pdtrc(np.maximum(failed - 1, 0), 1.5 * expected + 1e-12)
    loud = np.flatnonzero((failed >= 3) & (failed > _TIMES * expected) & (chance < _CHANCE))
    if not loud.size:
        return []
    groups = np.split(loud, np.flatnonzero(np.diff(loud) > _APART) + 1)
    found = [_incident(first, group, requests, failed, expected) for group in groups]
    largest = sorted(found, key=lambda one: -one.excess)[:_MOST]
    return sorted(largest, key=lambda one: one.start)


def common(by_column: Mapping[str, tuple[Values, Values]]) -> tuple[tuple[str, str, float], ...]:
    """The values that stand out among an incident's bad requests: (within it, at all times)."""
    found: list[tuple[str, str, float]] = []
    for column, (within, always) in by_column.items():
        bad = sum(one[2] for one in within)
        if not within or not bad:
            continue
        value, _, of_bad = within[0]
        # What bad requests have in common by their nature, as a status of 500, tells nothing.
        of_bad_ones = column in _OF_ALL_BAD
        usual = {one: failed if of_bad_ones else valid for one, valid, failed in always}
        share = of_bad / bad
        usual_share = usual.get(value, 0) / max(sum(usual.values()), 1)
        if value and share >= _TELLING and share - usual_share >= _LIFT:
            found.append((column, value, share))
    return tuple(found)


def contributions(found: Sequence[Incident], first_day: int, days: int) -> list[Contribution]:
    """Each incident, and each class of incidents with the same cause, by day."""
    alone = [Contribution(name=_name(one), bad=_by_day([one], first_day, days)) for one in found]
    causes = dict.fromkeys(one.cause for one in found if one.cause)
    classes: list[Contribution] = []
    for cause in causes:
        same = [one for one in found if one.cause == cause]
        if len(same) > 1:
            name = f"the {len(same)} incidents with {cause}"
            classes.append(Contribution(name=name, bad=_by_day(same, first_day, days)))
    if len(found) > 1:
        name = f"the {len(found)} incidents together"
        classes.append(Contribution(name=name, bad=_by_day(found, first_day, days)))
    return [*alone, *classes]


def _name(one: Incident) -> str:
    from errorbudget.objective.proposal.wording import moment

    what = f" ({one.cause})" if one.cause else ""
    return f"the incident of {moment(one.start)} UTC{what}"


def _incident(
    first: int, group: Ints, requests: Floats, failed: Floats, expected: Floats
) -> Incident:
    inside = slice(int(group[0]), int(group[-1]) + 1)
    return Incident(
        start=(first + int(group[0])) * _HOUR,
        end=(first + int(group[-1]) + 1) * _HOUR,
        valid=int(requests[inside].sum()),
        bad=int(failed[inside].sum()),
        excess=float((failed[inside] - expected[inside]).sum()),
    )


def _usual(requests: Floats, failed: Floats) -> float:
    """The rate of the nine tenths of requests whose hours failed least."""
    order = np.argsort(failed / np.maximum(requests, 1))
    upto = np.searchsorted(np.cumsum(requests[order]), 0.9 * requests.sum()) + 1
    some = order[:upto]
    return float(failed[some].sum() / max(requests[some].sum(), 1))


def _by_day(found: Sequence[Incident], first_day: int, days: int) -> Floats:
    """The excess of incidents, spread evenly over the days each lasted."""
    bad = np.zeros(days)
    for one in found:
        touched = np.arange(one.start // DAY, (one.end - 1) // DAY + 1) - first_day
        touched = touched[(touched >= 0) & (touched < days)]
        if touched.size:
            bad[touched] += one.excess / touched.size
    return bad
