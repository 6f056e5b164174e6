"""Keep, tighten or loosen: by the last three windows, and by what history bears."""

from fractions import Fraction

import numpy as np
import pytest

from errorbudget.objective.notation import Target
from errorbudget.objective.proposal.history import History
from errorbudget.objective.proposal.target import propose
from errorbudget.review.recalibration import Advice, Window, recalibrate

DAYS = 140


def history(share: float) -> History:
    valid = np.full(DAYS, 100_000, np.int64)
    bad = np.random.default_rng(5).poisson(share * 100_000, DAYS).astype(np.int64)
    return History(first_day=20_000, valid=valid, bad=bad, seen=np.ones(DAYS, np.bool_))


def windows(share: float, *, known: bool = True) -> list[Window]:
    valid = 2_800_000
    return [Window(valid=valid, bad=round(share * valid), known=known)] * 3


def target(percent: str) -> Target:
    return Target(Fraction(percent) / 100)


@pytest.mark.parametrize(
    ("share", "promised", "missed", "advice", "following"),
    [
        (0.0001, "99", False, Advice.TIGHTEN, "99.98%"),
        (0.0004, "99.9", False, Advice.KEEP, "99.9%"),
        (0.004, "99.9", True, Advice.LOOSEN, "99.5%"),
        (0.004, "99.9", False, Advice.KEEP, "99.9%"),
    ],
)
def test_what_history_says_of_a_target(
    share: float, promised: str, missed: bool, advice: Advice, following: str
) -> None:
    found = recalibrate(target(promised), windows(share), propose(history(share)), missed=missed)

    assert (found.advice, str(found.next)) == (advice, following)
    assert any("History up to the quarter's end bears" in line for line in found.evidence)


def test_a_short_history_keeps_the_target_and_says_so() -> None:
    found = recalibrate(target("99"), windows(0.0001)[:2], propose(history(0.0001)), missed=False)

    assert found.advice is Advice.KEEP
    assert "Three windows of four weeks are asked for, and 2 are known." in found.evidence


def test_windows_with_gaps_are_no_evidence() -> None:
    found = recalibrate(
        target("99"), windows(0.0001, known=False), propose(history(0.0001)), missed=False
    )

    assert found.advice is Advice.KEEP
    assert found.uses == (None, None, None)
    assert found.evidence[0] == (
        "What the last 3 windows of four weeks used is not known: too little was seen."
    )


def test_a_budget_of_few_requests_keeps_its_target_and_says_what_it_needs() -> None:
    found = recalibrate(
        target("99"), windows(0), None, missed=False, small="needs 1,000 requests: pool it."
    )

    assert found.sentence == "keep 99%"
    assert "needs 1,000 requests: pool it." in found.evidence
