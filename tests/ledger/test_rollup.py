"""What budgets come to together: sums of counts, and the worst of the rest."""

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from errorbudget.ledger.budget import State
from errorbudget.ledger.rollup import counted, worst, worst_state
from errorbudget.ledger.tally import DAY, pack_day
from errorbudget.ledger.window import Span
from ledger.test_fleet import APRIL, budget_of

edges = st.integers(0, 4 * DAY)
spans = st.tuples(edges, edges).map(lambda both: Span(min(both), max(both)))


@given(seed=st.integers(0, 99), span=spans, out=st.lists(spans, max_size=3))
def test_counts_within_a_span_are_those_of_its_minutes(
    seed: int, span: Span, out: list[Span]
) -> None:
    valid = np.random.default_rng(seed).poisson(0.02, 4 * DAY)
    bad = valid // 2
    kept = np.zeros(4 * DAY, np.bool_)
    kept[span.start : span.end] = True
    for one in out:
        kept[one.start : one.end] = False
    days = {d: pack_day(*(c[d * DAY :][:DAY] for c in (valid, bad))) for d in range(4)}

    assert counted(days, span, out) == (valid[kept].sum(), bad[kept].sum())


def test_the_worst_is_the_least_left_never_an_average() -> None:
    quarter = {
        ("checkout", "availability"): budget_of(APRIL, np.full(DAY, 1000), 1),
        ("checkout", "latency"): budget_of(APRIL, np.full(DAY, 10), 0),
        ("ledger", "availability"): budget_of(APRIL, np.full(DAY, 10), 1),
    }
    silent = {("mail", "availability"): budget_of(APRIL, np.zeros(DAY, np.int64), 0)}

    assert worst(quarter | silent) == ("ledger", "availability")
    assert worst(silent) is None
    assert quarter["ledger", "availability"].remaining == 1 - Fraction(100, 30)


def test_what_is_spent_is_said_before_what_is_unknown_and_nothing_is_not_healthy() -> None:
    spent = budget_of(APRIL, np.full(DAY, 10), 1)
    well = budget_of(APRIL, np.full(DAY, 10), 0)
    silent = budget_of(APRIL, np.zeros(DAY, np.int64), 0)

    assert worst_state([well, silent, spent]) is State.SPENT
    assert worst_state([well, silent]) is State.UNKNOWN
    assert worst_state([well]) is State.HEALTHY
    assert worst_state([]) is State.UNKNOWN
