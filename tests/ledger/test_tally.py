import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errorbudget.ledger.tally import DAY, Tallies, by_day, day_totals, merge, pack_day, unpack_day


def tallies_of(counts: dict[int, tuple[int, int]]) -> Tallies:
    minutes = sorted(counts)
    return Tallies.of(
        minutes,
        [counts[minute][0] for minute in minutes],
        [counts[minute][1] for minute in minutes],
    )


counts = st.tuples(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1)).map(
    lambda pair: (max(pair), min(pair))
)
told = st.dictionaries(st.integers(0, 3 * DAY - 1), counts, max_size=50)


@given(st.dictionaries(st.integers(0, DAY - 1), counts, max_size=20))
def test_a_packed_day_returns_every_count_exactly(told_counts: dict[int, tuple[int, int]]) -> None:
    day = by_day(tallies_of(told_counts)).get(0, (np.zeros(DAY, np.int64), np.zeros(DAY, np.int64)))

    packed = pack_day(*day)
    valid, bad = unpack_day(packed)

    assert valid.tolist() == day[0].tolist()
    assert bad.tolist() == day[1].tolist()
    assert day_totals(packed) == (sum(valid.tolist()), sum(bad.tolist()))


def test_a_usual_day_of_an_objective_takes_under_three_kilobytes() -> None:
    random = np.random.default_rng(1)
    valid = random.poisson(40, DAY).astype(np.int64)

    packed = pack_day(valid, random.binomial(valid, 0.001).astype(np.int64))

    assert len(packed) < 3000


@given(told)
def test_days_hold_every_told_minute_and_nothing_else(counts: dict[int, tuple[int, int]]) -> None:
    days = by_day(tallies_of(counts))

    flat = {
        day * DAY + within: (int(valid[within]), int(bad[within]))
        for day, (valid, bad) in days.items()
        for within in np.flatnonzero(valid).tolist()
    }

    assert flat == {minute: pair for minute, pair in counts.items() if pair[0]}
    assert set(days) == {minute // DAY for minute in counts}


@given(told, told)
def test_a_recount_replaces_and_retelling_changes_nothing(
    before: dict[int, tuple[int, int]], recount: dict[int, tuple[int, int]]
) -> None:
    zeros = np.zeros(DAY, np.int64)
    held = by_day(tallies_of(before)).get(1, (zeros, zeros))

    once = merge(1, held, tallies_of(recount))
    twice = merge(1, once, tallies_of(recount))
    expected = by_day(tallies_of(before | recount)).get(1, (zeros, zeros))

    assert [column.tolist() for column in once] == [column.tolist() for column in expected]
    assert [column.tolist() for column in twice] == [column.tolist() for column in once]


@pytest.mark.parametrize(("valid", "bad"), [([1], [2]), ([1], [-1]), ([1, 2], [0])])
def test_counts_that_cannot_be_are_refused(valid: list[int], bad: list[int]) -> None:
    with pytest.raises(ValueError, match=r"same length|among the valid"):
        Tallies.of([5], valid, bad)


def test_minutes_told_twice_are_refused() -> None:
    with pytest.raises(ValueError, match="once each"):
        Tallies.of([5, 5], [1, 1], [0, 0])


def test_an_unknown_or_cut_row_is_refused() -> None:
    packed = pack_day(np.ones(DAY, np.int64), np.zeros(DAY, np.int64))

    with pytest.raises(ValueError, match="does not know"):
        unpack_day(b"\x63" + packed[1:])
    with pytest.raises(ValueError, match="does not know"):
        day_totals(b"")
