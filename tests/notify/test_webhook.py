"""Webhooks at a real server: what it is sent, and what its answers mean."""

from datetime import timedelta

import pytest

from errorbudget.notify import posting, signature
from errorbudget.notify.channel import Postponed, Refused
from errorbudget.notify.webhook import Webhook
from notify.receiving import Answer, Receiver, receiving
from notify.telling import NOW, a_message

SECRET = "whsec_" + "c2VjcmV0" * 4


def send(receiver: Receiver, path: str = "/hook?token=hunter2") -> None:
    webhook = Webhook(url=f"{receiver.url}{path}", secret=SECRET, source="https://eb.example")
    try:
        webhook.send(a_message(), NOW)
    finally:
        webhook.close()


def test_a_receiver_gets_a_cloud_event_that_it_can_verify(receiver: Receiver):
    send(receiver)

    (got,) = receiver.received
    signed_id = signature.verify(signature.key(SECRET), got.headers, got.body, NOW)
    event = got.json
    text = event["data"].pop("text")

    assert got.path == "/hook?token=hunter2"
    assert got.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert signed_id == event["id"] == a_message().id
    assert event == {
        "specversion": "1.0",
        "id": a_message().id,
        "source": "https://eb.example",
        "type": "errorbudget.fire.fired",
        "subject": "checkout/availability",
        "time": "2026-07-20T14:08:00Z",
        "datacontenttype": "application/json",
        "data": a_message().as_dict(),
    }
    assert text.startswith("burning 143x")


def test_a_repeat_carries_the_same_id_and_the_same_bytes(receiver: Receiver):
    send(receiver)
    send(receiver)

    first, second = receiver.received
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_a_receiver_in_trouble_is_tried_again(receiver: Receiver, status: int):
    receiver.answer = lambda _: Answer(status=status)

    with pytest.raises(Postponed, match=rf"http://127\.0\.0\.1:\d+: answered {status}") as failure:
        send(receiver)

    assert failure.value.retry_after is None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 415, 422])
def test_a_refusal_is_final(receiver: Receiver, status: int):
    receiver.answer = lambda _: Answer(status=status, body=b"no, " * 100_000)

    with pytest.raises(Refused, match=f"answered {status}"):
        send(receiver)


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        ("7", timedelta(seconds=7)),
        ("Mon, 20 Jul 2026 14:09:00 GMT", timedelta(minutes=1)),
        ("Mon, 20 Jul 2026 14:00:00 GMT", timedelta()),
        ("99999999999999999999", timedelta(hours=1)),
        ("soon", None),
        ("-3", None),
        ("Mon, 99 Jul 2026 14:00:00 GMT", None),
    ],
)
def test_a_receiver_may_say_when_to_come_back(
    receiver: Receiver, asked: str, wait: timedelta | None
):
    receiver.answer = lambda _: Answer(status=429, headers={"retry-after": asked})

    with pytest.raises(Postponed) as failure:
        send(receiver)

    assert failure.value.retry_after == wait


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(receiver: Receiver, status: int):
    with receiving() as elsewhere:
        receiver.answer = lambda _: Answer(status=status, headers={"location": elsewhere.url})

        with pytest.raises(Refused, match="redirects are not followed"):
            send(receiver)

        assert elsewhere.received == []


@pytest.mark.parametrize("raw", [b"", b"\xff\x00garbage\r\n\r\n", b"HTTP/1.1 twohundred\r\n\r\n"])
def test_garbage_for_an_answer_is_not_a_receipt(receiver: Receiver, raw: bytes):
    receiver.answer = lambda _: Answer(raw=raw)

    with pytest.raises(Postponed):
        send(receiver)


def test_a_receiver_that_does_not_answer_is_left_in_time(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(posting, "TIMEOUT", 0.2)
    receiver.answer = lambda _: Answer(delay=30)

    with pytest.raises(Postponed, match="no answer in time"):
        send(receiver)


def test_a_receiver_that_is_not_there_is_tried_again():
    with receiving() as gone:
        pass

    with pytest.raises(Postponed, match=gone.url):
        send(gone)


@pytest.mark.parametrize("status", [302, 404, 429, 500])
def test_no_failure_or_log_tells_the_address_or_the_secret(
    receiver: Receiver, status: int, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("DEBUG")
    receiver.answer = lambda _: Answer(status=status, headers={"location": "/?token=hunter2"})

    with pytest.raises((Postponed, Refused)) as failure:
        send(receiver)

    assert "hunter2" not in str(failure.value) + caplog.text
    assert SECRET not in str(failure.value) + caplog.text
