"""The outbox: kept with the state it tells of, in order by thread, and nothing twice."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import DatabaseError

from errorbudget.store.home import Home
from errorbudget.store.outbox import Letter, State
from errorbudget.store.schema import claim

NOW = datetime(2026, 7, 20, 14, 5, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def put(
    home: Home,
    message: str,
    *,
    thread: str = "checkout",
    addresses: Iterable[str] = ("oncall",),
    now: datetime = NOW,
) -> int:
    with home.database.writing() as connection:
        return home.outbox.put(
            connection,
            message=message,
            thread=thread,
            body=message.encode(),
            addresses=addresses,
            now=now,
        )


def due(home: Home, address: str = "oncall", now: datetime = NOW) -> list[str]:
    return [letter.message for letter in home.outbox.due(address, now)]


def first(home: Home, now: datetime = NOW) -> Letter:
    return home.outbox.due("oncall", now)[0]


def counts(home: Home) -> dict[str, int]:
    return {state.value: count for state, count in home.outbox.counts().items() if count}


def test_a_message_becomes_one_letter_for_each_address(opened: Home):
    assert put(opened, "a", addresses=["oncall", "chat", "oncall"]) == 2

    (letter,) = opened.outbox.due("chat", NOW)
    assert letter == Letter(
        seq=letter.seq,
        message="a",
        address="chat",
        thread="checkout",
        body=b"a",
        state=State.WAITING,
        attempts=0,
        problem="",
        put_at=NOW,
        due_at=NOW,
        sent_at=None,
    )


def test_letters_survive_closing_and_opening(opened: Home, store: str):
    put(opened, "a")
    path = opened.path
    opened.close()

    with Home.open(path, store=store) as again:
        assert due(again) == ["a"]


def test_a_message_put_again_is_not_sent_again(opened: Home):
    put(opened, "a")
    opened.outbox.sent(first(opened), NOW)

    assert put(opened, "a") == 0
    assert due(opened) == []
    assert put(opened, "a", addresses=["oncall", "chat"]) == 1
    assert due(opened, "chat") == ["a"]


def test_a_message_and_the_state_it_tells_of_are_kept_or_lost_together(opened: Home):
    with pytest.raises(DatabaseError):
        put_with_a_state_that_cannot_be_stored(opened)

    assert due(opened) == []
    assert opened.documents.name_for("checkout") is None


def put_with_a_state_that_cannot_be_stored(home: Home) -> None:
    with home.database.writing() as connection:
        home.outbox.put(
            connection, message="a", thread="t", body=b"", addresses=["oncall"], now=NOW
        )
        for _ in range(2):
            connection.execute(insert(claim).values(service="checkout", name="checkout"))


def test_of_a_thread_only_the_first_is_due(opened: Home):
    put(opened, "fired")
    put(opened, "resolved")
    put(opened, "another", thread="search")

    assert due(opened) == ["fired", "another"]

    opened.outbox.postpone(first(opened), NOW + SECOND, "no answer")
    assert due(opened) == ["another"]
    assert due(opened, now=NOW + SECOND) == ["fired", "another"]

    opened.outbox.sent(first(opened, NOW + SECOND), NOW)
    assert due(opened) == ["resolved", "another"]


def test_a_postponed_letter_counts_its_tries_and_says_what_was_wrong(opened: Home):
    put(opened, "a")
    for _ in range(3):
        opened.outbox.postpone(first(opened), NOW, "no answer")

    assert (first(opened).attempts, first(opened).problem) == (3, "no answer")

    opened.outbox.sent(first(opened), NOW, repeat_at=NOW)
    assert (first(opened).attempts, first(opened).problem) == (0, "")


def test_the_next_due_moment_is_that_of_the_first_of_each_thread(opened: Home):
    assert opened.outbox.next_due("oncall") is None

    put(opened, "fired")
    put(opened, "resolved")
    opened.outbox.postpone(first(opened), NOW + SECOND, "no answer")

    assert opened.outbox.next_due("oncall") == NOW + SECOND


def test_what_stands_is_due_again_until_a_later_message_replaces_it(opened: Home):
    put(opened, "fired")
    opened.outbox.sent(first(opened), NOW, repeat_at=NOW + SECOND)

    assert due(opened) == []
    assert due(opened, now=NOW + SECOND) == ["fired"]

    put(opened, "resolved")

    assert due(opened, now=NOW + SECOND) == ["resolved"]
    assert counts(opened) == {"waiting": 1, "sent": 1}


def test_what_was_replaced_while_on_its_way_does_not_stand(opened: Home):
    put(opened, "fired")
    on_its_way = first(opened)
    put(opened, "resolved")
    opened.outbox.sent(on_its_way, NOW, repeat_at=NOW + SECOND)

    assert due(opened, now=NOW + SECOND) == ["resolved"]


def test_a_repeat_that_was_replaced_while_on_its_way_does_not_come_back(opened: Home):
    put(opened, "fired")
    opened.outbox.sent(first(opened), NOW, repeat_at=NOW)
    on_its_way = first(opened)
    put(opened, "resolved")
    opened.outbox.postpone(on_its_way, NOW, "no answer")
    opened.outbox.sent(on_its_way, NOW, repeat_at=NOW)

    assert due(opened) == ["resolved"]


def test_dead_letters_are_listed_and_resent(opened: Home):
    for name in "abc":
        put(opened, name, thread=name)
    for letter in opened.outbox.due("oncall", NOW):
        opened.outbox.bury(letter, "answered 410 Gone")

    dead = opened.outbox.dead()
    assert [letter.message for letter in dead] == ["a", "b", "c"]
    assert {letter.problem for letter in dead} == {"answered 410 Gone"}
    assert due(opened) == []

    assert opened.outbox.resend(NOW, only=[dead[1].seq]) == 1
    assert due(opened) == ["b"]
    assert opened.outbox.resend(NOW) == 2
    assert due(opened) == ["a", "b", "c"]
    assert first(opened).attempts == 0


def test_a_dead_letter_does_not_hold_up_its_thread(opened: Home):
    put(opened, "fired")
    put(opened, "resolved")
    opened.outbox.bury(first(opened), "refused")

    assert due(opened) == ["resolved"]


def test_letters_for_an_address_that_is_gone_are_dead_and_not_forgotten(opened: Home):
    put(opened, "a", addresses=["oncall", "chat"])

    assert opened.outbox.bury_for_others_than(["chat"]) == 1
    assert [letter.address for letter in opened.outbox.dead()] == ["oncall"]
    assert due(opened, "chat") == ["a"]


def test_only_old_letters_that_arrived_are_forgotten(opened: Home):
    for name in ("sent", "waiting", "dead"):
        put(opened, name, thread=name)
    sent, _, dead = opened.outbox.due("oncall", NOW)
    opened.outbox.sent(sent, NOW)
    opened.outbox.bury(dead, "refused")

    assert opened.outbox.forget(NOW) == 0
    assert opened.outbox.forget(NOW + SECOND) == 1
    assert counts(opened) == {"waiting": 1, "dead": 1}
