"""Freezes: when a usual change was held up, and for how long."""

from fractions import Fraction

from errorbudget.objective.document import RiskClass
from errorbudget.review.freezing import Held, Seen, first_spent, freezes

ALL = frozenset(RiskClass)
REPAIRS = frozenset((RiskClass.ROLLBACK, RiskClass.CRITICAL))
LOW = REPAIRS | {RiskClass.LOW}
STEP = 360


def seen(*states: tuple[frozenset[RiskClass], float | None], unknown: bool = False) -> list[Seen]:
    return [
        Seen(
            minute=place * STEP,
            permits=permits,
            unknown=unknown,
            remaining=None if left is None else Fraction(left),
            objective="availability",
        )
        for place, (permits, left) in enumerate(states)
    ]


def test_a_freeze_lasts_until_the_next_look_that_permits() -> None:
    looked = seen((ALL, 0.6), (LOW, 0.4), (REPAIRS, -0.5), (ALL, 0.7), (LOW, 0.4))

    first, last = freezes(looked, STEP, 5 * STEP)

    assert (first.span.start, first.span.end) == (STEP, 3 * STEP)
    assert first.permits == REPAIRS
    assert first.lowest == Fraction(-0.5)
    assert (last.span.start, last.span.end) == (4 * STEP, 5 * STEP)


def test_it_does_not_last_beyond_the_quarter() -> None:
    (freeze,) = freezes(seen((LOW, 0.4)), STEP, 100)

    assert freeze.span.end == 100
    assert freeze.days == Fraction(100, 1440)


def test_want_of_knowledge_is_told_apart_from_want_of_budget() -> None:
    looked = [*seen((REPAIRS, None), unknown=True)]
    held = Held(freezes=tuple(freezes(looked, STEP, STEP)))

    assert held.spent == ()
    assert held.words == "no freeze"
    assert held.unknown_days == Fraction(1, 4)


def test_the_words_say_how_many_and_how_long() -> None:
    looked = seen((LOW, 0.4), (ALL, 0.6), (LOW, 0.4), (LOW, 0.4))

    assert Held(freezes=tuple(freezes(looked, STEP, 4 * STEP))).words == (
        "2 freezes of 0.5 and 0.25 days"
    )
    assert Held(freezes=tuple(freezes(looked[:1], 4 * STEP, 4 * STEP))).words == "1 freeze of 1 day"


def test_spent_is_when_nothing_is_left() -> None:
    looked = seen((ALL, 0.6), (LOW, 0.01), (REPAIRS, 0))

    found = first_spent(looked)

    assert found is not None
    assert found.minute == 2 * STEP
    assert first_spent(looked[:2]) is None
