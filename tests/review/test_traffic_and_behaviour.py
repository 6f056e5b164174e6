"""Traffic that became another one, and what people did once the budget was spent."""

import numpy as np
import pytest

from errorbudget.ledger.window import Span
from errorbudget.review.behaviour import Behaviour, Side, sides
from errorbudget.review.traffic import traffic

DAY = 1440


def days(count: int, per_minute: int) -> np.ndarray:
    return np.full(count * DAY, per_minute, np.int64)


def test_traffic_that_grew_tenfold_is_noticed() -> None:
    found = traffic(days(92, 30), days(90, 3))

    assert found.grown == 10
    assert found.sentence.startswith("Traffic is 10 times that of last quarter")
    assert "Look at the target, the capacity and the criteria anew." in found.sentence


@pytest.mark.parametrize(
    ("began", "ended", "said"),
    [(10, 10, ""), (10, 19, ""), (10, 25, "Traffic is 2.5 times"), (10, 2, "Traffic is down to")],
)
def test_without_a_last_quarter_the_first_weeks_are_compared(
    began: int, ended: int, said: str
) -> None:
    found = traffic(np.concatenate([days(30, began), days(60, ended)]), days(0, 1))

    assert found.last is None
    assert found.sentence.startswith(said) if said else found.sentence == ""


def test_a_quarter_without_traffic_says_nothing() -> None:
    assert traffic(days(90, 0), days(90, 0)).grown is None


def test_both_sides_are_equally_long_and_too_short_ones_say_nothing() -> None:
    quarter = Span(0, 92 * DAY)

    assert sides(quarter, 30 * DAY) == (Span(0, 30 * DAY), Span(30 * DAY, 60 * DAY))
    assert sides(quarter, 80 * DAY) == (Span(68 * DAY, 80 * DAY), Span(80 * DAY, 92 * DAY))
    assert sides(quarter, 3 * DAY) is None


def test_what_changed_is_said_in_words() -> None:
    def side(span: Span, deploys: int, incidents: int) -> Side:
        return Side(
            span=span, deploys=deploys, approvals=1, incidents=incidents, valid=1_000, bad=5
        )

    before, after = Span(0, 28 * DAY), Span(28 * DAY, 56 * DAY)
    sides_ = {"before": side(before, 12, 4), "after": side(after, 4, 1)}
    told = Behaviour(spent=True, enforced=True, **sides_)
    advised = Behaviour(spent=False, enforced=False, **sides_)

    assert "After the budget was spent on 1970-01-29, deploys became rarer" in told.sentence
    assert "(3.0 a week before, 1.0 after)" in told.sentence
    assert "1 incidents" not in told.sentence
    assert "After the budget would first have held changes up on" in advised.sentence
