"""Do failures come one by one or in clumps (the dispersion φ), and how many came in a row?"""

from dataclasses import replace

import numpy as np

from errorbudget.burn.rate import Budgets, Floats, Ints, Mask, at_least, evidence
from errorbudget.burn.rules import DEFAULTS

HOUR = 60
PRIOR = 2
"""Bad requests' worth of belief that failures come one by one."""

MOST = 20.0
_PAGE = DEFAULTS.tiers[0].horizons[0]


def dispersion(valid: Ints, bad: Ints, of: Budgets) -> Floats:
    """φ of each budget from its last weeks by the minute; budgets × minutes, oldest hour first.

    Between 1 and 20, and at most a third of half an hour's requests: where fewer come, φ would
    hide an outage. docs/decisions/0011-dispersion-within-the-hour.md has the comparison.
    """
    if not valid.size:
        return np.ones(valid.shape[0])
    hours = (valid.shape[0], -1, HOUR)
    n, k = valid.reshape(hours), bad.reshape(hours)
    kept = ~_outages(n.sum(axis=2), k.sum(axis=2), of)
    clumped = (_clumped(n, k) * kept).sum(axis=1)
    failed = (k.sum(axis=2) * kept).sum(axis=1)
    half_hour = n.mean(axis=(1, 2)) * 30
    most = np.minimum(MOST, np.maximum(1.0, half_hour / 3))
    return np.clip((clumped + PRIOR) / (failed + PRIOR), 1.0, most)


def _clumped(n: Ints, k: Ints) -> Floats:
    """Σk² of each hour, less what the rest of the hour leads one to expect of it.

    Over Σk this is 1 for independent failures at any rate that holds for an hour, so a long burn
    does not raise it, and 2m − 1 for storms of m failures, geometrically distributed.
    """
    others = k.sum(axis=2, keepdims=True) - k
    there = np.maximum(n.sum(axis=2, keepdims=True) - n, 1)
    return (k * k - k * others * (n / there)).sum(axis=2)


def _outages(n: Ints, k: Ints, of: Budgets) -> Mask:
    """The hours that would page even if failures came in clumps of the largest size."""
    every = of.take(np.repeat(np.arange(n.shape[0]), n.shape[1]), n.shape[0])
    clumpiest = replace(every, dispersion=np.full(n.size, MOST))
    flat = n.ravel(), k.ravel()
    over = at_least(_PAGE.rate, *flat, clumpiest) & evidence(_PAGE, *flat, clumpiest)
    return over.reshape(n.shape)


def runs(valid: Ints, bad: Ints) -> Ints:
    """How many requests had failed in a row after each minute; budgets × minutes, oldest first.

    Within a minute the order is unknown, so a minute with anything good in it ends the run.
    """
    failed = np.cumsum(bad, axis=1)
    ended = np.where(bad < valid, failed, 0)
    return failed - np.maximum.accumulate(ended, axis=1)


def extend(run: Ints, valid: Ints, bad: Ints) -> Ints:
    """The runs after one more minute."""
    return np.where(bad == valid, run + bad, 0)
