"""What a budget of few allowed failures is worth: anchors, laws, and what people read."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from errorbudget.ledger.meaning import ENOUGH, Meaning, Volume
from errorbudget.ledger.tally import DAY
from errorbudget.ledger.window import Calendar, Rolling, Window

QUARTER = Calendar("quarter", "UTC")


def volume(
    requests: int,
    allowance: str,
    window: Window = QUARTER,
    *,
    bad: int = 0,
    meaningful: Meaning = Meaning.COARSE,
    minutes: int | None = None,
) -> Volume:
    length = window.minutes if isinstance(window, Rolling) else 91 * DAY
    return Volume(
        meaningful=meaningful,
        bad=bad,
        allowance=Fraction(allowance),
        window=window,
        requests=requests,
        minutes=length if minutes is None else minutes,
    )


def test_a_thousand_requests_in_a_quarter_are_enough_for_two_nines_and_fifty_for_none() -> None:
    few = volume(330, "1/100")

    assert few.needs == 1000
    assert few.looser == Fraction(95, 100)
    assert volume(1000, "1/1000").looser == Fraction(99, 100)
    assert volume(50, "1/100").looser is None


def test_the_advice_names_every_way_out_with_its_number() -> None:
    assert volume(330, "1/100").advice == (
        "99% over a quarter needs 1,000 requests to allow 10 failures; this service has 330."
        " It would mean something with a window of a year,"
        " a pool with services that bring 670 more or a target of 95%."
    )
    assert volume(50, "1/100").advice.endswith("with a pool with services that bring 950 more.")
    assert volume(400, "1/100", Rolling(28 * DAY)).advice.endswith(
        "with a window of 70 days, a pool with services that bring 600 more or a target of 95%."
    )


def test_a_young_rolling_window_that_will_fill_is_waited_for() -> None:
    young = volume(400, "1/100", Rolling(28 * DAY), minutes=7 * DAY)

    assert young.advice.endswith("once the window is full: wait.")


@pytest.mark.parametrize(
    ("meaningful", "requests", "words"),
    [
        (Meaning.COARSE, 920, "coarse: 2 of 9.2 allowed failures"),
        (Meaning.EVENTS, 189, "look at each failure: 2 of 1.89 allowed failures"),
        (Meaning.NONE, 33, "too small to mean anything: 2 of 0.33 allowed failures"),
    ],
)
def test_counts_are_shown_instead_of_a_share(
    meaningful: Meaning, requests: int, words: str
) -> None:
    assert volume(requests, "1/100", bad=2, meaningful=meaningful).words == words


@given(
    requests=st.integers(1, 10**6),
    allowance=st.sampled_from(["1/5", "1/10", "1/100", "5/1000", "1/1000", "1/10000"]),
    days=st.integers(1, 90),
)
def test_whatever_is_advised_would_be_enough(requests: int, allowance: str, days: int) -> None:
    few = volume(requests, allowance, Rolling(days * DAY))

    assert few.allowance * few.needs >= ENOUGH > few.allowance * (few.needs - 1)
    if few.looser is not None:
        assert (1 - few.looser) * requests >= ENOUGH
    if few.wider is not None:
        assert isinstance(few.wider, Rolling)
        assert few.allowance * requests * few.wider.minutes >= ENOUGH * days * DAY


# How far a service that spends exactly its budget seems to spend it, nine times in ten.
@pytest.mark.parametrize(
    ("allowed", "low", "high"), [(1, 0, 3), (3, 0.33, 2), (5, 0.4, 1.8), (10, 0.5, 1.5)]
)
def test_the_edges_stand_where_the_noise_of_counts_says(
    allowed: int, low: float, high: float
) -> None:
    ends = poisson.ppf([0.05, 0.95], allowed) / allowed

    assert ends == pytest.approx([low, high], abs=0.01)
