from fractions import Fraction

import numpy as np
import pytest

from errorbudget.burn.rate import tail
from errorbudget.burn.shown import (
    exhausts_in,
    pressing,
    reason,
    relative,
    shown,
    silence_reason,
    span,
    sustainable,
)

PERMILLE = Fraction(1, 1000)
DAY = 1440.0


def one(value: float) -> np.ndarray:  # type: ignore[type-arg]
    return np.array([value])


def test_one_failure_of_ten_is_shown_as_two_times_not_a_hundred() -> None:
    seen = shown(60, 10, 1, PERMILLE)

    assert seen.rate == 100
    assert seen.shown_rate == pytest.approx(1.98, abs=0.01)
    assert seen.interval == pytest.approx((0.352, 4.697), abs=0.001)


def test_with_many_failures_what_is_shown_is_the_rate() -> None:
    seen = shown(60, 1_000_000, 10_000, PERMILLE)

    assert seen.rate == 10
    assert seen.shown_rate == pytest.approx(10, rel=0.01)


def test_without_requests_there_is_no_rate() -> None:
    assert shown(5, 0, 0, PERMILLE).as_dict() == {
        "horizon": "5m",
        "minutes": 5,
        "valid": 0,
        "bad": 0,
        "rate": None,
        "shown_rate": None,
        "interval": None,
    }


def test_a_reason_says_effect_and_chance() -> None:
    chance = tail(np.array([100]), np.array([4]), np.array([0.001]), np.ones(1))

    expected = "4 of 100 requests failed in 1h = 40x; on budget this happens in 0.0004 % of hours"
    assert reason(60, 100, 4, PERMILLE, float(chance[0])) == expected


@pytest.mark.parametrize(
    ("chance", "text"),
    [
        (0.0123, "1.2 % of windows of 6h"),
        (0.2, "20.0 % of windows of 6h"),
        (1e-30, "less than 0.0000001 % of windows of 6h"),
        (1e-8, "0.000001 % of windows of 6h"),
    ],
)
def test_a_chance_is_written_without_an_exponent(chance: float, text: str) -> None:
    assert reason(360, 100, 4, PERMILLE, chance).endswith(text)


def test_missing_traffic_is_told_against_what_is_usual() -> None:
    assert silence_reason(15, 0, 251.3).startswith("0 requests came in 15m; about 251 are usual")


@pytest.mark.parametrize(
    ("minutes", "text"), [(5, "5m"), (90, "90m"), (60, "1h"), (1440, "24h"), (4320, "3d")]
)
def test_spans_are_written_as_documents_write_them(minutes: int, text: str) -> None:
    assert span(minutes) == text


def test_at_ten_times_a_month_is_spent_in_three_days() -> None:
    assert exhausts_in(one(1.0), one(30 * DAY), one(10.0)).tolist() == [3 * DAY]
    assert exhausts_in(one(0.5), one(30 * DAY), one(10.0)).tolist() == [1.5 * DAY]


def test_a_spent_budget_is_exhausted_now_and_an_untouched_one_never() -> None:
    assert exhausts_in(one(-0.2), one(30 * DAY), one(1.0)).tolist() == [0]
    assert exhausts_in(one(1.0), one(30 * DAY), one(0.0)).tolist() == [np.inf]


def test_a_fifth_of_the_budget_for_half_the_window_sustains_less_than_half_the_rate() -> None:
    args = one(0.2), one(30 * DAY), one(15 * DAY)

    assert sustainable(*args).tolist() == [pytest.approx(0.4)]
    assert relative(one(1.0), *args).tolist() == [pytest.approx(2.5)]
    assert relative(one(1.0), one(0.0), one(30 * DAY), one(DAY)).tolist() == [np.inf]


def test_a_drift_presses_when_the_budget_ends_before_its_window() -> None:
    month, left = one(30 * DAY), one(10 * DAY)

    assert pressing(one(1.2), one(0.3), month, left).tolist() == [True]
    assert pressing(one(1.2), one(0.9), month, left).tolist() == [False]
    assert pressing(one(1.2), one(-0.1), month, left).tolist() == [False]
