"""Recorded changes to production."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from errorbudget.change import Change, ChangeKind
from errorbudget.store.home import Home

START = datetime(2026, 7, 20, 14, 5, 0, 123456, tzinfo=UTC)
CHANGE = Change(id="4f1c", service="checkout", version="4f1c", started_at=START)


def test_a_change_comes_back_as_it_was_recorded(opened: Home):
    flag = Change(
        id="f1",
        service="search",
        version="on",
        kind=ChangeKind.FLAG,
        environment="production",
        started_at=START - timedelta(days=1),
        finished_at=START,
    )
    opened.changes.record(CHANGE)
    opened.changes.record(flag)

    assert opened.changes.list() == [flag, CHANGE]
    assert opened.changes.list("checkout") == [CHANGE]


def test_a_change_told_again_is_still_one_change(opened: Home):
    finished = replace(CHANGE, finished_at=START + timedelta(minutes=3))
    opened.changes.record(CHANGE)
    opened.changes.record(finished)

    assert opened.changes.list() == [finished]


def test_one_commit_may_change_several_services_and_environments(opened: Home):
    places = [
        replace(CHANGE, service=service, environment=environment)
        for service in ("checkout", "search")
        for environment in ("", "staging")
    ]
    for place in places:
        opened.changes.record(place)

    assert len(opened.changes.list()) == 4


def test_changes_are_found_by_when_they_started(opened: Home):
    for hour in range(4):
        started = START + timedelta(hours=hour)
        opened.changes.record(replace(CHANGE, id=str(hour), started_at=started))

    found = opened.changes.list(since=START + timedelta(hours=1), until=START + timedelta(hours=3))

    assert [change.id for change in found] == ["1", "2"]
