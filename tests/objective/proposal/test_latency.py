"""Where does a latency limit lie?"""

import numpy as np
import pytest

from errorbudget.objective.proposal.latency import Distribution, limits
from errorbudget.objective.proposal.profile import BINS, Durations


def durations(milliseconds: np.ndarray, route: str | None = None) -> list[Durations]:
    bins, counts = np.unique(np.floor(BINS * np.log10(milliseconds)), return_counts=True)
    pairs = zip(bins.astype(int).tolist(), counts.tolist(), strict=True)
    return [Durations(route, place, count) for place, count in pairs]


def lognormal(median: float, sigma: float, size: int, seed: int = 3) -> np.ndarray:
    return median * np.exp(np.random.default_rng(seed).normal(0, sigma, size))


def test_a_limit_lies_in_the_gap_before_those_that_hang() -> None:
    usual = lognormal(80, 0.5, 50_000)
    hanging = np.random.default_rng(4).uniform(28_000, 32_000, 300)
    found = limits(durations(np.concatenate([usual, hanging]))).common

    assert found is not None
    assert 1_000 <= found.milliseconds <= 20_000
    assert found.gap
    assert found.slow == pytest.approx(300 / 50_300, rel=0.05)
    assert found.faster < 2 * found.slow
    assert found.slow < 2 * found.slower


def test_an_even_tail_gets_no_limit() -> None:
    assert limits(durations(lognormal(80, 0.3, 50_000))).common is None


def test_a_few_slow_requests_are_no_tail() -> None:
    hanging = np.full(5, 30_000.0)
    assert limits(durations(np.concatenate([lognormal(80, 0.3, 5_000), hanging]))).common is None


def test_routes_that_are_slower_by_nature_have_a_limit_of_their_own() -> None:
    def with_hanging(median: float, hang: float, seed: int) -> np.ndarray:
        return np.concatenate([lognormal(median, 0.3, 20_000, seed), np.full(200, hang)])

    rows = durations(with_hanging(50, 9_000, 1), "/pay")
    rows += durations(with_hanging(4_000, 120_000, 2), "/report")
    found = limits(rows)

    assert found.slow_routes == ("/report",)
    assert found.common is not None
    assert found.own is not None
    assert found.common.milliseconds < 9_000 < found.own.milliseconds < 120_000


def test_a_route_with_characters_that_nobody_sees_is_written_into_no_criterion() -> None:
    rows = durations(lognormal(50, 0.3, 20_000, 1), "/pay")
    rows += durations(lognormal(9_000, 0.3, 20_000, 2), "/re\u202eport")

    assert limits(rows).slow_routes == ()


def test_shares_above_are_those_of_the_requests() -> None:
    times = lognormal(100, 0.8, 200_000)
    of = Distribution(durations(times))

    for limit in (60.0, 100.0, 300.0):
        assert of.above(limit) == pytest.approx((times > limit).mean(), abs=0.01)
    assert of.quantile(0.5) == pytest.approx(100, rel=0.15)
