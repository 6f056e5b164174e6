import numpy as np
import pytest

from errorbudget.burn.silence import WINDOWS, late, silent


def missing(per_hour: float, zero_minutes: int) -> bool:
    """Whether steady traffic that stopped so many minutes ago is missed."""
    expected = {span: np.array([per_hour * span / 60]) for span in WINDOWS}
    came = {span: int(per_hour * max(span - zero_minutes, 0) / 60) for span in WINDOWS}
    counts = {span: (np.array([n]), np.array([0])) for span, n in came.items()}
    return bool(silent(expected, counts, np.array([0.1]))[0])


@pytest.mark.parametrize(("per_hour", "minutes"), [(100, 15), (1000, 15), (40, 30), (10, 120)])
def test_vanished_traffic_is_missed_once_luck_cannot_explain_it(
    per_hour: float, minutes: int
) -> None:
    assert missing(per_hour, minutes)
    assert not missing(per_hour, minutes - 10)


def test_a_service_that_is_quiet_at_this_hour_is_not_missed() -> None:
    assert not missing(per_hour=0.5, zero_minutes=1440)


def test_a_trickle_that_fails_is_as_good_as_silence_and_one_that_works_is_not() -> None:
    expected = {60: np.array([100.0] * 4)}
    counts = {60: (np.array([4, 4, 4, 40]), np.array([2, 1, 4, 40]))}

    assert silent(expected, counts, np.full(4, 0.1)).tolist() == [True, False, True, False]


def test_a_forecast_that_is_often_wrong_is_believed_less() -> None:
    nothing = np.zeros(2, np.int64)
    expected, counts = {60: np.array([40.0] * 2)}, {60: (nothing, nothing)}

    assert silent(expected, counts, np.array([0.1, 0.4])).tolist() == [True, False]


@pytest.mark.parametrize(("as_of", "by"), [(10, None), (8, None), (7, 3), (None, None)])
def test_data_is_late_after_two_minutes(as_of: int | None, by: int | None) -> None:
    assert late(as_of, 10) == by
