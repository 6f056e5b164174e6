"""States of alerts and what was told of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from errorbudget.store.alerts import Told
from errorbudget.store.home import Home

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
TOLD = Told(
    id="a1",
    name="shop",
    objective="availability",
    kind="fired",
    level="fire",
    at=NOW,
    started_at=NOW - timedelta(minutes=3),
    body=b"{}",
)


def test_a_state_replaces_the_one_before_and_can_be_dropped(opened: Home):
    with opened.database.writing() as connection:
        opened.alerts.keep(connection, {("shop", "a"): b"1", ("shop", "b"): b"2"})
    with opened.database.writing() as connection:
        opened.alerts.keep(connection, {("shop", "a"): b"3"})
        opened.alerts.forget(connection, [("shop", "b")])

    assert opened.alerts.all() == {("shop", "a"): b"3"}


def test_a_notice_is_kept_once_and_found_by_its_moment(opened: Home):
    later = replace(TOLD, id="a2", at=NOW + timedelta(hours=1))
    with opened.database.writing() as connection:
        for one in (later, TOLD):
            opened.alerts.note(connection, one)
        assert opened.alerts.noted(connection, "a2")
        assert not opened.alerts.noted(connection, "a3")

    assert opened.alerts.told() == [TOLD, later]
    assert opened.alerts.told(since=NOW + timedelta(minutes=1)) == [later]
    assert opened.alerts.told(until=later.at) == [TOLD]


def test_states_notices_and_letters_are_kept_together_or_not_at_all(opened: Home):
    def tell() -> None:
        with opened.database.writing() as connection:
            opened.alerts.keep(connection, {("shop", "a"): b"1"})
            opened.alerts.note(connection, TOLD)
            opened.outbox.put(
                connection, message="a1", thread="t", body=b"{}", addresses=["chat"], now=NOW
            )
            raise RuntimeError("killed here")

    with pytest.raises(RuntimeError):
        tell()

    assert opened.alerts.all() == {}
    assert opened.alerts.told() == []
    assert opened.outbox.due("chat", NOW) == []


def test_the_edition_of_documents_changes_with_any_of_them(opened: Home):
    def apply(body: bytes) -> int:
        opened.documents.apply(
            name="shop", services=["shop"], body=body, state="binding", file="f", now=NOW
        )
        return opened.documents.edition()

    assert opened.documents.edition() == 0
    first = apply(b"service: shop\n")
    assert apply(b"service: shop\n") == first
    assert apply(b"service: shop # new\n") > first
