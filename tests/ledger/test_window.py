from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errorbudget.ledger.window import (
    Calendar,
    Rolling,
    Span,
    Window,
    dates,
    minute_ceil,
    minute_floor,
    moment,
)

ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Gaza",
    "Pacific/Kiritimati",
]
calendars = st.builds(
    Calendar, st.sampled_from(["month", "quarter", "year"]), st.sampled_from(ZONES)
)
minutes = st.integers(
    minute_floor(datetime(1975, 1, 1, tzinfo=UTC)), minute_floor(datetime(2060, 1, 1, tzinfo=UTC))
)
Unit = Literal["month", "quarter", "year"]


def at(text: str) -> int:
    return minute_floor(datetime.fromisoformat(text))


@given(calendars, minutes)
def test_consecutive_calendar_windows_tile_time(calendar: Calendar, minute: int) -> None:
    span = calendar.span(minute + 1)

    assert minute in span
    assert calendar.span(span.end + 1).start == span.end
    assert calendar.span(span.start).end == span.start


@given(calendars, minutes)
def test_every_minute_of_a_window_has_the_same_window(calendar: Calendar, minute: int) -> None:
    span = calendar.span(minute + 1)

    assert calendar.span(span.start + 1) == span
    assert calendar.span(span.end) == span
    assert calendar.span(span.end + 1) != span


@given(calendars, minutes)
def test_a_window_begins_at_a_local_midnight(calendar: Calendar, minute: int) -> None:
    local = moment(calendar.span(minute).start).astimezone(ZoneInfo(calendar.timezone))

    assert local.day == 1
    assert local.hour <= 1  # 01:00 where clocks skip midnight


@pytest.mark.parametrize(
    ("unit", "timezone", "inside", "start", "end"),
    [
        ("quarter", "Europe/Berlin", "2026-02-10T00:00Z", "2025-12-31T23:00Z", "2026-03-31T22:00Z"),
        ("quarter", "Europe/Berlin", "2026-11-23T20:00Z", "2026-09-30T22:00Z", "2026-12-31T23:00Z"),
        ("month", "Europe/Berlin", "2026-03-29T01:00Z", "2026-02-28T23:00Z", "2026-03-31T22:00Z"),
        ("month", "Asia/Kathmandu", "2026-05-10T00:00Z", "2026-04-30T18:15Z", "2026-05-31T18:15Z"),
        (
            "month",
            "America/St_Johns",
            "2026-03-10T00:00Z",
            "2026-03-01T03:30Z",
            "2026-04-01T02:30Z",
        ),
        ("month", "Pacific/Apia", "2011-12-15T00:00Z", "2011-12-01T10:00Z", "2011-12-31T10:00Z"),
        ("month", "UTC", "2024-02-29T12:00Z", "2024-02-01T00:00Z", "2024-03-01T00:00Z"),
        ("year", "UTC", "2024-12-31T23:59Z", "2024-01-01T00:00Z", "2025-01-01T00:00Z"),
    ],
)
def test_calendar_windows_follow_local_dates(
    unit: Unit, timezone: str, inside: str, start: str, end: str
) -> None:
    assert Calendar(unit, timezone).span(at(inside) + 1) == Span(at(start), at(end))


def test_a_quarter_of_berlin_with_a_spring_change_is_an_hour_short() -> None:
    first = Calendar("quarter", "Europe/Berlin").span(at("2026-02-10T00:00Z"))

    assert len(first) == 90 * 1440 - 60


def test_samoa_had_a_december_of_thirty_days() -> None:
    assert len(Calendar("month", "Pacific/Apia").span(at("2011-12-15T00:00Z"))) == 30 * 1440


def test_on_the_last_stroke_a_window_is_still_the_one_that_ends() -> None:
    berlin = Calendar("quarter", "Europe/Berlin")
    midnight = at("2026-12-31T23:00Z")

    assert berlin.span(midnight).end == midnight
    assert berlin.span(midnight + 1).start == midnight


@pytest.mark.parametrize(
    ("window", "end", "first", "last"),
    [
        (Calendar("month", "Asia/Kolkata"), "2026-07-10T00:00Z", "2026-07-01", "2026-07-31"),
        (Calendar("quarter", "Europe/Berlin"), "2025-02-10T00:00Z", "2025-01-01", "2025-03-31"),
        (Calendar("month", "America/New_York"), "2026-11-02T00:00Z", "2026-11-01", "2026-11-30"),
        (Calendar("year", "Pacific/Kiritimati"), "2024-05-01T00:00Z", "2024-01-01", "2024-12-31"),
        (Rolling(28 * 1440), "2026-06-29T00:00Z", "2026-06-01", "2026-06-28"),
        (Rolling(28 * 1440), "2026-06-29T00:01Z", "2026-06-01", "2026-06-29"),
    ],
)
def test_a_window_is_told_by_the_dates_of_its_own_zone(
    window: Window, end: str, first: str, last: str
) -> None:
    told = dates(window, window.span(at(end)))

    assert [day.isoformat() for day in told] == [first, last]


@given(calendars, minutes)
def test_consecutive_calendar_windows_share_no_date(calendar: Calendar, minute: int) -> None:
    span = calendar.span(minute)
    first, last = dates(calendar, span)
    following, _ = dates(calendar, calendar.span(span.end + 1))

    assert first.day == 1
    assert last < following


def test_a_span_without_a_minute_has_no_dates() -> None:
    with pytest.raises(ValueError, match="no dates"):
        dates(Rolling(1440), Span(7, 7))


def test_a_rolling_window_ends_where_it_is_asked() -> None:
    assert Rolling(28 * 1440).span(100_000) == Span(100_000 - 40_320, 100_000)


@given(st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_moment_lies_between_its_floor_and_its_ceiling(when: datetime) -> None:
    floor, ceil = moment(minute_floor(when)), moment(minute_ceil(when))

    assert floor <= when <= ceil
    assert ceil - floor == (
        timedelta(minutes=1) if when.second or when.microsecond else timedelta()
    )


def test_a_span_cannot_end_before_it_starts() -> None:
    with pytest.raises(ValueError, match="before it starts"):
        Span(5, 4)
