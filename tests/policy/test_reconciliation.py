"""What shipped past the gate, found by setting decisions beside changes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from errorbudget.change import Change, Origin
from errorbudget.policy.reconciliation import Asked, Deploy, answers, deploy_of, version_of

AT = datetime(2026, 7, 20, 14, 5, tzinfo=UTC)


def after(minutes: float) -> datetime:
    return AT + timedelta(minutes=minutes)


def change(version: str, minutes: float = 0, *, took: float | None = None, seen: bool = False):
    return Change(
        id=f"deploy-{version}",
        service="shop",
        version=version,
        started_at=after(minutes),
        finished_at=None if took is None else after(minutes + took),
        origin=Origin.TRAFFIC if seen else Origin.TOLD,
    )


def asked(
    name: str, minutes: float = 0, *, permitted: bool = True, entry: int = 1, **more
) -> Asked:
    values = {"service": "shop", "change": name, "at": after(minutes), "entry": entry} | more
    return Asked(permitted=permitted, **values)


def found(changes: list[Change], *given: Asked) -> list[int | None]:
    return [one.entry if one else None for one in answers(changes, given)]


def test_a_change_is_known_by_its_id_or_its_version():
    assert found([change("1"), change("2")], asked("deploy-1"), asked("2", entry=2)) == [1, 2]


def test_another_services_decision_is_not_for_this_one():
    assert found([change("1")], asked("1", service="other")) == [None]


def test_the_last_answer_before_it_was_through_counts():
    given = asked("1", -9, permitted=False), asked("1", -5, entry=2), asked("1", 90, entry=3)

    assert found([change("1", took=30)], *given) == [2]


def test_asking_afterwards_is_not_asking():
    assert found([change("1")], asked("1", 2)) == [None]
    assert found([change("1", took=10)], asked("1", 11)) == [None]


def test_a_version_in_the_traffic_may_have_been_asked_about_by_the_name_of_a_commit():
    assert found([change("1.2", 12, seen=True)], asked("8f1d4a2")) == [1]


def test_one_permit_covers_one_deploy():
    versions = [change("1.2", 12, seen=True), change("1.3", 20, seen=True)]

    assert found(versions, asked("8f1d4a2")) == [1, None]


def test_a_permit_that_is_another_recorded_changes_covers_no_other():
    changes = [change("1.2"), change("1.3", 12, seen=True)]

    assert found(changes, asked("1.2")) == [1, None]


def test_neither_an_old_permit_nor_a_refusal_covers_a_version_of_another_name():
    assert found([change("1.2", 61, seen=True)], asked("8f1d4a2")) == [None]
    assert found([change("1.2", 12, seen=True)], asked("8f1d4a2", permitted=False)) == [None]


def test_what_was_told_of_is_known_by_its_name_alone():
    assert found([change("1.2", 12)], asked("8f1d4a2")) == [None]


def deploy(name: str, minutes: float = 0, revision: str = "") -> Deploy:
    told = replace(change(name, minutes, took=2), id=name)
    return Deploy(told, revision)


def brought(seen: Change, *deploys: Deploy) -> str | None:
    found = deploy_of(seen, deploys)
    return found.id if found else None


@pytest.mark.parametrize(
    ("version", "name"),
    [
        ("1.4.0", "v1.4.0"),
        ("1.4.0", "shop-1.4.0"),
        ("1.4.0-3f2a9c1", "build 77"),
        ("3f2a9c1", "build 77"),
        ("v1.4.0-2-g3f2a9c1", "build 77"),
    ],
)
def test_a_version_is_known_by_the_deploys_name_or_its_commit(version: str, name: str):
    mine, later = deploy(name, revision="3f2a9c1" + "0" * 33), deploy("other", 1)

    assert brought(change(version, 5, seen=True), mine, later) == name
    assert version_of(mine, [change("9", 4, seen=True), change(version, 5, seen=True)]) == replace(
        mine.change, version=version
    )


def test_a_version_by_another_name_is_the_last_deploys_within_the_hour():
    early, late = deploy("a"), deploy("b", 10)

    assert brought(change("1.4.0", 15, seen=True), early, late) == "b"
    assert brought(change("1.4.0", 73, seen=True), early, late) is None
    assert brought(change("1.4.0", -1, seen=True), early, late) is None


def test_a_deploy_whose_version_is_known_brought_no_other():
    known = Deploy(replace(deploy("a").change, version="1.4.0"), "")

    assert brought(change("1.5.0", 15, seen=True), known) is None
    assert version_of(known, [change("1.5.0", 15, seen=True)]).version == "1.4.0"
