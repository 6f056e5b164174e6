"""Which target does a history bear out?"""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from errorbudget.objective.proposal.grid import GRID, tighter
from errorbudget.objective.proposal.history import History
from errorbudget.objective.proposal.sentences import promise
from errorbudget.objective.proposal.target import Contribution, Proposal, propose
from objective.proposal.days import FIRST_DAY, history


def committed(found: Proposal) -> str:
    assert found.commit is not None
    return found.commit.target


@pytest.mark.parametrize(
    ("rate", "target"), [(0.005, "99%"), (0.0005, "99.9%"), (0.00004, "99.995%"), (0.03, "95%")]
)
def test_a_steady_service_commits_to_the_tightest_step_that_it_keeps(
    rate: float, target: str
) -> None:
    found = propose(history(rate))

    assert committed(found) == target
    assert found.commit is not None
    assert found.commit.kept == found.commit.windows
    assert 0.4 <= found.commit.bad_use <= 1


def test_a_target_that_history_overspends_is_never_the_commit() -> None:
    found = propose(history(0.005))

    assert committed(found) != "99.9%"
    assert next(one for one in found.candidates if one.target == "99.5%").kept < 57


def test_the_stretch_is_the_next_step_of_the_grid() -> None:
    found = propose(history(0.005))

    assert found.commit is not None
    assert found.stretch is not None
    assert found.stretch.allowance == tighter(found.commit.allowance)


def test_steps_of_the_grid_at_least_halve_the_budget() -> None:
    ratios = {one / other for one, other in pairwise(GRID)}

    assert ratios == {Fraction(2), Fraction(5, 2)}


def test_the_work_between_commit_and_stretch_is_the_incident_that_costs_it() -> None:
    made = history(lambda day: 0.0004 + 0.02 * (day % 21 == 5))
    usual = np.where(np.arange(84) % 21 == 5, made.bad - 0.0004 * made.valid, 0)
    found = propose(made, [Contribution(name="the incidents of Tuesdays", bad=usual)])

    assert found.work is not None
    assert found.work.name == "the incidents of Tuesdays"
    assert found.work.enough
    assert any("without the incidents of Tuesdays" in line for line in promise(found, made))


def test_a_service_that_was_broken_last_week_promises_what_it_is_now() -> None:
    found = propose(history(lambda day: np.where(day < 77, 0.0001, 0.003)))

    assert found.present.step is not None
    assert found.present.start == 77
    assert committed(found) in ("99.5%", "99%")


def test_a_service_that_was_repaired_promises_what_it_is_now() -> None:
    found = propose(history(lambda day: np.where(day < 42, 0.005, 0.0004)))

    assert found.present.start == 42
    assert committed(found) == "99.95%"


def test_a_worsening_trend_is_carried_on_into_the_quarter_to_come() -> None:
    made = history(lambda day: 0.0004 * 2 ** (day / 42))
    found = propose(made)

    assert found.present.trend is not None
    assert found.present.trend.weekly == pytest.approx(2 ** (1 / 6), rel=0.05)
    assert committed(found) == "99.5%"
    assert any("grow by 12% a week" in line for line in promise(found, made))


def test_an_improving_trend_is_not_counted_on() -> None:
    found = propose(history(lambda day: 0.004 * 2 ** (-day / 42)))

    assert found.present.trend is None
    assert committed(found) in ("99.5%", "99%")


def test_one_day_of_outage_is_set_aside_and_its_cost_is_told() -> None:
    made = history(lambda day: np.where(day == 40, 0.33, 0.0004))
    found = propose(made)

    assert committed(found) == "99.95%"
    assert found.present.set_aside is not None
    assert found.present.set_aside.first == 40
    assert found.set_aside_use == pytest.approx(0.33 / (0.0005 * 28), rel=0.02)
    assert any("23.6 times this budget" in line for line in promise(found, made))


def test_weekends_are_no_regime() -> None:
    found = propose(history(lambda day: np.where(day % 7 >= 5, 0.0012, 0.0006)))

    assert found.present.step is None
    assert found.present.trend is None
    assert found.present.set_aside is None


def test_few_requests_get_a_longer_window_and_a_target_limited_by_volume() -> None:
    made = history(0.0, days=180, a_day=3)
    found = propose(made)

    assert found.window == 90
    assert committed(found) == "95%"
    assert found.limited_by == "volume"
    assert any("Limited by volume" in line for line in promise(found, made))


def test_hardly_any_requests_get_no_budget() -> None:
    made = history(0.1, days=180, a_day=0.5)
    found = propose(made)

    assert found.commit is None
    assert promise(found, made)[0].startswith("There is no meaningful budget")


def test_a_service_that_mostly_fails_gets_no_promise() -> None:
    made = history(0.4)

    assert propose(made).commit is None
    assert promise(propose(made), made)[0].startswith("No target is worth a promise yet")


def test_a_short_history_says_so_and_gives_a_range() -> None:
    made = history(lambda day: np.where(day == 2, 0.002, 0.0001), days=5, a_day=3_000)
    found = propose(made)

    said = " ".join(promise(found, made))
    assert "Only 5 days speak for it" in said
    assert found.between is not None
    assert f"between {found.between[0]} and {found.between[1]}" in said


def test_days_that_nobody_could_see_say_nothing() -> None:
    whole = history(0.005)
    seen = np.ones(84, np.bool_)
    seen[10:14] = False
    gappy = History(
        first_day=FIRST_DAY,
        valid=np.where(seen, whole.valid, 1000),
        bad=np.where(seen, whole.bad, 1000),
        seen=seen,
    )
    found = propose(gappy)

    assert committed(found) == "99%"
    assert any("On 4 of 84 days nothing could be seen" in line for line in promise(found, gappy))


def test_the_same_history_gets_the_same_proposal() -> None:
    one, other = (propose(history(0.0008)) for _ in range(2))

    assert one.candidates == other.candidates
    assert one.stability == other.stability
