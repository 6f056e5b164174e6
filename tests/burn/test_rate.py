from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errorbudget.burn.rate import TOLERANCE, Burns, Signal, at_least, budgets, burns, evidence, tail
from errorbudget.burn.rules import DEFAULTS, Level, Rules

PERMILLE = Fraction(1, 1000)


def evaluate(
    allowance: Fraction,
    counts: Mapping[int, tuple[int, int]],
    *,
    run: int = 0,
    phi: float = 1.0,
    rules: Rules = DEFAULTS,
) -> Burns:
    of = budgets([allowance], run=np.array([run]), dispersion=np.array([phi]))
    arrays = {span: (np.array([n]), np.array([k])) for span, (n, k) in counts.items()}
    return burns(rules, arrays, of)


def says(found: Burns, level: Level) -> Signal:
    return Signal(int(found.says[level][0]))


WORKBOOK = {  # https://sre.google/workbook/alerting-on-slos/: minutes to detect, 99.9 %, 30 days
    "100": (0.86, 2.16, 4.32, 4.32),
    "10": (8.64, 21.6, 43.2, 43.2),
    "5": (17.28, 43.2, 86.4, 86.4),
    "2": (43.2, 108, 216, 216),
    "1.44": (60, 150, 300, 300),
    "1": (None, 216, 432, 432),
    "0.6": (None, 360, 720, 720),
    "0.3": (None, None, 1440, 1440),
    "0.1": (None, None, None, 4320),
}
COLUMNS = (("14.4", 60), ("6", 360), ("3", 1440), ("1", 4320))


@pytest.mark.parametrize("percent", WORKBOOK)
def test_a_burn_is_seen_after_the_minutes_the_workbook_says(percent: str) -> None:
    per_minute, failing = 10_000_000, Fraction(percent) / 100
    for (rate, window), minutes in zip(COLUMNS, WORKBOOK[percent], strict=True):
        elapsed = np.arange(1, window + 1)
        bad = elapsed * int(per_minute * failing)
        valid = np.full(window, window * per_minute)
        over = at_least(Fraction(rate), valid, bad, budgets([PERMILLE]))

        first = int(elapsed[over][0]) if over.any() else None
        assert first == (None if minutes is None else ceil(minutes - 0.005))


LEAST = {  # bad requests that are evidence, by λ0, at α = 1e-4, 1e-3, 1e-2; 10x effect
    "0.001": (2, 1, 1, 1),
    "0.01": (2, 2, 1, 1),
    "0.03": (3, 2, 2, 1),
    "0.1": (4, 3, 2, 1),
    "0.3": (5, 4, 3, 3),
    "1": (7, 6, 5, 10),
    "3": (12, 11, 9, 30),
}


@pytest.mark.parametrize("expected", LEAST)
def test_the_exact_tail_is_an_adaptive_minimum_of_bad_requests(expected: str) -> None:
    allowance = Fraction(1, 10**8)
    bad = np.arange(1, 50)
    valid = np.full(bad.size, int(Fraction(expected) / allowance))
    of = budgets([allowance])
    chance = tail(valid, bad, of.allowance, np.ones(1))

    least = [int(bad[chance <= alpha][0]) for alpha in (1e-4, 1e-3, 1e-2)]
    effect = int(bad[at_least(Fraction(10), valid, bad, of)][0])
    assert (*least, effect) == LEAST[expected]


def test_ten_bad_of_ten_thousand_at_four_nines_are_exactly_ten_times() -> None:
    counts = dict.fromkeys(DEFAULTS.windows, (10000, 10))

    assert says(evaluate(Fraction(1, 10_000), counts), Level.FIRE) is Signal.BURNING
    counts |= {60: (10_001, 10), 1440: (100_000, 10), 360: (50_000, 10)}
    assert says(evaluate(Fraction(1, 10_000), counts), Level.FIRE) is not Signal.BURNING


def test_ten_of_a_thousand_at_three_nines_are_ten_times_though_floats_say_less() -> None:
    over = at_least(Fraction(10), np.array([1000]), np.array([10]), budgets([PERMILLE]))

    assert not 10 >= 10 * (1 - 0.999) * 1000
    assert over.tolist() == [True]


def test_a_tie_is_evidence() -> None:
    chance = tail(np.array([4]), np.array([4]), np.array([0.1]), np.ones(1))

    assert chance[0] == pytest.approx(1e-4, rel=1e-12)
    counts = dict.fromkeys(DEFAULTS.windows, (4, 4))
    tied = evaluate(Fraction(1, 10), counts, rules=_at(4 * 1e-4))
    missed = evaluate(Fraction(1, 10), counts, rules=_at(4 * 1e-4 * (1 - 1e-6)))
    assert says(tied, Level.FIRE) is Signal.BURNING
    assert says(missed, Level.FIRE) is not Signal.BURNING


def _at(alpha: float) -> Rules:
    fire = DEFAULTS.tiers[0]
    way = replace(fire.horizons[0], false_alarms=alpha * 720)
    return replace(DEFAULTS, tiers=(replace(fire, horizons=(way,)),))


def test_counts_beyond_64_bits_compare_exactly() -> None:
    allowance = Fraction(876_543_211, 10**12)
    valid = np.array([10**12, 10**12])
    bad = np.array([8_765_432_110, 8_765_432_109])

    assert at_least(Fraction(10), valid, bad, budgets([allowance] * 2)).tolist() == [True, False]


@given(
    st.integers(1, 10**9),
    st.integers(0, 10**9),
    st.fractions("1/1000000", "1/2", max_denominator=10**6),
    st.sampled_from(["1", "3", "6", "10", "14.4"]),
)
def test_the_effect_test_is_the_fraction_it_says(
    valid: int, bad: int, allowance: Fraction, rate: str
) -> None:
    bad = min(bad, valid)
    share = Fraction(bad, valid)

    over = at_least(Fraction(rate), np.array([valid]), np.array([bad]), budgets([allowance]))

    assert over[0] == (bad > 0 and share >= min(Fraction(rate) * allowance, Fraction(4, 5)))


@given(
    st.integers(0, 100_000),
    st.integers(0, 60),
    st.sampled_from([Fraction(1, 100), PERMILLE, Fraction(1, 10_000)]),
    st.floats(1, 20),
)
def test_one_more_failure_never_calms_a_fire(
    good: int, bad: int, allowance: Fraction, phi: float
) -> None:
    def fire(failed: int) -> Signal:
        counts = {span: (good * span // 60 + failed, failed) for span in DEFAULTS.windows}
        return says(evaluate(allowance, counts, phi=phi), Level.FIRE)

    if fire(bad) is Signal.BURNING:
        assert fire(bad + 1) is Signal.BURNING


@given(
    st.integers(2, 10**6),
    st.floats(0, 6),
    st.sampled_from([Fraction(1, 10), Fraction(1, 100), PERMILLE, Fraction(1, 10_000)]),
    st.floats(1, 20),
)
def test_evidence_is_the_exact_tail_times_its_tries(
    bad: int, size: float, allowance: Fraction, phi: float
) -> None:
    valid = np.array([bad + int(10**size)])
    of = budgets([allowance], dispersion=np.array([phi]))
    horizon = DEFAULTS.tiers[0].horizons[0]
    chance = tail(valid, np.array([bad]), of.allowance, of.dispersion)

    expected = max(bad / phi, 1) * chance <= horizon.alpha * TOLERANCE
    assert evidence(horizon, valid, np.array([bad]), of) == expected


@given(st.integers(0, 10**7), st.sampled_from([Fraction(1, 10**j) for j in range(1, 7)]))
def test_one_bad_request_never_pages(good: int, allowance: Fraction) -> None:
    counts = {span: (good * span // 1440 + 1, 1) for span in DEFAULTS.windows}

    assert says(evaluate(allowance, counts, run=1), Level.FIRE) is not Signal.BURNING


@pytest.mark.parametrize(
    ("per_hour", "allowance", "failures"),
    [
        (10, Fraction(1, 100), 3),
        (10, PERMILLE, 2),
        (10, Fraction(1, 10_000), 2),
        (100, PERMILLE, 3),
        (1, PERMILLE, 2),
    ],
)
def test_a_total_outage_of_a_quiet_service_pages_after_a_few_failures(
    per_hour: int, allowance: Fraction, failures: int
) -> None:
    def fire(failed: int) -> Signal:
        counts = {span: (per_hour * span // 60 + failed, failed) for span in DEFAULTS.windows}
        counts[5] = (failed, failed)
        return says(evaluate(allowance, counts, run=failed), Level.FIRE)

    assert fire(failures) is Signal.BURNING
    assert fire(failures - 1) is not Signal.BURNING


def test_a_nightly_job_pages_when_it_has_failed_two_nights_running() -> None:
    tonight = dict.fromkeys(DEFAULTS.windows, (1, 1))

    assert says(evaluate(Fraction(1, 100), tonight, run=1), Level.FIRE) is Signal.NONE
    assert says(evaluate(Fraction(1, 100), tonight, run=2), Level.FIRE) is Signal.BURNING


def test_a_run_of_failures_is_no_evidence_on_a_busy_service() -> None:
    counts = {span: (span * 1000, 3) for span in DEFAULTS.windows} | {5: (3, 3), 60: (300, 3)}

    assert says(evaluate(PERMILLE, counts, run=3), Level.FIRE) is not Signal.BURNING


def test_a_burn_that_has_stopped_is_over_and_no_longer_burning() -> None:
    counts = dict.fromkeys(DEFAULTS.windows, (1000, 100)) | {5: (100, 0), 30: (500, 0)}

    assert says(evaluate(PERMILLE, counts), Level.FIRE) is Signal.OVER


def test_an_empty_short_window_says_neither_that_it_burns_nor_that_it_stopped() -> None:
    counts = dict.fromkeys(DEFAULTS.windows, (1000, 100)) | {5: (0, 0), 30: (0, 0)}

    assert says(evaluate(PERMILLE, counts), Level.FIRE) is Signal.EMPTY


def test_without_a_request_all_day_the_burn_is_unknown() -> None:
    found = evaluate(PERMILLE, dict.fromkeys(DEFAULTS.windows, (0, 0)))

    assert found.known.tolist() == [False]


def test_a_loose_target_still_fires_when_four_of_five_fail() -> None:
    counts = {span: (100 * span, 80 * span) for span in DEFAULTS.windows}

    assert says(evaluate(Fraction(1, 5), counts), Level.FIRE) is Signal.BURNING


def test_six_hours_fire_at_six_times_and_warn_at_three() -> None:
    calm = {5: (5000, 0), 60: (60_000, 300)}
    for rate, fires in ((6, True), (5, False)):
        counts = {s: (s * 1000, s * rate) for s in DEFAULTS.windows} | calm
        found = evaluate(PERMILLE, counts)

        assert (says(found, Level.FIRE) is Signal.BURNING) == fires
        assert says(found, Level.WARN) is Signal.BURNING


def test_failures_in_clumps_need_more_of_them() -> None:
    counts = dict.fromkeys(DEFAULTS.windows, (1000, 8)) | {60: (100, 8), 5: (8, 8)}

    assert says(evaluate(PERMILLE, counts), Level.FIRE) is Signal.BURNING
    assert says(evaluate(PERMILLE, counts, phi=9), Level.FIRE) is not Signal.BURNING


def multiwindow(counts: Mapping[int, tuple[int, int]], allowance: Fraction) -> bool:
    def over(span: int, rate: str) -> bool:
        valid, bad = counts[span]
        return bad > 0 and Fraction(bad, valid) >= Fraction(rate) * allowance

    hour = over(60, "14.4") and over(5, "14.4")
    return hour or (over(360, "6") and over(30, "6"))


@given(
    st.sampled_from([Fraction(1, 50), Fraction(1, 100), PERMILLE, Fraction(1, 10_000)]),
    st.lists(st.integers(0, 2000), min_size=5, max_size=5),
    st.floats(1, 50),
)
def test_wherever_an_hour_allows_one_bad_request_we_page_when_the_multiwindow_rule_does(
    allowance: Fraction, bad: list[int], volume: float
) -> None:
    per_hour = int(volume / allowance)
    five, thirty, hour, six, day = np.cumsum(bad).tolist()
    failed: dict[int, int] = {5: five, 30: thirty, 60: hour, 120: hour, 360: six, 1440: day}
    counts = {
        span: (max(ceil(per_hour * span / 60), failed[span]), failed[span])
        for span in DEFAULTS.windows
    }

    if multiwindow(counts, allowance):
        assert says(evaluate(allowance, counts), Level.FIRE) is Signal.BURNING


def test_many_budgets_are_each_evaluated_as_if_alone() -> None:
    rng = np.random.default_rng(3)
    size = 300
    allowances = [Fraction(1, int(d)) for d in rng.choice([20, 100, 1000, 10_000], size)]
    spans = np.array(DEFAULTS.windows)
    n = rng.integers(0, 30, (size, spans.size)).cumsum(1) * rng.integers(0, 100, (size, 1))
    k = np.minimum(n, rng.poisson([1, 2, 4, 8, 8, 8], (size, spans.size)).cumsum(1) - 1).clip(0)
    n[:20, :2] = k[:20, :2] = 0
    run = rng.integers(0, 4, size)
    counts = {int(s): (n[:, i], k[:, i]) for i, s in enumerate(spans)}
    together = burns(DEFAULTS, counts, budgets(allowances, run=run))

    for i, allowance in enumerate(allowances):
        one = {int(s): (int(n[i, j]), int(k[i, j])) for j, s in enumerate(spans)}
        alone = evaluate(allowance, one, run=int(run[i]))
        for level in Level.FIRE, Level.WARN, Level.DRIFT:
            assert alone.says[level][0] == together.says[level][i]
    assert set(together.says[Level.FIRE].tolist()) == {0, 1, 2, 3}
