from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errorbudget.burn.dispersion import dispersion, extend, runs
from errorbudget.burn.rate import Ints, budgets

WEEKS = 4 * 7 * 24 * 60
PERMILLE = Fraction(1, 1000)


def steady(per_hour: float, rate: float = 1.0, batch: float = 1.0) -> tuple[Ints, Ints]:
    rng = np.random.default_rng(11)
    good = rng.poisson(per_hour / 60, (8, WEEKS))
    storms = rng.poisson(per_hour / 60 * 0.001 * rate / batch, (8, WEEKS))
    more = rng.negative_binomial(np.maximum(storms, 1), 1 / batch) if batch > 1 else 0
    bad = storms + np.where(storms > 0, more, 0)
    return good + bad, bad


def phi(valid: Ints, bad: Ints) -> list[float]:
    return dispersion(valid, bad, budgets([PERMILLE] * len(valid))).tolist()


@pytest.mark.parametrize("per_hour", [10, 100, 1_000, 100_000])
def test_failures_one_by_one_have_a_dispersion_of_one(per_hour: float) -> None:
    assert max(phi(*steady(per_hour))) < 1.1


def test_storms_of_five_have_a_dispersion_of_nine() -> None:
    assert np.mean(phi(*steady(10_000, batch=5))) == pytest.approx(9, abs=0.5)


def test_six_hours_at_eight_times_are_a_burn_and_no_clump() -> None:
    valid, bad = steady(1_000)
    more = np.random.default_rng(1).poisson(8 / 60, (8, 360))
    bad[:, 6000:6360] += more
    valid[:, 6000:6360] += more

    assert max(phi(valid, bad)) < 1.1


def test_a_short_outage_is_no_clump() -> None:
    valid, bad = steady(10_000)
    for start in (7003, 21_005):
        bad[:, start : start + 5] = valid[:, start : start + 5]

    assert max(phi(valid, bad)) < 1.1


def test_where_few_requests_come_dispersion_hides_no_outage() -> None:
    assert max(phi(*steady(10, batch=8))) <= 5 / 3 * 1.1


def test_without_data_there_is_no_dispersion() -> None:
    nothing = np.zeros((2, WEEKS), np.int64)

    assert phi(nothing, nothing) == [1.0, 1.0]
    assert phi(nothing[:, :0], nothing[:, :0]) == [1.0, 1.0]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=30))
def test_a_run_is_what_failed_since_the_last_minute_with_anything_good(
    minutes: list[tuple[int, int]],
) -> None:
    bad = np.array([[k for _, k in minutes]], np.int64)
    valid = bad + np.array([[good for good, _ in minutes]], np.int64)
    run, one_by_one = 0, np.zeros(1, np.int64)
    for good, failed in minutes:
        run = 0 if good else run + failed
    for minute in range(len(minutes)):
        one_by_one = extend(one_by_one, valid[:, minute], bad[:, minute])

    assert one_by_one.tolist() == [run]
    if minutes:
        assert runs(valid, bad)[0, -1] == run
