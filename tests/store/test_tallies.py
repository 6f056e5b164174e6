"""Packed days of tallies: replaced whole, together with the batch they include."""

from pathlib import Path

import pytest
from sqlalchemy.exc import DatabaseError

from errorbudget.store.home import Home
from errorbudget.store.tallies import Extent

SERIES = "a" * 64
OTHER = "b" * 64


def test_a_series_never_counted_has_no_batch_and_no_days(opened: Home):
    assert opened.tallies.counted(SERIES) is None
    assert opened.tallies.load_days(SERIES, 0) == {}


def test_days_are_replaced_and_others_stay(opened: Home):
    opened.tallies.replace_days(SERIES, {1: b"one", 2: b"two"}, extent=Extent(batch=7))
    opened.tallies.replace_days(OTHER, {2: b"other"}, extent=Extent(batch=8))
    opened.tallies.replace_days(SERIES, {2: b"TWO", 3: b"three"}, extent=Extent(batch=9))

    assert opened.tallies.load_days(SERIES, 0) == {1: b"one", 2: b"TWO", 3: b"three"}
    assert opened.tallies.load_days(SERIES, 2) == {2: b"TWO", 3: b"three"}
    assert opened.tallies.load_days(OTHER, 0) == {2: b"other"}
    assert (opened.tallies.counted(SERIES), opened.tallies.counted(OTHER)) == (
        Extent(batch=9),
        Extent(batch=8),
    )


def test_counting_a_batch_that_touched_no_day_is_noted(opened: Home):
    opened.tallies.replace_days(SERIES, {1: b"one"}, extent=Extent(batch=7))
    opened.tallies.replace_days(SERIES, {}, extent=Extent(batch=8))

    assert opened.tallies.counted(SERIES) == Extent(batch=8)
    assert opened.tallies.load_days(SERIES, 0) == {1: b"one"}


def test_a_failure_in_the_middle_changes_nothing(opened: Home):
    opened.tallies.replace_days(SERIES, {1: b"one"}, extent=Extent(batch=7))

    with pytest.raises(DatabaseError):
        opened.tallies.replace_days(SERIES, {1: b"ONE", 2: None}, extent=Extent(batch=8))  # type: ignore[dict-item]

    assert opened.tallies.load_days(SERIES, 0) == {1: b"one"}
    assert opened.tallies.counted(SERIES) == Extent(batch=7)


def test_what_was_stored_is_there_when_the_home_is_opened_again(home: Path):
    with Home.open(home, create=True) as first:
        first.tallies.replace_days(SERIES, {-1: bytes(range(256))}, extent=Extent(batch=2**40))

    with Home.open(home) as again:
        assert again.tallies.load_days(SERIES, -9) == {-1: bytes(range(256))}
        assert again.tallies.counted(SERIES) == Extent(batch=2**40)
