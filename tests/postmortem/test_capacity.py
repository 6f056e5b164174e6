"""What remains of a budget is told as changes that still fit."""

import pytest

from errorbudget.postmortem.capacity import rooms

DEPLOYS = [0.0] * 57 + [0.03, 0.05, 0.064]


@pytest.mark.parametrize(("left", "safe"), [(0.6, 136), (0.4, 81), (0.2, 32), (0.1, 8)])
def test_what_fits_is_what_the_reference_simulation_found(left: float, safe: int) -> None:
    (room,) = rooms({"normal": DEPLOYS}, remaining=left, background=0.05, unseen=0.05)

    assert room.fits == pytest.approx(safe, rel=0.2)
    assert (room.changes, room.failures, room.assumed) == (60, 3, False)


def test_nothing_fits_where_what_is_usual_takes_all_that_is_left() -> None:
    (room,) = rooms({"normal": DEPLOYS}, remaining=0.04, background=0.05, unseen=0.05)

    assert (room.fits, room.exhausts) == (0, 1.0)


def test_a_class_that_never_failed_borrows_from_those_that_did() -> None:
    low, high = rooms(
        {"low": [0.0] * 100, "high": [0.0, 0.3, 0.2, 0.0]},
        remaining=0.25,
        background=0,
        unseen=0.05,
    )

    assert low.fits > high.fits
    assert low.exhausts < high.exhausts
    assert high.assumed
    assert low.mean_cost == pytest.approx(0.25)


def test_without_any_history_a_failure_is_taken_to_cost_what_a_postmortem_is_due_for() -> None:
    (room,) = rooms({"normal": []}, remaining=0.5, background=0, unseen=0.05)

    assert room.assumed
    assert room.mean_cost == pytest.approx(0.05)
    assert 0 < room.fits < 300


def test_plenty_is_not_counted_to_the_last() -> None:
    (room,) = rooms({"low": [0.0] * 500}, remaining=1, background=0, unseen=0.0001, most=60)

    assert (room.fits, room.capped) == (60, True)
