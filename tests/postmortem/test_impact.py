"""What incidents cost is split so that it adds up to what was counted, exactly."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errorbudget.ledger.window import Span
from errorbudget.postmortem.impact import Burned, Event, lost
from errorbudget.postmortem.usual import HISTORY, Counted, Usual

HOUR = 60
BEGINS = HISTORY


def counted(*, per_minute: int = 100, every: int = 10, minutes: int = 600) -> Counted:
    """Four weeks and some minutes more, of which one request in so many minutes is bad."""
    valid = np.full(HISTORY + minutes, per_minute, np.int64)
    bad = np.zeros(HISTORY + minutes, np.int64)
    bad[every - 1 :: every] = 1
    return Counted(first=0, valid=valid, bad=bad)


def planted(told: Counted, start: int, end: int, more: int) -> None:
    """Let so many more requests fail in each minute."""
    told.bad[BEGINS + start : BEGINS + end] += more


def event(key: str, start: int, end: int) -> Event:
    return Event(key, Span(BEGINS + start, BEGINS + end))


def burned(told: Counted, *events: Event, cuts: tuple[int, ...] = ()) -> Burned:
    return Burned(told, Usual(told, BEGINS), events, cuts=cuts)


def test_an_incident_costs_what_is_beyond_the_usual() -> None:
    told = counted()
    planted(told, 0, 60, 5)

    (impact,) = burned(told, event("a", 0, 60)).within().impacts

    assert impact.gross == impact.seen == 306
    assert impact.usual == 6
    assert impact.excess == 300
    assert impact.low <= 300 <= impact.high
    assert not impact.interval_matters


def test_an_incident_without_traffic_costs_nothing_and_says_so() -> None:
    told = counted()
    told.valid[BEGINS:] = told.bad[BEGINS:] = 0

    (impact,) = burned(told, event("a", 0, 60)).within().impacts

    assert (impact.valid, impact.gross, impact.excess, impact.high) == (0, 0, 0, 0.0)


def test_what_never_failed_before_is_still_not_taken_for_impossible() -> None:
    told = counted(every=10**6)
    planted(told, 0, 1, 2)

    (impact,) = burned(told, event("a", 0, 60)).within().impacts

    assert impact.excess == 2
    assert impact.low <= 2
    assert impact.interval_matters


def test_overlapping_incidents_cost_together_what_each_costs_alone() -> None:
    told = counted()
    planted(told, 0, 120, 6)
    planted(told, 60, 180, 3)

    first, second = burned(told, event("a", 0, 120), event("b", 60, 180)).within().impacts

    assert first.excess == 720
    assert second.excess == 360


def test_one_incident_within_another_costs_what_the_other_does_not() -> None:
    told = counted()
    planted(told, 0, 180, 2)
    planted(told, 60, 90, 10)

    outer, inner = burned(told, event("outer", 0, 180), event("inner", 60, 90)).within().impacts

    assert outer.excess == 360
    assert inner.excess == 300


def test_the_same_minutes_are_shared_equally() -> None:
    told = counted()
    planted(told, 0, 60, 5)

    one, other = burned(told, event("a", 0, 60), event("b", 0, 60)).within().impacts

    assert one.excess == other.excess == 150


def test_an_incident_across_the_end_of_a_window_is_told_by_window() -> None:
    told = counted()
    planted(told, 30, 90, 5)
    ends = BEGINS + 60
    both = burned(told, event("a", 30, 90), cuts=(ends,))

    before = both.within(Span(0, ends)).of("a")
    after = both.within(Span(ends, BEGINS + 600)).of("a")

    assert (before.excess, after.excess) == (150, 150)
    assert before.span.end == after.span.start == ends
    assert before.excess + after.excess == both.within().of("a").excess


def test_the_usual_of_the_same_hours_is_a_median_where_there_is_enough_of_it() -> None:
    told = counted(every=1)
    told.bad[BEGINS - 7 * 1440 : BEGINS - 7 * 1440 + 60] = 90
    usual = Usual(told, BEGINS)

    assert usual.rate(BEGINS).share == Fraction(1, 100)
    assert usual.rate(BEGINS).evidence > 0


def test_other_incidents_before_it_do_not_make_an_incident_usual() -> None:
    told = counted()
    planted(told, -2000, -1000, 20)

    usual = Usual(told, BEGINS, [Span(BEGINS - 2000, BEGINS - 1000)])

    assert usual.calm.share == pytest.approx(0.001, rel=0.05)


def test_lost_demand_is_told_only_as_far_as_a_forecast_can_tell() -> None:
    surely, hardly = lost(1_000, 0, 0.05), lost(1_000, 950, 0.05)

    assert surely is not None
    assert surely.low > 800
    assert hardly is not None
    assert (hardly.likely, hardly.low) == (50, 0)
    assert lost(0, 0, 0.1) is None


spans = st.tuples(st.integers(-100, 590), st.integers(1, 300))


@given(
    events=st.lists(spans, min_size=1, max_size=6),
    bad=st.lists(st.integers(0, 40), min_size=60, max_size=60),
    cuts=st.lists(st.integers(-50, 700), max_size=3),
)
def test_every_bad_request_is_somebodys_once(
    events: list[tuple[int, int]], bad: list[int], cuts: list[int]
) -> None:
    told = counted()
    told.bad[BEGINS:] += np.repeat(np.array(bad, np.int64), 10)
    happened = [event(str(place), at, at + long) for place, (at, long) in enumerate(events)]
    all_of = burned(told, *happened, cuts=tuple(BEGINS + cut for cut in cuts))

    whole = all_of.within()

    assert sum(one.excess for one in whole.impacts) + whole.background == int(told.bad.sum())
    assert sum(one.gross for one in whole.impacts) + whole.outside == int(told.bad.sum())
    assert all(0 <= one.excess <= one.gross <= one.seen for one in whole.impacts)
    edges = sorted({0, HISTORY + 600, *(BEGINS + cut for cut in cuts if cut < 600)})
    pieces = [all_of.within(Span(a, b)) for a, b in pairwise(edges)]
    for place, one in enumerate(whole.impacts):
        assert sum(piece.impacts[place].excess for piece in pieces) == one.excess


def test_what_lived_reaches_from_the_first_request_to_the_last() -> None:
    told = Counted(first=100, valid=np.array([0, 3, 0, 2, 0]), bad=np.zeros(5, np.int64))
    nothing = Counted(first=100, valid=np.zeros(5, np.int64), bad=np.zeros(5, np.int64))

    assert told.lived == Span(101, 104)
    assert not len(nothing.lived)
