"""A change that is told again is one change, where that is certain."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from errorbudget.change import ChangeKind
from errorbudget.program.changes import Telling
from errorbudget.program.program import Program

NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TOLD = Telling(service="shop", version="2.1", environment="production")


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    with Program.open(tmp_path / "home", create=True) as opened:
        yield opened


def test_the_same_said_again_within_minutes_is_one_change_and_one_entry(program: Program) -> None:
    first = program.changes.tell(TOLD, now=NOW)
    again = program.changes.tell(TOLD, now=NOW + 9 * MINUTE)

    assert again == first
    assert program.home.changes.list() == [first]
    assert [entry.fields()["kind"] for entry in program.home.trail.entries()].count("change") == 1


def test_the_end_of_a_change_may_be_told_later(program: Program) -> None:
    first = program.changes.tell(TOLD, now=NOW)
    ended = NOW + 5 * MINUTE
    program.changes.tell(replace(TOLD, finished=ended), now=ended)

    assert program.home.changes.list() == [replace(first, finished_at=ended)]


@pytest.mark.parametrize(
    "second",
    [
        replace(TOLD, version="2.2"),
        replace(TOLD, kind=ChangeKind.FLAG),
        replace(TOLD, environment="staging"),
        replace(TOLD, id="another"),
        replace(TOLD, key="another"),
        replace(TOLD, started=NOW + MINUTE),
    ],
    ids=lambda one: next(
        name for name in Telling.__slots__ if getattr(one, name) != getattr(TOLD, name)
    ),
)
def test_what_differs_is_another_change(program: Program, second: Telling) -> None:
    program.changes.tell(TOLD, now=NOW)
    program.changes.tell(second, now=NOW + MINUTE)

    assert len(program.home.changes.list()) == 2


def test_a_version_that_comes_back_after_another_or_later_is_deployed_again(
    program: Program,
) -> None:
    for minutes, version in enumerate(("2.1", "2.0", "2.1")):
        program.changes.tell(replace(TOLD, version=version), now=NOW + minutes * MINUTE)
    program.changes.tell(TOLD, now=NOW + 13 * MINUTE)

    told = [one.version for one in program.home.changes.list()]
    assert told == ["2.1", "2.0", "2.1", "2.1"]


def test_one_key_is_one_change_as_it_was_first_recorded(program: Program) -> None:
    first = program.changes.tell(replace(TOLD, key="job-7"), now=NOW)
    again = program.changes.tell(replace(TOLD, key="job-7"), now=NOW + timedelta(hours=3))

    assert again == first
    assert program.home.changes.list() == [first]
