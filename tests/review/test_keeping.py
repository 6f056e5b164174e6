"""Kept, missed, or nobody knows: on integers, and a gap is never kept."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from errorbudget.review.keeping import Kept, Verdict


def kept(
    valid: int, bad: int, *, alive: int = 100, of: int = 100, allowance: str = "0.001"
) -> Kept:
    return Kept(
        allowance=Fraction(allowance),
        valid=valid,
        bad=bad,
        minutes=of,
        minutes_alive=alive,
        over=True,
    )


def test_exactly_what_is_allowed_is_kept_and_one_more_is_not() -> None:
    assert kept(10_000, 10).verdict is Verdict.KEPT
    assert kept(10_000, 11).verdict is Verdict.MISSED


def test_a_quarter_without_a_request_is_unknown() -> None:
    told = kept(0, 0).as_dict()

    assert told["verdict"] == "unknown"
    assert told["used"] is None
    assert told["good"] is None


def test_a_quarter_with_gaps_is_unknown_however_good_the_rest_was() -> None:
    assert kept(10_000, 0, alive=89).verdict is Verdict.UNKNOWN
    assert kept(10_000, 0, alive=90).verdict is Verdict.KEPT
    assert kept(10_000, 9_999, alive=89).verdict is Verdict.UNKNOWN


@given(st.integers(1, 10**15), st.data())
def test_it_is_what_fractions_say(valid: int, data: st.DataObject) -> None:
    bad = data.draw(st.integers(0, valid))
    allowance = data.draw(st.fractions(min_value=Fraction(1, 10**6), max_value=Fraction(1, 2)))

    told = Kept(allowance=allowance, valid=valid, bad=bad, minutes=10, minutes_alive=10, over=True)

    assert (told.verdict is Verdict.KEPT) == (Fraction(bad, valid) <= allowance)
    assert told.used == Fraction(bad, valid) / allowance
