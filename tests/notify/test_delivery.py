"""Delivery from a real outbox to real receivers: retries, dead letters, order, and slow ones."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errorbudget import clock
from errorbudget.notify.channel import Channel, Postponed
from errorbudget.notify.delivery import HOLD, Delivery, Later, Lost, Patience, after_failure
from errorbudget.notify.message import Message
from errorbudget.notify.webhook import Webhook
from errorbudget.store.home import Home
from errorbudget.store.outbox import Letter, State
from notify.receiving import Answer, Received, Receiver, eventually, receiving
from notify.telling import NOW, a_message, over

SECRET = "a secret of more than twenty-four bytes"
SECOND = timedelta(seconds=1)
BRISK = Patience(first=timedelta(milliseconds=20), longest=timedelta(milliseconds=40), tries=4)


@pytest.fixture
def opened(home: Path) -> Iterator[Home]:
    with Home.open(home, create=True) as one:
        yield one


def put(home: Home, *messages: Message, addresses: tuple[str, ...] = ("hook",)) -> None:
    with home.database.writing() as connection:
        for message in messages:
            home.outbox.put(
                connection,
                message=message.id,
                thread=message.thread,
                body=message.to_bytes(),
                addresses=addresses,
                now=clock.now(),
            )


def hook(receiver: Receiver) -> Webhook:
    return Webhook(url=receiver.url, secret=SECRET, source="test")


@contextmanager
def delivering(home: Home, **channels: Channel) -> Iterator[Delivery[Letter]]:
    delivery = Delivery(home.outbox, channels, clock=clock.now, patience=BRISK)
    delivery.start()
    yield delivery
    assert delivery.stop()
    for channel in channels.values():
        channel.close()


def kinds(receiver: Receiver) -> list[str]:
    return [got.json["type"].rsplit(".", 1)[-1] for got in receiver.received]


def failing(times: int, status: int = 500, **answer: Any) -> Any:
    left = [status] * times

    def answered(_: Received) -> Answer:
        return Answer(status=left.pop(), **answer) if left else Answer()

    return answered


def test_a_letter_is_delivered_soon_after_it_is_put(opened: Home, receiver: Receiver):
    with delivering(opened, hook=hook(receiver)) as delivery:
        put(opened, a_message())
        delivery.wake()
        receiver.wait_for(1, 2)
        eventually(lambda: opened.outbox.counts()[State.SENT] == 1)


def test_what_was_put_before_the_start_is_delivered(opened: Home, receiver: Receiver):
    put(opened, a_message())
    with delivering(opened, hook=hook(receiver)):
        receiver.wait_for(1)


def test_a_receiver_that_recovers_gets_every_letter_in_order(opened: Home, receiver: Receiver):
    receiver.answer = failing(3)
    put(opened, a_message(), over())
    with delivering(opened, hook=hook(receiver)):
        eventually(lambda: opened.outbox.counts()[State.SENT] == 2)

    assert kinds(receiver) == ["fired"] * 4 + ["resolved"]


def test_after_enough_tries_a_letter_is_dead_and_can_be_resent(opened: Home, receiver: Receiver):
    receiver.answer = failing(BRISK.tries, 503)
    put(opened, a_message())
    with delivering(opened, hook=hook(receiver)) as delivery:
        eventually(lambda: opened.outbox.counts()[State.DEAD] == 1)
        (dead,) = opened.outbox.dead()
        assert (dead.attempts, len(receiver.received)) == (BRISK.tries, BRISK.tries)
        assert "answered 503 Service Unavailable" in dead.problem

        opened.outbox.resend(clock.now())
        delivery.wake()
        eventually(lambda: opened.outbox.counts()[State.SENT] == 1)

    assert len({got.headers["webhook-id"] for got in receiver.received}) == 1


def test_a_refused_letter_is_dead_at_once_and_the_next_one_goes(opened: Home, receiver: Receiver):
    receiver.answer = failing(1, 410)
    put(opened, a_message(), over())
    with delivering(opened, hook=hook(receiver)):
        eventually(lambda: opened.outbox.counts()[State.SENT] == 1)

    assert kinds(receiver) == ["fired", "resolved"]
    assert opened.outbox.counts()[State.DEAD] == 1


def test_a_receiver_that_asks_for_time_is_given_it(opened: Home, receiver: Receiver):
    receiver.answer = failing(1, 429, headers={"retry-after": "1"})
    put(opened, a_message(), a_message("2", service="search"))
    with delivering(opened, hook=hook(receiver)) as delivery:
        receiver.wait_for(1)
        asked_at = clock.now()
        for _ in range(20):
            delivery.wake()
        receiver.wait_for(3)

    assert clock.now() - asked_at > SECOND * 0.8


def test_a_slow_receiver_delays_no_other(opened: Home, receiver: Receiver):
    with receiving() as slow:
        slow.answer = lambda _: Answer(delay=3)
        put(opened, *(a_message(str(n)) for n in range(3)), addresses=("slow", "hook"))
        with delivering(opened, slow=hook(slow), hook=hook(receiver)):
            receiver.wait_for(3, 2)
            assert len(slow.received) <= 1
            slow.closing.set()


def test_what_cannot_be_read_is_dead(opened: Home, receiver: Receiver):
    with opened.database.writing() as connection:
        for number, body in enumerate((b"", b"{}", b"[1]", b'{"ended_at": 7}')):
            opened.outbox.put(
                connection,
                message=str(number),
                thread="t",
                body=body,
                addresses=["hook"],
                now=NOW,
            )
    with delivering(opened, hook=hook(receiver)):
        eventually(lambda: opened.outbox.counts()[State.DEAD] == 4)

    assert receiver.received == []


def test_a_letter_to_an_address_that_is_gone_is_dead(opened: Home, receiver: Receiver):
    put(opened, a_message(), addresses=("old", "hook"))
    with delivering(opened, hook=hook(receiver)):
        receiver.wait_for(1)

    (dead,) = opened.outbox.dead()
    assert (dead.address, dead.problem) == ("old", "no target of this name is configured any more")


@dataclass
class Standing:
    """A channel like Alertmanager's: what it is told must be said again and again."""

    receiver: Webhook
    repeat: timedelta | None = timedelta(milliseconds=30)

    def send(self, message: Message, now: datetime) -> None:
        self.receiver.send(message, now)

    def close(self) -> None:
        self.receiver.close()


def test_who_takes_over_gives_up_letters_to_addresses_that_are_gone(
    opened: Home, receiver: Receiver
):
    put(opened, a_message(), addresses=("hook", "gone"))
    leads, channel = threading.Event(), hook(receiver)
    delivery = Delivery(
        opened.outbox, {"hook": channel}, clock=clock.now, patience=BRISK, speaks=leads.is_set
    )
    delivery.start()
    assert opened.outbox.dead() == []

    leads.set()
    delivery.wake()

    eventually(lambda: [one.address for one in opened.outbox.dead()] == ["gone"])
    assert delivery.stop()
    channel.close()


def test_what_holds_is_repeated_until_it_is_taken_back(opened: Home, receiver: Receiver):
    put(opened, a_message())
    with delivering(opened, hook=Standing(hook(receiver))) as delivery:
        receiver.wait_for(4)
        put(opened, over())
        delivery.wake()
        eventually(lambda: opened.outbox.counts()[State.SENT] == 2)
        told = kinds(receiver)
        threading.Event().wait(0.2)

    assert told == kinds(receiver)
    assert told[-1] == "resolved"
    assert set(told[:-1]) == {"fired"}


def test_what_holds_is_repeated_after_a_restart(opened: Home, receiver: Receiver):
    put(opened, a_message())
    with delivering(opened, hook=Standing(hook(receiver))):
        receiver.wait_for(2)
    before = len(receiver.received)
    with delivering(opened, hook=Standing(hook(receiver))):
        receiver.wait_for(before + 2)


def test_what_holds_is_never_given_up(opened: Home, receiver: Receiver):
    put(opened, a_message())
    with delivering(opened, hook=Standing(hook(receiver))):
        receiver.wait_for(1)
        eventually(lambda: opened.outbox.counts()[State.STANDING] == 1)
        receiver.answer = failing(BRISK.tries * 2)
        receiver.wait_for(BRISK.tries * 2 + 3)

    assert opened.outbox.dead() == []


class Broken:
    repeat = None

    def send(self, message: Message, now: datetime) -> None:  # noqa: ARG002
        raise KeyError("a defect")

    def close(self) -> None:
        pass


def test_a_defect_in_a_channel_ends_as_a_dead_letter_and_not_as_silence(
    opened: Home, receiver: Receiver
):
    put(opened, a_message(), addresses=("broken", "hook"))
    with delivering(opened, broken=Broken(), hook=hook(receiver)):
        receiver.wait_for(1)
        eventually(lambda: opened.outbox.counts()[State.DEAD] == 1)

    assert opened.outbox.dead()[0].problem == "a defect of the program: KeyError"


class FullDisk:
    """A real outbox whose marks cannot be written for a while."""

    def __init__(self, home: Home, times: int) -> None:
        self._home, self._left = home, times

    def sent(self, letter: Letter, now: datetime, *, repeat_at: datetime | None = None) -> None:
        if self._left:
            self._left -= 1
            raise OSError("No space left on device")
        self._home.outbox.sent(letter, now, repeat_at=repeat_at)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._home.outbox, name)


def test_what_was_delivered_is_not_repeated_while_it_cannot_be_noted(
    opened: Home, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("errorbudget.notify.delivery.HOLD", timedelta(milliseconds=300))
    put(opened, a_message(), over())
    full: Any = FullDisk(opened, 3)
    delivery = Delivery[Letter](full, {"hook": hook(receiver)}, clock=clock.now, patience=BRISK)
    delivery.start()
    eventually(lambda: opened.outbox.counts()[State.SENT] == 2)
    assert delivery.stop()

    assert kinds(receiver) == ["fired", "resolved"]


@given(st.integers(1, 200), st.text(max_size=9))
def test_waits_double_up_to_the_longest_and_are_spread(attempts: int, seed: str):
    patience = Patience()
    wait = patience.wait(attempts, seed)
    doubled = min(patience.first * 2 ** min(attempts - 1, 20), patience.longest)

    assert doubled / 2 <= wait <= doubled
    assert wait == patience.wait(attempts, seed)


def test_letters_that_failed_together_do_not_return_together():
    waits = {Patience().wait(9, str(letter)) for letter in range(100)}

    assert len(waits) > 95


def test_by_default_a_receiver_may_be_away_for_more_than_an_hour():
    patience = Patience()
    away = sum((patience.wait(n, "x") for n in range(1, patience.tries)), timedelta())

    assert timedelta(hours=1) < away < timedelta(hours=4)


def a_letter(**fields: Any) -> Letter:
    known: dict[str, Any] = {
        "seq": 1,
        "message": "a",
        "address": "hook",
        "thread": "t",
        "body": b"",
        "state": State.WAITING,
        "attempts": 0,
        "problem": "",
        "put_at": NOW,
        "due_at": NOW,
        "sent_at": None,
    }
    return Letter(**(known | fields))


@given(st.integers(0, 100), st.integers(0, 7200))
def test_a_failure_never_leads_to_a_try_before_what_was_asked(attempts: int, asked: int):
    failure = Postponed("busy", retry_after=asked * SECOND)
    outcome = after_failure(a_letter(attempts=attempts), failure, Patience(), None, NOW)

    if attempts + 1 >= Patience().tries:
        assert outcome == Lost(problem="busy")
    else:
        assert isinstance(outcome, Later)
        assert outcome.due_at >= outcome.hold >= NOW + asked * SECOND
        assert outcome.hold <= NOW + max(HOLD, asked * SECOND)


@given(st.integers(0, 100))
def test_a_standing_letter_is_retried_within_its_repeat(attempts: int):
    standing = a_letter(attempts=attempts, sent_at=NOW)
    outcome = after_failure(standing, Postponed("busy"), Patience(), 60 * SECOND, NOW)

    assert isinstance(outcome, Later)
    assert outcome.due_at <= NOW + 60 * SECOND
