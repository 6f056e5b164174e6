"""How late data is, as told by what is new in it."""

from datetime import UTC, datetime, timedelta

import pytest

from errorbudget.notify.message import Kind
from errorbudget.program.watching.hearing import Hearing, Listening, hear, judge
from errorbudget.program.watching.remembering import WATCH, Memory

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_the_lag_is_that_of_the_newest_data_when_it_came():
    before = hear(None, NOON - 8 * MINUTE, NOON - MINUTE)
    first = hear(before, NOON - 7 * MINUTE, NOON)
    silent = hear(first, NOON - 7 * MINUTE, NOON + 30 * MINUTE)
    caught_up = hear(silent, NOON + 30 * MINUTE, NOON + 30.5 * MINUTE)

    assert (first.lag, silent.lag, caught_up.lag) == (7, 7, 0)
    assert silent.moment(NOON + 30 * MINUTE) == NOON + 23 * MINUTE


def test_what_lay_there_before_anybody_listened_is_not_late():
    quiet = hear(None, NOON - 37 * MINUTE, NOON)

    assert quiet.live
    assert not quiet.late
    assert quiet.moment(NOON) == NOON


def test_data_of_yesterday_is_not_live():
    old = hear(None, NOON - timedelta(days=1, minutes=1), NOON)

    assert not old.live
    assert not old.late
    assert old.moment(NOON) == NOON


def test_late_data_is_told_after_two_minutes_and_taken_back_after_five():
    hearing, told = Hearing(newest=0, lag=0), list[tuple[int, Kind]]()
    for now in range(30):
        hearing, kind = judge(hearing, 3 <= now < 12 and now != 8, now)
        told += [(now, kind)] if kind else []

    assert told == [(5, Kind.FIRED), (17, Kind.RESOLVED)]
    assert hearing == Hearing(newest=0, lag=0)


def test_a_moment_of_lateness_is_not_told():
    hearing, kind = judge(judge(Hearing(newest=0, lag=9), late=True, now=1)[0], late=False, now=2)

    assert (hearing.late_since, kind) == (None, None)


@pytest.mark.parametrize(("pause", "since"), [(5, 10), (6, 31)])
def test_a_pause_in_looking_begins_it_anew(pause: int, since: int):
    before = Listening(since=10, until=20)

    assert Listening.at(before, 20 + pause) == Listening(since=since, until=20 + pause)


def test_what_is_kept_is_found_again():
    memory = Memory(
        hearings={"shop": Hearing(newest=5, lag=3, late_since=7, told_at=9)},
        listening=Listening(since=1, until=9),
        dispersions={("shop", "a"): (20_000, 1.5)},
    )
    records = {WATCH: memory.own_record(), ("shop", "a"): memory.record(("shop", "a"))}

    again = Memory.of(records)

    assert again.own_record() == memory.own_record()
    assert again.dispersions == memory.dispersions
    assert again.record(("shop", "a")) == memory.record(("shop", "a"))
