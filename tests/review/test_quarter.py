"""Quarters as people write them, and as they live them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errorbudget.ledger.window import moment
from errorbudget.review.quarter import Quarter

QUARTERS = st.builds(Quarter, st.integers(1971, 2100), st.integers(1, 4))
ZONES = st.sampled_from(sorted(available_timezones() - {"Factory", "localtime"}))


@pytest.mark.parametrize("text", ["2026Q3", "2026-q3", " 2026 Q3 "])
def test_it_is_read_as_people_write_it(text: str) -> None:
    assert str(Quarter.parse(text)) == "2026Q3"


@pytest.mark.parametrize("text", ["2026Q5", "Q3", "26Q3", "2026-08", "", "1900Q1"])
def test_what_is_none_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="write one as in 2026Q3"):
        Quarter.parse(text)


def test_a_clock_change_inside_makes_it_an_hour_longer() -> None:
    berlin, utc = (Quarter(2026, 4).span(zone) for zone in ("Europe/Berlin", "UTC"))

    assert len(utc) == 92 * 1440
    assert len(berlin) == 92 * 1440 + 60
    assert moment(berlin.start) == datetime(2026, 9, 30, 22, tzinfo=UTC)


@given(QUARTERS, ZONES)
def test_one_follows_on_the_other_everywhere(quarter: Quarter, zone: str) -> None:
    span, before = quarter.span(zone), quarter.before.span(zone)

    assert before.end == span.start
    assert Quarter.of(moment(span.start), zone) == quarter
    assert Quarter.of(moment(span.end - 1), zone) == quarter
    # A zone may skip midnight, but never leaves the day before it.
    assert moment(span.start).astimezone(ZoneInfo(zone)).month == 3 * quarter.number - 2
