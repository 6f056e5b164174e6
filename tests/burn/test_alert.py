import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errorbudget.burn.alert import (
    EPISODE,
    Alert,
    Kind,
    Notice,
    Phase,
    Reading,
    Spend,
    advance,
    fleet,
    reading,
    standing,
    step,
)
from errorbudget.burn.rate import Signal
from errorbudget.burn.rules import Level

CALM = Reading()
FIRE = Reading(fire=Signal.BURNING, warn=Signal.BURNING, drift=Signal.BURNING)
WARN = Reading(warn=Signal.BURNING, drift=Signal.BURNING)
OVER = Reading(fire=Signal.OVER, warn=Signal.OVER)
EMPTY = Reading(fire=Signal.EMPTY, warn=Signal.EMPTY)
DRIFT = Reading(drift=Signal.BURNING)
PRESSING = Reading(drift=Signal.BURNING, pressing=True)
UNKNOWN = Reading(fire=Signal.EMPTY, warn=Signal.EMPTY, unknown=True)
SILENT = Reading(fire=Signal.EMPTY, warn=Signal.EMPTY, silent=True)
EVERY = (CALM, FIRE, WARN, OVER, EMPTY, DRIFT, PRESSING, UNKNOWN, SILENT)


def nothing(_since: int) -> float:
    return 0.0


def everything(_since: int) -> float:
    return 1.0


def told(
    *story: tuple[int, Reading], spend: Spend = nothing, alert: Alert | None = None
) -> tuple[Alert, list[Notice]]:
    """The alert after these readings at these minutes, and everything said meanwhile."""
    alert, notices = alert or Alert(), list[Notice]()
    for now, found in story:
        alert, new = advance(alert, found, now, spend)
        notices += new
    return alert, notices


def kinds(notices: list[Notice]) -> list[tuple[int, Kind, Level]]:
    return [(notice.at, notice.kind, notice.level) for notice in notices]


def test_a_burn_fires_once_and_resolves_once() -> None:
    alert, notices = told((1, CALM), (2, FIRE), (3, FIRE), (4, OVER), (5, OVER), (6, CALM))

    assert alert.phase is Phase.RESOLVED
    assert kinds(notices) == [(2, Kind.FIRED, Level.FIRE), (6, Kind.RESOLVED, Level.FIRE)]


def test_what_recovers_for_a_whole_episode_is_taken_back_at_its_end() -> None:
    alert, notices = told((1, FIRE), (2, OVER), (1 + EPISODE, OVER), (2 + EPISODE, OVER))

    assert alert == Alert(since=2 + EPISODE)
    assert kinds(notices)[1:] == [(2 + EPISODE, Kind.RESOLVED, Level.FIRE)]


def test_the_phases_come_in_their_order() -> None:
    alert, phases = Alert(), list[Phase]()
    for now, found in ((1, CALM), (2, FIRE), (3, OVER), (4, CALM), (2 + EPISODE, CALM)):
        alert, _ = advance(alert, found, now, nothing)
        phases.append(alert.phase)

    assert phases == ["none", "firing", "recovering", "resolved", "resolved"]
    assert advance(alert, CALM, 3 + EPISODE, nothing)[0].onset is None


def test_a_warning_that_becomes_a_fire_is_told() -> None:
    _, notices = told((1, WARN), (9, FIRE), (10, FIRE))

    assert kinds(notices) == [(1, Kind.FIRED, Level.WARN), (9, Kind.ESCALATED, Level.FIRE)]
    assert [notice.pages for notice in notices] == [False, True]


def test_a_fire_that_becomes_a_warning_is_not_told() -> None:
    alert, notices = told((1, FIRE), (2, WARN), (3, WARN))

    assert (alert.level, alert.phase) == (Level.WARN, Phase.FIRING)
    assert len(notices) == 1


def test_a_repeat_that_was_not_told_is_not_taken_back() -> None:
    _, notices = told((1, FIRE), (2, CALM), (3, FIRE), (4, CALM))

    assert kinds(notices) == [(1, Kind.FIRED, Level.FIRE), (2, Kind.RESOLVED, Level.FIRE)]


def test_within_an_episode_a_burn_that_starts_again_is_quiet_until_it_has_cost_something() -> None:
    spent = {30: 0.0, 31: 2 * 10 / 720 - 1e-12, 32: 2 * 10 / 720}
    alert, notices = told((1, FIRE), (5, CALM))
    for now, share in spent.items():
        alert, new = advance(alert, FIRE, now, lambda _, share=share: share)
        notices += new

    assert kinds(notices)[2:] == [(32, Kind.AGAIN, Level.FIRE)]
    assert not alert.pending


def test_traffic_that_vanishes_later_in_an_episode_is_told_though_it_costs_nothing() -> None:
    story = ((1, FIRE), (20, CALM), (40, SILENT), (60, SILENT), (61, SILENT), (62, SILENT))

    _, notices = told(*story)

    assert kinds(notices)[2:] == [(61, Kind.AGAIN, Level.FIRE)]
    assert notices[-1].silent


def test_each_repeat_must_have_cost_twice_the_one_before() -> None:
    bursts = [(now, (FIRE, CALM)[now // 60 % 2]) for now in range(0, 24 * 60, 60)]
    asked = list[int]()

    def spend(since: int) -> float:
        asked.append(since)
        return 0.03

    _, notices = told(*bursts, spend=spend)

    again = [notice for notice in notices if notice.kind is Kind.AGAIN]
    assert len(again) == 1
    assert set(asked) == {0, again[0].at}


def test_after_six_hours_without_firing_the_next_burn_is_a_new_one() -> None:
    _, notices = told((1, FIRE), (2, CALM), (1 + EPISODE, FIRE), (1 + EPISODE + 1, CALM))
    _, later = told((1, FIRE), (2, CALM), (2 + EPISODE, FIRE))

    assert [notice.kind for notice in notices].count(Kind.FIRED) == 1
    assert [notice.kind for notice in later].count(Kind.FIRED) == 2


@pytest.mark.parametrize("silence", [EMPTY, UNKNOWN])
def test_a_fire_burns_on_while_no_request_comes_to_say_otherwise(silence: Reading) -> None:
    alert, notices = told((1, FIRE), (30, silence), (300, silence))

    assert standing(alert, silence) == "fire"
    assert len(notices) == 1


@pytest.mark.parametrize("found", [EMPTY, UNKNOWN, OVER, CALM, DRIFT])
def test_nothing_but_a_burn_begins_an_alert(found: Reading) -> None:
    assert told((1, found)) == (Alert(), [])


def test_traffic_that_vanishes_fires() -> None:
    _, (notice,) = told((1, CALM), (2, SILENT))

    assert (notice.level, notice.silent, notice.pages) == (Level.FIRE, True, True)


def test_a_drift_is_told_only_when_it_exhausts_the_budget_in_its_window() -> None:
    assert told((1, DRIFT))[1] == []
    assert kinds(told((1, PRESSING))[1]) == [(1, Kind.FIRED, Level.WARN)]


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (CALM, "none"),
        (DRIFT, "drift"),
        (WARN, "warn"),
        (FIRE, "fire"),
        (SILENT, "fire"),
        (OVER, "recovering"),
        (UNKNOWN, "unknown"),
    ],
)
def test_one_word_says_where_a_budget_stands(found: Reading, word: str) -> None:
    alert, _ = advance(Alert(), found, 1, nothing)

    assert standing(alert, found) == word


def test_every_notice_of_a_budget_has_a_key_of_its_own() -> None:
    story = [(now, EVERY[(now * 7 + now // 5) % len(EVERY)]) for now in range(0, 3000, 13)]
    _, notices = told(*story, spend=everything)

    assert len(notices) > 10
    assert len({notice.key for notice in notices}) == len(notices)


stories = st.lists(
    st.tuples(st.integers(0, 500), st.sampled_from(EVERY)), min_size=1, max_size=40
).map(lambda steps: [(sum(gap for gap, _ in steps[: i + 1]), f) for i, (_, f) in enumerate(steps)])


def sometimes(since: int) -> float:
    return (since % 7) / 100


spends = st.sampled_from([nothing, everything, sometimes])


@given(stories, spends)
def test_replaying_an_evaluation_repeats_no_notice(
    story: list[tuple[int, Reading]], spend: Spend
) -> None:
    alert = Alert()
    for now, found in story:
        alert, _ = advance(alert, found, now, spend)

        assert advance(alert, found, now, spend) == (alert, ())


@given(stories, spends)
def test_a_restart_anywhere_changes_nothing(story: list[tuple[int, Reading]], spend: Spend) -> None:
    through = told(*story, spend=spend)
    alert, notices = Alert(), list[Notice]()
    for now, found in story:
        alert = Alert.from_dict(json.loads(json.dumps(alert.as_dict())))
        alert, new = advance(alert, found, now, spend)
        notices += new

    assert (alert, notices) == through


@given(stories)
def test_an_evaluation_of_the_past_changes_nothing(story: list[tuple[int, Reading]]) -> None:
    alert, _ = told(*story)
    for found in EVERY:
        assert advance(alert, found, alert.since - 1, everything) == (alert, ())


def test_a_code_holds_a_reading() -> None:
    assert reading(0b1_1110 << 4 | 0b0111) == Reading(
        fire=Signal.EMPTY,
        warn=Signal.OVER,
        drift=Signal.BURNING,
        unknown=True,
        pressing=True,
        silent=True,
    )


def test_a_fleet_says_what_its_members_would_say_alone() -> None:
    rng = np.random.default_rng(5)
    members, minutes = 40, 800
    codes = [int(code) for code in (0, 48, 12, 20, 40, 3, 131, 104, 296)]
    found = np.repeat(rng.choice(codes, (members, minutes // 40)), 40, axis=1)

    def spend(index: int, since: int) -> float:
        return (index + since) % 5 / 50

    alerts = fleet([Alert()] * members)
    together = list[tuple[int, Notice]]()
    for now in range(minutes):
        alerts, new = step(alerts, found[:, now], now, spend)
        together += new

    for index in range(members):
        story = [(now, reading(int(found[index, now]))) for now in range(minutes)]
        alone, notices = told(*story, spend=lambda since, i=index: spend(i, since))
        assert [notice for i, notice in together if i == index] == notices
        assert alerts.alerts[index] == alone
    assert len(together) > members


def unasked(_index: int, _since: int) -> float:
    raise AssertionError


def test_a_fleet_where_nothing_changes_is_not_touched() -> None:
    alerts, _ = step(fleet([Alert()] * 3), np.array([48, 0, 0]), 1, unasked)

    assert step(alerts, np.array([48, 0, 0]), 2, unasked) == (alerts, [])


def test_members_of_a_fleet_may_be_at_moments_of_their_own() -> None:
    burning = int(Signal.BURNING) << 4

    after, notices = step(fleet([Alert()] * 2), np.array([burning] * 2), np.array([7, 9]), unasked)

    assert [alert.onset for alert in after.alerts] == [7, 9]
    assert [notice.at for _, notice in notices] == [7, 9]
