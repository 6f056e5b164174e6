from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from errorbudget.ledger.spans import union, without
from errorbudget.ledger.window import Span

spans = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda pair: Span(min(pair), max(pair))),
    max_size=5,
).map(tuple)


def minutes_of(told: tuple[Span, ...]) -> set[int]:
    return {minute for span in told for minute in range(span.start, span.end)}


@given(spans)
def test_a_union_has_the_same_minutes_told_once_and_in_order(told: tuple[Span, ...]) -> None:
    joined = union(told)

    assert minutes_of(joined) == minutes_of(told)
    assert all(a.end < b.start for a, b in pairwise(joined))


@given(spans, spans)
def test_spans_without_others_have_the_minutes_that_are_left(
    told: tuple[Span, ...], removed: tuple[Span, ...]
) -> None:
    left = without(union(told), union(removed))

    assert minutes_of(tuple(left)) == minutes_of(told) - minutes_of(removed)
