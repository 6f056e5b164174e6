"""How long a tick of the alerts of 10,000 budgets takes, quiet and when all burn at once."""

import time
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from errorbudget.burn import alert, rate, silence
from errorbudget.burn.rules import DEFAULTS, Rules

BUDGETS = 10_000
LIMIT_MS = 50.0
TICKS = 40


def run() -> list[tuple[str, float, float, str, str]]:
    """Milliseconds a tick: rules, silence and state of every budget; the limit is 50 ms."""
    rows: list[tuple[str, float, float, str, str]] = []
    for name, burn in (("on budget", 1.0), ("a tenth at 30x", 0.1), ("all at 30x", 30.0)):
        took = sorted(_ticks(burn))
        note = f"median of {TICKS} ticks, worst {took[-1]:.0f} ms; the reference is the limit"
        rows.append(
            (f"alerts, {BUDGETS:,} budgets, {name}", took[TICKS // 2], LIMIT_MS, "ms", note)
        )
    return rows


def _ticks(burn: float) -> Iterator[float]:
    rng = np.random.default_rng(1)
    allowances = [Fraction(1, int(d)) for d in rng.choice([100, 1000, 10_000], BUDGETS)]
    per_hour = 10.0 ** rng.uniform(1, 6, BUDGETS)
    burning = np.where(rng.random(BUDGETS) < 0.1, 30.0, 1.0) if burn < 1 else burn
    rules, fleet = DEFAULTS.in_fleet(BUDGETS), alert.fleet([alert.Alert()] * BUDGETS)
    of = rate.budgets(allowances)
    spans = sorted({*rules.windows, *silence.WINDOWS})
    expected = {span: per_hour * span / 60 for span in silence.WINDOWS}
    error = np.full(BUDGETS, 0.1)
    silence.silent(
        expected, _counts(rng, spans, per_hour, of.allowance), error
    )  # imports what it needs
    for now in range(TICKS):
        times = 1.0 if now == 0 else burning  # everything begins to burn in the second tick
        counts = _counts(rng, spans, per_hour, of.allowance * times)
        started = time.perf_counter()
        fleet = _tick(rules, counts, of, expected, fleet, now)
        yield (time.perf_counter() - started) * 1000


def _counts(
    rng: np.random.Generator, spans: list[int], per_hour: rate.Floats, share: rate.Floats
) -> dict[int, tuple[rate.Ints, rate.Ints]]:
    valid, bad = np.zeros(BUDGETS, np.int64), np.zeros(BUDGETS, np.int64)
    counts: dict[int, tuple[rate.Ints, rate.Ints]] = {}
    for span, before in zip(spans, [0, *spans], strict=False):
        more = rng.poisson(per_hour * (span - before) / 60)
        valid, bad = valid + more, bad + rng.binomial(more, np.minimum(share, 1))
        counts[span] = valid, bad
    return counts


def _tick(
    rules: Rules,
    counts: rate.Counts,
    of: rate.Budgets,
    expected: dict[int, rate.Floats],
    fleet: alert.Fleet,
    now: int,
) -> alert.Fleet:
    silent = silence.silent(expected, counts, np.full(BUDGETS, 0.1))
    found = alert.codes(rate.burns(rules, counts, of), silent=silent)
    return alert.step(fleet, found, now, lambda _index, _since: 0.0)[0]
