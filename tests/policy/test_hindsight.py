"""A quarter's account: each bad request once, held against a change only on evidence."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from errorbudget.policy.hindsight import (
    Kind,
    Learned,
    Shipped,
    Statement,
    Verdict,
    rollbacks,
    statement,
)

DAYS = 10
LENGTH = DAYS * 1440
FIRST = 29_000_000


def counts(seed: int = 1, share: float = 0.0005) -> tuple[np.ndarray, np.ndarray]:
    """Forty requests a minute, of which few are bad."""
    random = np.random.default_rng(seed)
    valid = np.full(LENGTH, 40)
    return valid, random.binomial(valid, share)


def shipped(minute: int, name: str = "c", *, took: int = 5, permitted: bool | None = True, **more):
    start = FIRST + minute
    return Shipped(id=name, start=start, end=start + took, permitted=permitted, **more)


def cost(told: Statement, change: str) -> int:
    return sum(line.bad for line in told.lines if line.change == change)


def of(told: Statement, kind: Kind) -> list[int]:
    return [line.bad for line in told.lines if line.kind is kind]


def test_a_quiet_quarter_is_all_background():
    valid, bad = counts()
    told = statement(FIRST, valid, bad, [shipped(day * 1440, str(day)) for day in range(DAYS)])

    assert of(told, Kind.CHANGE) == [0] * DAYS
    assert of(told, Kind.INCIDENT) == []
    assert of(told, Kind.BACKGROUND) == [bad.sum()]
    assert all(line.verdict is Verdict.RIGHT for line in told.lines[:-1])


@given(
    st.integers(0, 2**32),
    st.lists(st.tuples(st.integers(0, LENGTH), st.integers(0, 90), st.booleans()), max_size=8).map(
        sorted
    ),
    st.lists(st.tuples(st.integers(0, LENGTH - 1), st.integers(1, 300)), max_size=4),
    st.lists(
        st.tuples(st.integers(-100, LENGTH), st.integers(0, 600), st.integers(0, 9000)), max_size=3
    ),
)
def test_every_bad_request_stands_in_one_line(seed, changes, outages, looked_into):
    valid, bad = counts(seed)
    for start, length in outages:
        bad[start : start + length] = 20
    told = statement(
        FIRST,
        valid,
        bad,
        [
            shipped(minute, str(place), took=took, rolls_back=back)
            for place, (minute, took, back) in enumerate(changes)
        ],
        [
            Learned(key=str(place), start=FIRST + start, end=FIRST + start + length, bad=cost)
            for place, (start, length, cost) in enumerate(looked_into)
        ],
    )

    assert sum(line.bad for line in told.lines) == told.bad == bad.sum()
    assert all(line.bad >= 0 for line in told.lines)
    own = (line for line in told.lines if not line.postmortem)
    spans = [(line.start, line.end) for line in own if line.kind is Kind.CHANGE]
    names = [line.change for line in told.lines if line.kind is Kind.CHANGE]
    assert sorted(names) == sorted(str(place) for place in range(len(changes)))
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


def test_what_was_looked_into_stands_in_one_line_by_its_own_count():
    valid, bad = counts()
    bad[5000:5060] = 20
    learned = [Learned(key="web-1", start=FIRST + 4990, end=FIRST + 5070, bad=1100)]

    alone = statement(FIRST, valid, bad, [], learned)
    after = statement(FIRST, valid, bad, [shipped(4995)], learned)

    (line,) = (line for line in alone.lines if line.postmortem)
    assert (line.kind, line.bad, line.start) == (Kind.INCIDENT, 1100, FIRST + 4990)
    (of_change,) = (line for line in after.lines if line.postmortem)
    assert (of_change.kind, of_change.change, of_change.bad) == (Kind.CHANGE, "c", 1100)
    assert of_change.verdict is Verdict.COSTLY
    assert cost(after, "c") == 1100


def test_a_change_amid_a_burn_that_goes_on_as_before_is_no_line_of_its_own():
    valid, bad = counts()
    bad[5000:6240] = np.random.default_rng(2).binomial(40, 0.08, 1240)
    bad[5580:5640] = 0
    change = shipped(5640)

    told = statement(FIRST, valid, bad, [change])
    bad[5640:5700] = 20
    worse = statement(FIRST, valid, bad, [change])

    assert of(told, Kind.CHANGE) == [0]
    assert len(of(told, Kind.INCIDENT)) == 1
    assert of(worse, Kind.CHANGE)[0] > 1000


def test_what_burns_after_a_change_is_held_against_it_less_the_usual():
    valid, bad = counts()
    bad[5005:5045] += 10
    told = statement(FIRST, valid, bad, [shipped(5000)])

    (line,) = (line for line in told.lines if line.kind is Kind.CHANGE)
    assert (line.start, line.end) == (FIRST + 5000, FIRST + 5065)
    assert abs(line.bad - 400) < 8
    assert line.verdict is Verdict.COSTLY
    assert of(told, Kind.INCIDENT) == []


def test_one_bad_request_is_no_evidence():
    valid, bad = np.full(LENGTH, 1), np.zeros(LENGTH, np.int64)
    bad[5010] = 1

    assert cost(statement(FIRST, valid, bad, [shipped(5000)]), "c") == 0


def test_what_burns_until_a_rollback_has_settled_is_the_changes_not_the_rollbacks():
    valid, bad = counts()
    bad[5005:5040] += 10
    told = statement(
        FIRST,
        valid,
        bad,
        [shipped(5000, "bad"), shipped(5030, "back", took=8, rolls_back=True)],
    )

    assert abs(cost(told, "bad") - 350) < 8
    assert cost(told, "back") == 0


def test_what_burns_after_the_next_change_is_the_next_ones():
    valid, bad = counts()
    bad[5025:5050] += 10
    told = statement(FIRST, valid, bad, [shipped(5000, "one"), shipped(5020, "two")])

    assert cost(told, "one") == 0
    assert cost(told, "two") > 200


def test_what_failed_before_a_change_is_not_held_against_it():
    valid, bad = counts()
    bad[4900:5020] += 10
    told = statement(FIRST, valid, bad, [shipped(5000, "fix")])

    assert cost(told, "fix") == 0
    assert abs(sum(of(told, Kind.INCIDENT)) - 1200) < 20


def test_what_a_change_makes_worse_is_held_against_it():
    valid, bad = counts()
    bad[4900:5100] += 2
    bad[5005:5060] += 20
    told = statement(FIRST, valid, bad, [shipped(5000, "fix")])

    assert cost(told, "fix") > 1000


def test_what_burns_without_a_change_is_an_incident():
    valid, bad = counts()
    bad[5000:5100] += 10
    told = statement(FIRST, valid, bad, [shipped(100)])

    (line,) = (line for line in told.lines if line.kind is Kind.INCIDENT)
    assert abs(line.bad - 1000) < 15
    assert line.change is None
    assert told.lines[-1].kind is Kind.BACKGROUND


def test_what_burns_on_after_the_time_of_a_change_is_an_incident_that_names_it():
    valid, bad = counts()
    bad[5005:5300] += 10
    told = statement(FIRST, valid, bad, [shipped(5000, "c")])

    change, incident = told.lines[:-1]
    assert (change.kind, incident.kind) == (Kind.CHANGE, Kind.INCIDENT)
    assert incident.change == "c"
    assert abs(change.bad + incident.bad - 2950) < 20


def test_a_slow_burn_of_days_is_one_incident():
    valid, bad = counts()
    random = np.random.default_rng(3)
    bad[5000:9000] += random.binomial(40, 0.002, 4000)
    told = statement(FIRST, valid, bad, [])

    (incident,) = of(told, Kind.INCIDENT)
    assert abs(incident - 320) < 50


def test_the_usual_share_leaves_outages_out():
    valid, bad = counts()
    before = statement(FIRST, valid, bad, []).usual
    bad[5000:6000] = 30

    after = statement(FIRST, valid, bad, []).usual

    assert abs(after - before) < Fraction(1, 20_000)


def test_what_was_refused_and_shipped_all_the_same_is_judged_the_other_way_round():
    valid, bad = counts()
    bad[5005:5045] += 10
    harmless = shipped(100, "harmless", permitted=False)
    told = statement(FIRST, valid, bad, [harmless, shipped(5000, "bad", permitted=False)])

    assert [line.verdict for line in told.lines[:-1]] == [Verdict.TOO_STRICT, Verdict.RIGHT]


def test_without_requests_or_a_question_nothing_is_judged():
    valid, bad = counts()
    valid[5000:5100] = bad[5000:5100] = 0
    told = statement(FIRST, valid, bad, [shipped(100, permitted=None), shipped(5000, "unseen")])

    assert [line.verdict for line in told.lines[:-1]] == [Verdict.UNKNOWN, Verdict.UNKNOWN]


def test_without_any_request_there_is_nothing_to_account_for():
    nothing = np.zeros(LENGTH, np.int64)
    told = statement(FIRST, nothing, nothing, [shipped(100)])

    assert (told.valid, told.bad, told.usual) == (0, 0, 0)


def test_a_version_that_comes_back_after_another_is_a_rollback():
    assert rollbacks(["1", "2", "1", "3", "3", "2"]) == [False, False, True, False, False, True]
