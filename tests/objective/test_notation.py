from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errorbudget.objective import notation
from errorbudget.objective.notation import Target, digits


@pytest.mark.parametrize(
    ("text", "allowance", "shown"),
    [
        ("99.9%", Fraction(1, 1000), "99.9%"),
        ("99.95%", Fraction(1, 2000), "99.95%"),
        ("99%", Fraction(1, 100), "99%"),
        ("50.0%", Fraction(1, 2), "50%"),
        ("99.9999%", Fraction(1, 1_000_000), "99.9999%"),
        ("0.1%", Fraction(999, 1000), "0.1%"),
    ],
)
def test_a_target_is_exact_and_shown_as_written(text, allowance, shown):
    assert notation.target(text).allowance == allowance
    assert str(notation.target(text)) == shown


@given(st.integers(1, 10**11 - 1))
def test_every_target_is_read_back_from_what_is_shown(billionths):
    target = Target(Fraction(billionths, 10**11))

    assert notation.target(str(target)) == target


@pytest.mark.parametrize(
    ("text", "minutes"), [("1m", 1), ("10m", 10), ("24h", 1440), ("28d", 40320)]
)
def test_a_duration_is_a_number_and_one_letter(text, minutes):
    assert notation.minutes(text) == minutes


@pytest.mark.parametrize("text", ["", "0m", "01m", "1w", "1.5h", "-1h", "1h30m", "1 h", 60, None])
def test_any_other_duration_is_refused(text):
    with pytest.raises(ValueError, match="write it as 10m, 24h or 28d"):
        notation.minutes(text)


def test_a_moment_is_turned_to_utc():
    assert str(notation.moment("2026-03-29T03:30:00+02:00")) == "2026-03-29 01:30:00+00:00"


def test_a_moment_before_the_first_is_refused():
    with pytest.raises(ValueError, match="no calendar has"):
        notation.moment("0001-01-01T00:00:00+14:00")


@pytest.mark.parametrize(
    ("value", "said"),
    [(1000, "1,000"), (1234.5, "1,230"), (14.44, "14.4"), (0.0423, "0.0423"), (1e-7, "0.0000001")],
)
def test_digits_never_need_an_exponent(value, said):
    assert digits(value) == said
