"""Apprise, with a real server as the service it talks to."""

import logging
from base64 import b64decode
from collections.abc import Iterator
from io import StringIO

import pytest
from apprise.plugins.pagerduty import PAGERDUTY_API_LOOKUP

from errorbudget.errors import Failure
from errorbudget.notify.apprise import Apprise
from errorbudget.notify.channel import Postponed, Refused
from errorbudget.notify.message import Kind, Level, Message, plain
from notify.receiving import Answer, Receiver, receiving
from notify.telling import NOW, a_message, over

# Apprise looks whether this Python still has the module.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What the program's own log gets; pytest's would also catch what is kept out of it."""
    root, kept = logging.getLogger(), StringIO()
    handler, level = logging.StreamHandler(kept), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield kept
    root.setLevel(level)
    root.removeHandler(handler)


def send(receiver: Receiver, message: Message, options: str = "") -> None:
    url = f"json://ana:hunter2@{receiver.host}/t0ken/{options}"
    service = Apprise(url=url)
    service.send(message, NOW)
    service.close()


def test_a_service_gets_the_title_the_text_and_how_bad_it_is(receiver: Receiver):
    send(receiver, a_message())
    send(receiver, a_message(level=Level.WARN))
    send(receiver, over())

    told = [got.json for got in receiver.received]
    assert told[0]["title"] == "checkout: one in seven payments fails"
    assert told[0]["message"] == plain(a_message())
    assert [one["type"] for one in told] == ["failure", "warning", "success"]


def test_a_picture_goes_along_where_the_service_takes_files(receiver: Receiver):
    send(receiver, a_message(picture=b"\x89PNG burn"))
    send(receiver, a_message())

    first, second = (got.json["attachments"] for got in receiver.received)
    assert [(one["filename"], one["mimetype"]) for one in first] == [("burn.png", "image/png")]
    assert b64decode(first[0]["base64"]) == b"\x89PNG burn"
    assert second == []


def test_an_episode_is_one_incident_of_pagerduty_and_its_end_closes_it(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
):
    receiver.answer = lambda _: Answer(status=202)
    monkeypatch.setitem(PAGERDUTY_API_LOOKUP, "us", f"{receiver.url}/enqueue")
    service = Apprise(url="pagerduty://integration@apikey/source/component")
    for message in (a_message(), a_message("1.context", kind=Kind.CONTEXT, title="more"), over()):
        service.send(message, NOW)
    service.close()

    told = [got.json for got in receiver.received]
    assert [one["event_action"] for one in told] == ["trigger", "trigger", "resolve"]
    assert len({one["dedup_key"] for one in told}) == 1


HOSTILE = "<script>alert(1)</script> [here](http://evil.example) *bold* \\n"


def test_a_service_that_shows_html_is_given_no_element_of_the_data(receiver: Receiver):
    send(receiver, a_message(lines=(HOSTILE,)), "?format=html")

    (got,) = receiver.received
    assert "<script" not in got.json["message"]
    assert "&lt;script&gt;" in got.json["message"]


def test_a_service_that_shows_markdown_is_given_no_markup_of_the_data(receiver: Receiver):
    send(receiver, a_message(lines=(HOSTILE,)), "?format=markdown")

    (got,) = receiver.received
    assert r"\[here\]\(http" in got.json["message"]
    assert r"\*bold\*" in got.json["message"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_service_in_trouble_is_tried_again(receiver: Receiver, status: int):
    receiver.answer = lambda _: Answer(status=status)

    with pytest.raises(Postponed, match=f"answered {status}"):
        send(receiver, a_message())

    assert len(receiver.received) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 410])
def test_a_refusal_is_final(receiver: Receiver, status: int):
    receiver.answer = lambda _: Answer(status=status)

    with pytest.raises(Refused, match=f"answered {status}"):
        send(receiver, a_message())


@pytest.mark.parametrize("raw", [b"", b"garbage"])
def test_garbage_for_an_answer_is_not_a_receipt(receiver: Receiver, raw: bytes):
    receiver.answer = lambda _: Answer(raw=raw)

    with pytest.raises(Postponed, match="not reached"):
        send(receiver, a_message())


def test_a_service_that_does_not_answer_is_left_in_time(receiver: Receiver):
    receiver.answer = lambda _: Answer(delay=30)

    with pytest.raises(Postponed):
        send(receiver, a_message(), "?rto=0.2")


def test_a_service_that_is_not_there_is_tried_again():
    with receiving() as gone:
        pass

    with pytest.raises(Postponed):
        send(gone, a_message())


def test_a_service_does_not_send_us_elsewhere(receiver: Receiver):
    with receiving() as elsewhere:
        receiver.answer = lambda _: Answer(status=307, headers={"location": elsewhere.url})

        with pytest.raises(Postponed):
            send(receiver, a_message())

        assert elsewhere.received == []


def test_no_failure_or_log_tells_what_is_in_the_url(receiver: Receiver, log: StringIO):
    receiver.answer = lambda _: Answer(status=500)

    with pytest.raises(Postponed) as failure:
        send(receiver, a_message())

    assert "hunter2" not in str(failure.value) + log.getvalue()
    assert "t0ken" not in str(failure.value) + log.getvalue()


@pytest.mark.parametrize("url", ["slack://hunter2", "nosuch://hunter2", "hunter2", "slack://"])
def test_a_url_that_apprise_cannot_use_is_refused_and_not_repeated(url: str, log: StringIO):

    with pytest.raises(Failure, match="Apprise cannot use this") as refusal:
        Apprise(url=url)

    assert "hunter2" not in str(refusal.value) + log.getvalue()
