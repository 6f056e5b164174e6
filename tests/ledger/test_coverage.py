from datetime import UTC, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from errorbudget.ledger.coverage import Life, Lives
from errorbudget.ledger.window import Span

AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
spans = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda pair: Span(min(pair), max(pair))),
    max_size=5,
).map(tuple)
lives = st.builds(
    Life,
    first_request=st.none() | st.integers(0, 60),
    as_of=st.just(AS_OF),
    alive=spans,
    excluded=spans,
)


def minutes_of(told: tuple[Span, ...]) -> set[int]:
    return {minute for span in told for minute in range(span.start, span.end)}


@given(st.lists(lives, min_size=1, max_size=4), st.integers(0, 60), st.integers(0, 60))
def test_coverage_counts_the_minutes_that_are_alive_known_and_not_excluded(
    told: list[Life], one: int, other: int
) -> None:
    start, end = min(one, other), max(one, other)
    count = len(told)

    alive, known = Lives.of(told).coverage(np.full(count, start), np.full(count, end))

    for index, life in enumerate(told):
        first = end if life.first_request is None else max(start, life.first_request)
        window = set(range(first, end)) - minutes_of(life.excluded)
        assert known[index] == len(window)
        assert alive[index] == len(window & minutes_of(life.alive))


def test_coverage_of_chosen_rows_may_ask_one_several_times() -> None:
    told = [
        Life(),
        Life(first_request=0, alive=(Span(0, 10), Span(20, 30)), excluded=(Span(5, 8),)),
    ]

    alive, known = Lives.of(told).coverage(
        np.array([0, 0, 8]), np.array([10, 10, 25]), np.array([1, 0, 1])
    )

    assert alive.tolist() == [7, 0, 7]
    assert known.tolist() == [7, 0, 17]
