from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from errorbudget.ledger.sums import HOURLY_DAYS, NotHeldError, Sums
from errorbudget.ledger.tally import DAY, Tallies, by_day, pack_day
from errorbudget.ledger.window import Span

FIRST = 20_000
DAYS = 4
LAST = FIRST + DAYS - 1
EVERY_DAY = range(FIRST, LAST + 1)
Minutes = NDArray[np.int64]

seeds = st.integers(0, 2**32 - 1)
moments = st.lists(st.integers(0, DAYS * DAY), min_size=2, max_size=6).map(sorted)


def traffic(seed: int, rows: int = 2, most: int = 300) -> tuple[Minutes, Minutes]:
    random = np.random.default_rng(seed)
    valid = random.integers(0, most, (rows, DAYS * DAY))
    return valid, random.integers(0, valid + 1)


def packed(valid: Minutes, bad: Minutes) -> list[tuple[int, bytes]]:
    days = [slice(day * DAY, (day + 1) * DAY) for day in range(len(valid) // DAY)]
    return [(FIRST + day, pack_day(valid[part], bad[part])) for day, part in enumerate(days)]


def loaded(valid: Minutes, bad: Minutes, **options: list[list[Span]]) -> Sums:
    sums = Sums(len(valid), FIRST, LAST, **options)
    for row in range(len(valid)):
        sums.load(row, packed(valid[row], bad[row]), by_minute=EVERY_DAY)
    return sums


def counted(sums: Sums, row: int, start: int, end: int) -> tuple[int, int]:
    valid, bad = sums.counts(np.array([row]), FIRST * DAY + start, FIRST * DAY + end)
    return int(valid[0]), int(bad[0])


@settings(max_examples=40)
@given(seeds, moments, st.sampled_from([2, 300, 10**6, 10**12]))
def test_counts_equal_a_plain_sum_of_minutes(seed: int, edges: list[int], most: int) -> None:
    valid, bad = traffic(seed, most=most)
    sums = loaded(valid, bad)
    starts, ends = np.array(edges[:-1]), np.array(edges[1:])

    found = sums.counts(np.arange(2)[:, None], FIRST * DAY + starts, FIRST * DAY + ends)

    for column, minutes in zip(found, (valid, bad), strict=True):
        naive = [
            [int(row[s:e].sum()) for s, e in zip(starts, ends, strict=True)] for row in minutes
        ]
        assert naive == column.tolist()


@settings(max_examples=40)
@given(seeds, moments)
def test_sums_over_any_partition_of_a_window_agree(seed: int, edges: list[int]) -> None:
    sums = loaded(*traffic(seed))

    parts = [counted(sums, 1, start, end) for start, end in pairwise(edges)]

    assert counted(sums, 1, edges[0], edges[-1]) == tuple(map(sum, zip(*parts, strict=True)))


recounts = st.dictionaries(
    st.integers(FIRST * DAY, (LAST + 1) * DAY - 1), st.integers(0, 1000), min_size=1, max_size=40
)


def recounted(counts: dict[int, int]) -> Tallies:
    minutes = sorted(counts)
    return Tallies.of(minutes, [counts[m] for m in minutes], [counts[m] // 2 for m in minutes])


@settings(max_examples=40)
@given(seeds, st.lists(recounts, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_recounts_of_other_minutes_commute_and_repeat_freely(
    seed: int, told: list[dict[int, int]], random: Random
) -> None:
    apart: dict[int, int] = {}
    disjoint: list[dict[int, int]] = []
    for part in told:
        disjoint.append({minute: part[minute] for minute in part.keys() - apart.keys()})
        apart |= disjoint[-1]
    shuffled = [*disjoint, *disjoint]
    random.shuffle(shuffled)
    valid, bad = traffic(seed)
    one, other = loaded(valid, bad), loaded(valid, bad)

    for part in filter(None, disjoint):
        assert one.replace(0, recounted(part)) == ()
    for part in shuffled:
        other.replace(0, recounted(part))
    for minute, count in apart.items():
        valid[0, minute - FIRST * DAY], bad[0, minute - FIRST * DAY] = count, count // 2

    for start, end in [(0, DAYS * DAY), (17, DAY + 3), (2 * DAY - 1, 3 * DAY + 1)]:
        naive = int(valid[0, start:end].sum()), int(bad[0, start:end].sum())
        assert naive == counted(one, 0, start, end) == counted(other, 0, start, end)


def test_a_day_held_as_its_total_serves_windows_around_it_but_not_inside() -> None:
    valid, bad = traffic(1)
    sums = Sums(1, FIRST, LAST)
    sums.load(0, packed(valid[0], bad[0]), by_minute=[FIRST, LAST])

    assert counted(sums, 0, 700, 3 * DAY + 5)[0] == valid[0, 700 : 3 * DAY + 5].sum()
    assert counted(sums, 0, DAY, 2 * DAY)[0] == valid[0, DAY : 2 * DAY].sum()
    assert sums.lacking([0], (FIRST + 1) * DAY + 9) == [(0, FIRST + 1)]
    assert sums.lacking([0], FIRST * DAY + 9) == []
    with pytest.raises(NotHeldError):
        counted(sums, 0, DAY + 9, 2 * DAY)


def test_an_old_day_recounted_must_be_loaded_again() -> None:
    valid, bad = traffic(1)
    sums = Sums(1, FIRST, LAST)
    sums.load(0, packed(valid[0], bad[0]), by_minute=[LAST])
    recount = Tallies.of([(FIRST + 1) * DAY + 3], [9], [9])

    again = sums.replace(0, recount)
    valid[0, DAY + 3] = bad[0, DAY + 3] = 9
    sums.load(0, [row for row in packed(valid[0], bad[0]) if row[0] in again])

    assert again == (FIRST + 1,)
    assert counted(sums, 0, 0, DAYS * DAY) == (valid[0].sum(), bad[0].sum())


def test_excluded_minutes_count_nothing_however_they_arrive() -> None:
    valid, bad = traffic(3)
    maintenance = Span(FIRST * DAY + 1400, FIRST * DAY + DAY + 30)
    sums = Sums(1, FIRST, LAST, excluded=[[maintenance]])
    sums.load(0, packed(valid[0], bad[0]), by_minute=[FIRST])
    sums.replace(0, Tallies.of([FIRST * DAY + 1401], [50], [50]))

    assert counted(sums, 0, 1400, DAY) == (0, 0)
    assert counted(sums, 0, DAY, 2 * DAY)[0] == valid[0, DAY + 30 : 2 * DAY].sum()


def test_time_goes_on_past_the_days_there_was_room_for() -> None:
    valid, bad = traffic(4)
    sums = loaded(valid, bad)
    later = (LAST + 30) * DAY + 77

    sums.replace(0, Tallies.of([later, later + 1], [5, 6], [1, 0]))

    before = sums.counts(np.array([0, 1]), FIRST * DAY, later)
    after = sums.counts(np.array([0, 1]), FIRST * DAY, later + 1)
    assert before[0].tolist() == valid.sum(axis=1).tolist()
    assert (after[0] - before[0]).tolist() == [5, 0]
    assert (after[1] - before[1]).tolist() == [1, 0]


def test_days_no_longer_needed_by_minute_make_room_for_others() -> None:
    valid, bad = traffic(5)
    sums = loaded(valid, bad)

    sums.keep_by_minute([LAST])
    sums.load(1, packed(valid[1], bad[1])[:1], by_minute=[FIRST])

    assert counted(sums, 1, 55, 3 * DAY + 55)[0] == valid[1, 55 : 3 * DAY + 55].sum()
    assert sums.lacking([0, 1], FIRST * DAY + 55) == [(0, FIRST)]


def test_what_is_before_the_first_day_is_not_taken_for_nothing() -> None:
    sums = loaded(*traffic(6))

    with pytest.raises(NotHeldError):
        counted(sums, 0, -1, 50)


def test_hours_add_up_to_their_day() -> None:
    valid, bad = traffic(7)
    sums = loaded(valid, bad)
    rows = np.array([1, 0])

    hours = sums.hourly(rows, FIRST, LAST + 1)

    assert hours.sum(axis=2).tolist() == sums.daily(rows, FIRST, LAST + 1).tolist()
    assert hours[1, 0, 5] == valid[1, DAY + 300 : DAY + 360].sum()
    with pytest.raises(NotHeldError):
        sums.hourly(rows, FIRST - HOURLY_DAYS, LAST)


def test_more_requests_than_a_machine_word_holds_are_refused_not_wrapped() -> None:
    sums = Sums(1, FIRST, LAST)
    huge = by_day(Tallies.of([FIRST * DAY, FIRST * DAY + 1], [2**62, 2**62], [0, 0]))[FIRST]

    with pytest.raises(OverflowError):
        sums.load(0, [(FIRST, pack_day(*huge))])
