from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from errorbudget.ledger.spans import spread, union, without
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


@given(st.integers(0, 3000), st.integers(0, 3000), st.integers(1, 40))
def test_parts_are_spread_over_a_span_and_have_as_many_minutes_as_asked(
    length: int, minutes: int, parts: int
) -> None:
    span = Span(100, 100 + length)
    told = spread(span, minutes, parts)

    assert sum(map(len, told)) in range(min(minutes - parts, length), max(minutes, 1) + 1)
    assert all(before.end <= after.start for before, after in pairwise(told))
    assert minutes_of(tuple(told)) <= minutes_of((span,))


def test_a_part_is_at_the_end_of_each_stretch() -> None:
    assert spread(Span(0, 60), 6, 3) == [Span(18, 20), Span(38, 40), Span(58, 60)]
