from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from errorbudget.ledger.planned import Planned, cost

TENTH = Fraction(1, 10)
SHARES = st.fractions(min_value=0, max_value=1, max_denominator=1000)


def test_a_dependency_costs_its_failures_by_the_share_that_needs_it():
    planned = Planned(availability=Fraction("0.995"), share=Fraction("0.3"))
    found = cost(planned, allowance=Fraction("0.001"), bad=0, valid=1000)
    assert (found.added, found.share) == (Fraction("0.0015"), Fraction("1.5"))
    assert (found.fits, found.needed_availability) == (
        False,
        1 - Fraction("0.001") / Fraction("0.3"),
    )


def test_a_request_that_is_bad_today_is_not_lost_again():
    planned = Planned(availability=Fraction(0), share=Fraction(1))
    found = cost(planned, allowance=Fraction("0.5"), bad=250, valid=1000)
    assert (found.used, found.used_after) == (Fraction(1, 2), Fraction(2))
    assert found.needed_target == 0


def test_calls_retries_and_fallback():
    assert Planned(availability=1 - TENTH, share=Fraction(1), calls=2).failing == Fraction("0.19")
    assert Planned(availability=1 - TENTH, share=Fraction(1), retries=1).failing == Fraction("0.01")
    helped = Planned(availability=1 - TENTH, share=Fraction(1), fallback=Fraction("0.9"))
    assert helped.failing == Fraction("0.01")


def test_without_data_the_cost_is_known_and_whether_it_fits_is_not():
    planned = Planned(availability=1 - TENTH, share=TENTH)
    found = cost(planned, allowance=Fraction("0.02"), bad=0, valid=0)
    assert (found.share, found.used, found.used_after, found.fits) == (
        Fraction(1, 2),
        None,
        None,
        None,
    )


def test_where_nothing_is_left_no_availability_is_enough():
    planned = Planned(availability=1 - TENTH, share=TENTH)
    found = cost(planned, allowance=Fraction("0.01"), bad=10, valid=1000)
    assert found.needed_availability is None


@given(SHARES, SHARES, SHARES, st.integers(1, 8), st.integers(0, 4), st.integers(0, 99))
def test_the_expected_cost_lies_in_its_range_and_what_is_needed_is_enough(
    availability: Fraction, share: Fraction, fallback: Fraction, calls: int, retries: int, bad: int
):
    planned = Planned(
        availability=availability, share=share, calls=calls, retries=retries, fallback=fallback
    )
    allowance = TENTH
    found = cost(planned, allowance=allowance, bad=bad, valid=1000)
    assert found.added_range[0] <= found.added <= found.added_range[1]
    assert found.needed_availability is not None
    enough = Planned(
        availability=found.needed_availability,
        share=share,
        calls=calls,
        retries=retries,
        fallback=fallback,
    )
    assert cost(enough, allowance=allowance, bad=bad, valid=1000).fits
