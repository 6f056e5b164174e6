"""Alerts against the account: useful, late, false, and what nobody was told of."""

import numpy as np

from errorbudget.policy.hindsight import Kind, Line
from errorbudget.review.alerting import Episode, Worth, judge

FIRST = 1_000


def burn(start: int, end: int, bad: int = 60) -> Line:
    return Line(
        kind=Kind.INCIDENT,
        change=None,
        start=FIRST + start,
        end=FIRST + end,
        valid=1_000,
        seen=bad,
        bad=bad,
    )


def episode(told: int, *, onset: int | None = None, end: int | None = None, level: str = "fire"):
    return Episode(
        objective="availability",
        level=level,
        onset=FIRST + (told if onset is None else onset),
        told=FIRST + told,
        end=FIRST + (told if end is None else end),
    )


def judged(episodes: list[Episode], lines: list[Line], *, quiet: slice = slice(0, 0)):
    valid = np.full(1_000, 10, np.int64)
    valid[quiet] = 0
    bad = np.zeros(1_000, np.int64)
    for line in lines:
        bad[line.start - FIRST : line.end - FIRST] = 1
    return judge(episodes, lines, first=FIRST, valid=valid, bad=bad, worth_telling=50)


def test_an_alert_about_a_burn_is_useful_and_one_about_none_is_false() -> None:
    told = judged([episode(110, onset=101), episode(900)], [burn(100, 160)])

    assert [one.worth for one in told.judged] == [Worth.USEFUL, Worth.FALSE]
    assert told.missed == ()


def test_it_is_late_when_half_of_the_burn_is_over() -> None:
    told = judged([episode(130), episode(129)], [burn(100, 160)])

    assert [one.worth for one in told.judged] == [Worth.LATE, Worth.USEFUL]


def test_a_burn_worth_telling_that_no_alert_was_about_is_missed() -> None:
    told = judged([episode(110)], [burn(100, 160), burn(400, 460), burn(700, 710, bad=10)])

    assert [line.start - FIRST for line in told.missed] == [400]


def test_silence_is_useful_where_requests_really_stopped() -> None:
    told = judged(
        [
            episode(520, onset=500, level="silence"),
            episode(820, onset=800, level="silence"),
        ],
        [],
        quiet=slice(500, 530),
    )

    assert [one.worth for one in told.judged] == [Worth.USEFUL, Worth.FALSE]
