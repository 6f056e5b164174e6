"""The budget arithmetic: laws, published worked examples, and what may be said without data."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from errorbudget.ledger.budget import Account, Budget, State, needed
from errorbudget.ledger.coverage import Life, Lives
from errorbudget.ledger.fleet import Fleet, evaluate
from errorbudget.ledger.forecast import HISTORY_DAYS
from errorbudget.ledger.meaning import Meaning
from errorbudget.ledger.sums import Sums
from errorbudget.ledger.tally import DAY, Tallies, by_day, pack_day
from errorbudget.ledger.window import Calendar, Rolling, Span, Window, minute_floor, moment

APRIL = minute_floor(datetime(2026, 4, 1, tzinfo=UTC))
MONTH = Calendar("month", "UTC")
MONTH_OF_DAYS = 30
THREE_NINES = Fraction(1, 1000)
Minutes = NDArray[np.int64]


def budget_of(
    start: int,
    valid: Any,
    bad: Any,
    *,
    window: Window = MONTH,
    allowance: Fraction = THREE_NINES,
    now: datetime | None = None,
    **life: Any,
) -> Budget:
    """The budget at the end of minutes from `start` on, as a program would load and ask it."""
    valid = np.asarray(valid, np.int64)
    bad = np.broadcast_to(np.asarray(bad, np.int64), valid.shape)
    end = start + len(valid)
    at = now or moment(end)
    need = needed(window, at)
    sums = Sums(1, need.first_day, max(end, minute_floor(at)) // DAY)
    days = by_day(Tallies(minute=np.arange(start, end), valid=valid, bad=bad))
    sums.load(0, [(d, pack_day(*day)) for d, day in days.items()], by_minute=need.by_minute)
    told = {"first_request": start, "as_of": moment(end), "alive": (Span(start, end),)} | life
    fleet = Fleet([Account(row=0, allowance=allowance, window=window, stale_after=10)])
    return evaluate(sums, fleet, Lives.of([Life(**told)]), at)[0]


def steady(minutes: int, bad_of_thousand: int) -> Budget:
    """A month of 1,000 requests a minute, so far."""
    return budget_of(APRIL, np.full(minutes, 1000), bad_of_thousand)


# Table 5-4 of https://sre.google/workbook/alerting-on-slos/: burn rates and time to exhaustion of a
# 99.9 % budget of 30 days.
@pytest.mark.parametrize(
    ("bad_of_thousand", "burn", "minutes", "exhausted_after"),
    [
        (2, 2, DAY, timedelta(days=15)),
        (10, 10, DAY, timedelta(days=3)),
        (1000, 1000, 30, timedelta(minutes=43)),
    ],
)
def test_the_workbooks_time_to_exhaustion_comes_out(
    bad_of_thousand: int, burn: int, minutes: int, exhausted_after: timedelta
) -> None:
    budget = steady(minutes, bad_of_thousand)

    assert budget.pace == burn
    assert budget.exhausts_at is not None
    assert abs(budget.exhausts_at - moment(APRIL) - exhausted_after) <= timedelta(minutes=1)


def test_a_burn_below_one_does_not_exhaust_the_month() -> None:
    requests = np.full(DAY, 2000)

    assert budget_of(APRIL, requests, 1).exhausts_at is None


# https://sre.google/workbook/alerting-on-slos/, "Low-Traffic Services and Error Budget Alerting":
# at 10 requests an hour and 99.9 % a single failed request is 13.9 % of the 30-day budget.
def test_one_failure_of_ten_requests_an_hour_spends_14_percent_of_a_month() -> None:
    valid = np.zeros(30 * DAY, np.int64)
    valid[::6] = 1
    bad = np.zeros_like(valid)
    bad[600] = 1

    budget = budget_of(APRIL, valid, bad, window=Rolling(30 * DAY))

    assert budget.allowed == Fraction("7.2")
    assert budget.remaining == 1 - Fraction(1, Fraction("7.2"))
    assert round(100 * (1 - budget.remaining), 1) == Fraction("13.9")
    assert budget.meaningful is Meaning.COARSE


# https://sre.google/workbook/implementing-slos/: 3,000,000 requests in four weeks at 99.9 % allow
# 3,000 errors; "if a single outage is responsible for 1,500 errors, that error costs 50 %".
def test_an_outage_of_1500_errors_costs_half_a_budget_of_3000() -> None:
    valid = np.zeros(28 * DAY, np.int64)
    valid[:3000] = 1000
    bad = np.zeros_like(valid)
    bad[:2] = 750

    budget = budget_of(APRIL, valid, bad, window=Rolling(28 * DAY))

    assert budget.allowed == 3000
    assert budget.remaining == Fraction(1, 2)


# Dividing by requests to date, as Kibana does (elastic/kibana#270381), calls this budget spent ten
# times over and lets it "recover" by waiting.
def test_a_bad_first_day_is_judged_by_the_month_not_by_the_day() -> None:
    first_week = np.full(7 * DAY, 100)
    bad_day = np.concatenate([first_week, np.full(DAY, 100)])
    bad = np.zeros_like(bad_day)
    bad[7 * DAY :: 2] = 2

    budget = budget_of(APRIL - 7 * DAY, bad_day, bad)

    assert budget.pace == 10
    assert budget.allowed == THREE_NINES * 100 * 30 * DAY
    assert budget.remaining == 1 - Fraction(10, 30)
    assert budget.state is State.HEALTHY


@pytest.mark.parametrize(
    ("requests", "allowance", "meaning"),
    [
        (1000, Fraction(1, 100), Meaning.NORMAL),
        (999, Fraction(1, 100), Meaning.COARSE),
        (300, Fraction(1, 100), Meaning.COARSE),
        (299, Fraction(1, 100), Meaning.EVENTS),
        (100, Fraction(1, 100), Meaning.EVENTS),
        (99, Fraction(1, 100), Meaning.NONE),
        (50, Fraction(1, 5), Meaning.NORMAL),
        (50, Fraction(1, 10**30), Meaning.NONE),
    ],
)
def test_a_share_means_something_from_ten_allowed_failures(
    requests: int, allowance: Fraction, meaning: Meaning
) -> None:
    valid = np.zeros(DAY, np.int64)
    valid[0] = requests

    assert (
        budget_of(APRIL, valid, 0, window=Rolling(DAY), allowance=allowance).meaningful is meaning
    )


def test_exactly_the_allowed_failures_spend_the_budget_and_no_float_disagrees() -> None:
    valid, bad = np.zeros(DAY, np.int64), np.zeros(DAY, np.int64)
    valid[5], bad[5] = 1000, 1

    budget = budget_of(APRIL, valid, bad, window=Rolling(DAY))

    assert budget.remaining == 0
    assert budget.state is State.SPENT
    assert budget.exhausts_at == moment(APRIL + DAY)


allowances = st.builds(
    Fraction, st.integers(1, 10**6), st.sampled_from([10**7, 10**9, 10**18, 10**25, 3 * 10**6])
)
counts = st.tuples(st.integers(1, 2**61), st.integers(0, 2**61)).map(lambda p: (max(p), min(p)))


@settings(max_examples=200)
@example([(Fraction(1, 10**25), (1, 1))])
@given(st.lists(st.tuples(allowances, counts), min_size=1, max_size=5))
def test_the_fleet_compares_as_exactly_as_fractions_do(
    told: list[tuple[Fraction, tuple[int, int]]],
) -> None:
    fleet = Fleet([Account(row=0, allowance=allowance, window=MONTH) for allowance, _ in told])
    valid = np.array([count[0] for _, count in told])
    bad = np.array([count[1] for _, count in told])

    signs = fleet.balance(valid, bad).tolist()

    exact = [allowance * count[0] - count[1] for allowance, count in told]
    assert [(left > 0) - (left < 0) for left in exact] == signs


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 45 * DAY), st.sampled_from([0, 1, 5, 40]))
def test_what_is_said_of_a_budget_agrees_with_its_numbers(
    seed: int, minutes: int, per_mille: int
) -> None:
    random = np.random.default_rng(seed)
    valid = random.poisson(3, minutes)
    bad = random.binomial(valid, per_mille / 1000)

    budget = budget_of(APRIL, valid, bad, allowance=Fraction(1, 200))

    if budget.remaining is None or budget.remaining_low is None or budget.remaining_high is None:
        assert budget.valid == 0
        assert budget.state is State.UNKNOWN
        return
    assert (budget.state is State.SPENT) == (budget.remaining <= 0)
    assert budget.remaining_low <= budget.remaining <= budget.remaining_high
    assert budget.allowed is not None
    assert budget.remaining == 1 - budget.bad / budget.allowed
    assert (budget.meaningful is Meaning.NORMAL) == (budget.allowed >= 10)
    assert budget.exhausts_at is None or budget.end <= minute_floor(budget.exhausts_at)


def test_remaining_goes_below_zero_unclamped() -> None:
    budget = steady(10 * DAY, 10)

    assert budget.remaining == 1 - Fraction(10, 3)
    assert budget.state is State.SPENT


def test_a_finished_window_needs_no_forecast() -> None:
    budget = steady(30 * DAY, 0)

    assert budget.forecast == budget.forecast_low == budget.forecast_high == 0
    assert budget.allowed == 30 * DAY
    assert budget.span.end == budget.end


def test_a_moment_within_a_minute_counts_that_minute() -> None:
    valid = np.full(100, 1)

    on = budget_of(APRIL, valid, 0, now=moment(APRIL + 60))
    within = budget_of(APRIL, valid, 0, now=moment(APRIL + 60) + timedelta(seconds=1))

    assert (on.valid, within.valid) == (60, 61)


def test_a_rolling_budget_comes_back_when_an_outage_leaves_its_window() -> None:
    valid = np.full(28 * DAY + 10, 100)
    bad = np.zeros_like(valid)
    bad[:10] = 100

    before = budget_of(APRIL, valid[:-10], bad[:-10], window=Rolling(28 * DAY))
    after = budget_of(APRIL, valid, bad, window=Rolling(28 * DAY))

    assert (before.bad, after.bad) == (1000, 0)
    assert after.remaining == 1


def test_a_rolling_budget_runs_out_only_if_it_burns_faster_than_it_forgets() -> None:
    valid = np.full(28 * DAY, 1000)
    burning, forgetting = np.zeros_like(valid), np.zeros_like(valid)
    burning[-DAY:] = 7  # 7x for a day is a quarter of 28 days; three more days are needed
    forgetting[: 7 * DAY] = 2  # half of the budget, leaving over the next week
    forgetting[-DAY::2] = 1

    gone = budget_of(APRIL, valid, burning, window=Rolling(28 * DAY)).exhausts_at
    kept = budget_of(APRIL, valid, forgetting, window=Rolling(28 * DAY)).exhausts_at

    assert gone is not None
    assert abs(gone - moment(APRIL + 31 * DAY)) <= timedelta(minutes=5)
    assert kept is None


def test_without_a_request_nothing_is_said_not_even_good() -> None:
    budget = budget_of(APRIL, np.zeros(DAY, np.int64), 0, first_request=None)

    assert (budget.valid, budget.bad, budget.state) == (0, 0, State.UNKNOWN)
    told = budget.as_dict()
    assert [told[name] for name in ("allowed", "remaining", "pace", "exhausts_at")] == [None] * 4
    assert told["range"] == [None, None]
    assert told["meaningful"] == "none"


def test_a_window_that_starts_after_the_traffic_stopped_is_unknown_not_untouched() -> None:
    budget = budget_of(APRIL - 30 * DAY, np.full(30 * DAY, 5), 0, now=moment(APRIL + 60))

    assert budget.remaining is None
    assert budget.state is State.UNKNOWN


@pytest.mark.parametrize(
    ("alive_minutes", "lag", "state"),
    [
        (DAY, 0, State.HEALTHY),
        (DAY, 10, State.HEALTHY),
        (DAY, 11, State.STALE),
        (DAY * 9 // 10, 0, State.HEALTHY),
        (DAY * 9 // 10 - 1, 0, State.UNKNOWN),
        (DAY * 9 // 10 - 1, 11, State.UNKNOWN),
    ],
)
def test_late_data_is_stale_and_gaps_are_unknown(
    alive_minutes: int, lag: int, state: State
) -> None:
    end = APRIL + DAY

    budget = budget_of(
        APRIL,
        np.full(DAY, 100),
        0,
        as_of=moment(end - lag),
        alive=(Span(APRIL, APRIL + alive_minutes),),
    )

    assert budget.state is state
    assert budget.coverage == Fraction(alive_minutes, DAY)


def test_data_from_after_the_moment_asked_of_is_not_its_as_of() -> None:
    budget = budget_of(APRIL, np.full(DAY, 100), 0, now=moment(APRIL + 600))

    assert budget.as_of == moment(APRIL + 600)


def test_more_traffic_than_expected_leaves_more_of_the_budget() -> None:
    valid = np.random.default_rng(3).poisson(50, 84 * DAY + 3 * DAY)
    bad = np.zeros_like(valid)
    bad[-10:] = 10

    budget = budget_of(APRIL - 84 * DAY, valid, bad)

    assert budget.forecast_low < budget.forecast < budget.forecast_high
    assert budget.remaining_low is not None
    assert budget.remaining is not None
    assert budget.remaining_low < budget.remaining


def test_a_budget_tells_itself_by_the_names_of_the_interface() -> None:
    told = steady(DAY, 2).as_dict()

    assert told == {
        "window": {
            "kind": "calendar",
            "start": "2026-04-01T00:00:00Z",
            "end": "2026-05-01T00:00:00Z",
            "dates": ["2026-04-01", "2026-04-30"],
        },
        "valid": 1_440_000,
        "bad": 2880,
        "allowed": 43_200.0,
        "debt": 0.0,
        "remaining": pytest.approx(1 - 2 / 30),
        "range": [pytest.approx(0.83, abs=0.01), pytest.approx(0.96, abs=0.01)],
        "forecast": 29 * 1_440_000,
        "pace": 2.0,
        "exhausts_at": "2026-04-16T00:00:00Z",
        "state": "healthy",
        "meaningful": "normal",
        "meaning": None,
        "coverage": 1.0,
        "as_of": "2026-04-02T00:00:00Z",
    }


def test_a_budget_tells_its_dates_as_its_people_write_them() -> None:
    delhi = Calendar("month", "Asia/Kolkata")

    first, last = budget_of(APRIL, np.full(DAY, 1), 0, window=delhi).dates

    assert (first.isoformat(), last.isoformat()) == ("2026-04-01", "2026-04-30")


def test_a_fleet_gives_each_objective_its_own_window_and_target() -> None:
    rows = 6
    end = APRIL + 20 * DAY + 123
    windows = [MONTH, Rolling(7 * DAY), Calendar("quarter", "Asia/Kathmandu")]
    first_day = min(needed(window, moment(end)).first_day for window in windows)
    start = first_day * DAY
    random = np.random.default_rng(5)
    valid = random.poisson(20, (rows, end - start))
    bad = random.binomial(valid, 0.01)
    sums = Sums(rows, first_day, end // DAY)
    accounts: list[Account] = []
    for row in range(rows):
        window = windows[row % 3]
        days = by_day(Tallies(minute=np.arange(start, end), valid=valid[row], bad=bad[row]))
        keep = needed(window, moment(end)).by_minute
        sums.load(row, [(d, pack_day(*day)) for d, day in days.items()], by_minute=keep)
        accounts.append(Account(row=row, allowance=Fraction(1 + row, 200), window=window))
    life = Life(first_request=start, as_of=moment(end), alive=(Span(start, end),))

    budgets = evaluate(sums, Fleet(accounts), Lives.of([life] * rows), moment(end))

    for row, budget in enumerate(budgets):
        span = windows[row % 3].span(end)
        inside = slice(span.start - start, end - start)
        assert (budget.valid, budget.bad) == (valid[row, inside].sum(), bad[row, inside].sum())
        assert budget.span == span
        assert budget.allowance == Fraction(1 + row, 200)


def test_an_evaluation_needs_its_window_and_the_forecasts_history() -> None:
    quarter = Calendar("quarter", "Europe/Berlin")
    now = datetime(2026, 12, 31, 12, 0, tzinfo=UTC)
    start = minute_floor(datetime(2026, 9, 30, 22, 0, tzinfo=UTC))

    need = needed(quarter, now)

    today = minute_floor(now) // DAY
    assert need.first_day == start // DAY
    assert need.by_minute == {start // DAY, today - 2, today - 1, today}
    assert needed(Rolling(DAY), now).first_day == today - HISTORY_DAYS


def test_debt_is_paid_from_the_next_window_as_far_as_it_is_carried() -> None:
    """March overspent by 500 of its 1,000 a day or so; April may pay up to a tenth of its own."""
    march = APRIL - 31 * DAY
    valid = np.full(31 * DAY + 10 * DAY, 100)
    bad = np.zeros(len(valid), np.int64)
    bad[: 10 * DAY] = 1
    spent = 10 * DAY - 31 * DAY // 10

    def told(carry: Fraction) -> Budget:
        return budget_of(march, valid, bad, window=Calendar("month", "UTC", carry))

    without, some, most = told(Fraction(0)), told(Fraction(1, 10)), told(Fraction(99, 100))

    assert without.debt == 0
    assert without.remaining == 1
    assert some.owed == most.owed == spent
    whole = THREE_NINES * (most.valid + most.forecast)
    assert some.debt == whole / 10
    assert some.allowed == whole - whole / 10
    assert most.debt == min(spent, whole * Fraction(99, 100))
    assert most.remaining == 1, "a smaller budget, and all of it"


def test_what_was_kept_owes_nothing_and_a_first_window_neither() -> None:
    window = Calendar("month", "UTC", Fraction(1, 2))
    march = APRIL - 31 * DAY
    kept = budget_of(march, np.full(41 * DAY, 100), 0, window=window)
    first = budget_of(APRIL, np.full(5 * DAY, 100), 1, window=window)

    assert (kept.owed, kept.debt) == (0, 0)
    assert (first.owed, first.debt) == (0, 0)


@given(st.integers(0, 60), st.integers(0, 40), st.fractions(0, Fraction(9, 10)))
@settings(max_examples=40)
def test_a_budget_with_debt_says_spent_exactly_when_nothing_is_left(
    overspent: int, now: int, carry: Fraction
) -> None:
    march = APRIL - 31 * DAY
    valid = np.concatenate([np.full(31 * DAY, 1), np.full(3 * DAY, 1)])
    bad = np.zeros(len(valid), np.int64)
    bad[: 31 * DAY : 700] = 1
    bad[1 : 1 + overspent] = 1
    bad[31 * DAY : 31 * DAY + now] = 1
    told = budget_of(march, valid, bad, window=Calendar("month", "UTC", carry))

    assert told.remaining is not None
    assert told.allowed is not None
    assert (told.state is State.SPENT) == (told.allowed - told.bad <= 0) == (told.remaining <= 0)
