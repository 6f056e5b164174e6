"""When a burn began is found within minutes, whatever came before it and however it came."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errorbudget.burn.onset import Onset, onset
from errorbudget.burn.rate import Ints

START = datetime(2026, 3, 2, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def minutes(rates: np.ndarray, *, requests: float = 100, seed: int = 5) -> tuple[Ints, Ints]:
    """Counts of a service that fails at these rates, minute by minute."""
    rng = np.random.default_rng(seed)
    valid = rng.poisson(requests, rates.size)
    return valid, rng.binomial(valid, rates)


def found(valid: Ints, bad: Ints, *, since: int | None = None) -> Onset:
    moment = None if since is None else START + since * MINUTE
    one = onset(START, MINUTE, valid, bad, since=moment)
    assert one is not None
    return one


def minute(moment: datetime) -> int:
    return (moment - START) // MINUTE


def steps(*lengths_and_rates: tuple[int, float]) -> np.ndarray:
    return np.concatenate([np.full(length, rate) for length, rate in lengths_and_rates])


def test_a_step_is_found_at_its_minute() -> None:
    one = found(*minutes(steps((180, 0.001), (40, 0.1))))

    assert minute(one.at) == 180
    assert one.earliest <= one.at < one.latest
    assert not one.gradual


@pytest.mark.parametrize("seed", range(8))
def test_a_small_step_lies_within_a_wider_interval(seed: int) -> None:
    one = found(*minutes(steps((180, 0.01), (60, 0.03)), seed=seed))

    assert one.latest >= START + 174 * MINUTE
    assert one.earliest <= START + 186 * MINUTE
    assert one.latest - one.earliest >= MINUTE


def test_a_burn_that_is_over_is_told_with_its_end() -> None:
    one = found(*minutes(steps((120, 0.001), (30, 0.2), (90, 0.001))))

    assert (minute(one.at), minute(one.until)) == (120, 150)


def test_failures_that_creep_up_are_told_from_where_they_began_to() -> None:
    rates = np.concatenate([np.full(240, 0.002), np.linspace(0.002, 0.2, 180)])
    one = found(*minutes(rates))

    assert one.gradual
    assert 230 <= minute(one.at) <= 260
    assert one.sentence().startswith("more and more requests fail since")


@pytest.mark.parametrize("seed", range(4))
def test_a_slow_burn_that_may_have_stepped_up_or_crept_up_has_room_for_both(seed: int) -> None:
    creeps = 0.002 + 0.024 * np.linspace(0, 1, 2880) ** 2
    counts = minutes(np.concatenate([np.full(1440, 0.002), creeps]), requests=4, seed=seed)
    one = onset(START, MINUTE, *counts, since=START + 3960 * MINUTE, sure=True)

    assert one is not None
    assert minute(one.earliest) <= 1440 + 960
    assert one.latest - one.earliest >= 6 * 60 * MINUTE


def test_an_interval_over_days_is_told_with_its_dates() -> None:
    one = Onset(
        at=START,
        earliest=START - 20 * 60 * MINUTE,
        latest=START + 60 * MINUTE,
        until=START + 90 * MINUTE,
    )

    assert one.within == "between 2026-03-01 14:00 and 2026-03-02 11:00"


def test_two_quiet_minutes_of_a_burst_do_not_end_it() -> None:
    valid, bad = np.full(60, 5), np.zeros(60, np.int64)
    valid[50:], bad[50:] = 4, [3, 2, 0, 0, 0, 3, 2, 3, 2, 3]

    assert minute(found(valid, bad).at) == 50


def test_a_burst_that_was_over_before_is_not_the_burn_that_is_asked_for() -> None:
    rates = steps((60, 0.002), (20, 0.5), (60, 0.002), (20, 0.1))

    assert minute(found(*minutes(rates), since=150).at) == 140


def test_two_bursts_with_a_lull_between_are_two() -> None:
    rates = steps((60, 0.01), (6, 0.5), (5, 0.01), (6, 0.5))

    assert minute(found(*minutes(rates), since=75).at) == 71


def test_a_few_calm_minutes_of_a_weak_burn_are_no_lull() -> None:
    valid = np.full(140, 40)
    bad = np.zeros(140, np.int64)
    bad[60:] = [2, 3, 1, 0] * 20

    assert minute(found(valid, bad).at) == 60


def test_days_are_searched_to_the_minute() -> None:
    one = found(*minutes(steps((4 * 1440, 0.001), (600, 0.02))))

    assert minute(one.at) == 4 * 1440


def test_minutes_without_requests_say_nothing() -> None:
    valid, bad = minutes(steps((120, 0.001), (20, 0.3)))
    valid[100:118] = bad[100:118] = 0

    assert minute(found(valid, bad).at) in (118, 119, 120)


@pytest.mark.parametrize(("valid", "bad"), [([], []), ([5], [1]), ([9, 9, 9], [0, 0, 0])])
def test_where_nothing_failed_or_nothing_came_before_there_is_no_onset(
    valid: list[int], bad: list[int]
) -> None:
    assert onset(START, MINUTE, np.array(valid, np.int64), np.array(bad, np.int64)) is None


def test_what_failed_from_the_first_minute_has_no_onset() -> None:
    assert onset(START, MINUTE, *minutes(np.full(200, 0.2))) is None


def test_the_onset_is_told_with_its_interval() -> None:
    one = found(*minutes(steps((30, 0.001), (30, 0.5))))

    assert one.sentence() == (
        "more requests fail since 2026-03-02 10:30 UTC (between 10:30 and 10:31)"
    )


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=2, max_size=80))
def test_whatever_the_counts_the_onset_lies_within_them(counts: list[tuple[int, int]]) -> None:
    valid = np.array([max(pair) for pair in counts])
    bad = np.array([min(pair) for pair in counts])
    one = onset(START, MINUTE, valid, bad)

    if one is not None:
        end = START + len(counts) * MINUTE
        assert START <= one.earliest <= one.at < one.latest <= end
        assert one.at < one.until <= end
