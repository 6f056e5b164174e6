"""Alerts in a real Alertmanager: they fire once, escalate, resolve, and expire when we die."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from errorbudget.notify.alertmanager import LIFE, REPEAT, Alertmanager, alerts, labels
from errorbudget.notify.channel import Postponed, Refused
from errorbudget.notify.message import Kind, Level
from notify.conftest import RealAlertmanager
from notify.receiving import Answer, Receiver, eventually, receiving
from notify.telling import NOW, START, a_message, over


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 -- a real Alertmanager has a real clock


def told(alertmanager: RealAlertmanager) -> list[tuple[str, str]]:
    """What people were notified of: status and level, oldest first."""
    return [
        (alert["status"], alert["labels"]["level"])
        for got in alertmanager.people.received
        for alert in got.json["alerts"]
    ]


def levels(alertmanager: RealAlertmanager) -> list[str]:
    return sorted(alert["labels"]["level"] for alert in alertmanager.active())


def started(now: datetime) -> dict[str, Any]:
    return {"started_at": now - timedelta(minutes=5), "at": now}


def test_an_alert_fires_once_however_often_it_is_sent_and_resolves(
    alertmanager: RealAlertmanager, now: datetime
):
    channel = Alertmanager(urls=[alertmanager.url])
    for second in range(3):
        channel.send(a_message(**started(now)), now + timedelta(seconds=second))
    alertmanager.people.wait_for(1)

    (alert,) = alertmanager.active()
    assert alert["labels"] == {
        "alertname": "ErrorBudgetBurn",
        "service": "checkout",
        "objective": "availability",
        "level": "fire",
        "severity": "critical",
        "team": "payments",
        "tier": "1",
    }
    assert alert["annotations"]["summary"] == "checkout: one in seven payments fails"
    assert alert["annotations"]["runbook_url"] == "https://runbooks.shop.example/checkout"

    channel.send(over(**started(now)), now)
    eventually(lambda: told(alertmanager)[-1][0] == "resolved")
    channel.close()

    assert told(alertmanager) == [("firing", "fire"), ("resolved", "fire")]
    assert alertmanager.active() == []


def test_more_about_an_alert_keeps_it_the_same_alert(alertmanager: RealAlertmanager, now: datetime):
    channel = Alertmanager(urls=[alertmanager.url])
    channel.send(a_message(**started(now)), now)
    alertmanager.people.wait_for(1)
    more = a_message("1.context", kind=Kind.CONTEXT, lines=("Who: one tenant",), **started(now))
    channel.send(more, now + timedelta(seconds=1))
    channel.close()

    eventually(lambda: "one tenant" in alertmanager.active()[0]["annotations"]["description"])
    assert levels(alertmanager) == ["fire"]
    assert told(alertmanager) == [("firing", "fire")]


def test_an_escalation_takes_the_lower_level_back(alertmanager: RealAlertmanager, now: datetime):
    channel = Alertmanager(urls=[alertmanager.url])
    channel.send(a_message(level=Level.WARN, **started(now)), now)
    eventually(lambda: levels(alertmanager) == ["warn"])
    alertmanager.people.wait_for(1)

    channel.send(a_message("2", kind=Kind.ESCALATED, **started(now)), now)
    eventually(lambda: levels(alertmanager) == ["fire"])
    channel.send(over("3", **started(now)), now)
    eventually(lambda: len(told(alertmanager)) == 4)
    channel.close()

    assert sorted(told(alertmanager)) == [
        ("firing", "fire"),
        ("firing", "warn"),
        ("resolved", "fire"),
        ("resolved", "warn"),
    ]
    assert alertmanager.active() == []


def test_an_alert_that_is_not_sent_again_expires(alertmanager: RealAlertmanager, now: datetime):
    channel = Alertmanager(urls=[alertmanager.url])
    almost_over = now - LIFE + timedelta(seconds=2)
    channel.send(a_message(**started(now)), almost_over)
    alertmanager.people.wait_for(1)
    eventually(lambda: alertmanager.active() == [])
    channel.close()


def test_a_heartbeat_is_an_alert_of_its_own(alertmanager: RealAlertmanager, now: datetime):
    channel = Alertmanager(urls=[alertmanager.url])
    beat = a_message(level=Level.HEARTBEAT, service="errorbudget", objective="", **started(now))
    channel.send(beat, now)
    eventually(lambda: levels(alertmanager) == ["heartbeat"])
    channel.close()

    (alert,) = alertmanager.active()
    assert (alert["labels"]["alertname"], alert["labels"]["severity"]) == (
        "ErrorBudgetHeartbeat",
        "none",
    )


def test_an_alert_lives_through_a_missed_repeat():
    (alert,) = alerts(a_message(), NOW)

    assert datetime.fromisoformat(alert["endsAt"]) - NOW >= 3 * REPEAT


def test_odd_labels_and_links_are_taken(alertmanager: RealAlertmanager, now: datetime):
    channel = Alertmanager(urls=[alertmanager.url])
    odd = {
        "app.kubernetes.io/name": "shop",
        "__x": "1",
        "9": "n",
        "": "e",
        "level": "mine",
        "e": "",
    }
    links = {"page": "javascript:alert(1)", "run book": "https://shop.example/ü?a=b c"}
    channel.send(a_message(service="zahlung ü", labels=odd, links=links, **started(now)), now)
    eventually(lambda: len(alertmanager.active()) == 1)
    channel.close()

    (alert,) = alertmanager.active()
    assert alert["labels"]["app_kubernetes_io_name"] == "shop"
    assert (alert["labels"]["x"], alert["labels"]["_9"]) == ("1", "n")
    assert (alert["labels"]["level"], alert["labels"]["service"]) == ("fire", "zahlung ü")
    assert "e" not in alert["labels"]
    assert set(alert["annotations"]) == {"summary", "description"}
    assert "javascript" not in alert.get("generatorURL", "")


def test_what_is_over_since_later_than_now_is_over_now(
    alertmanager: RealAlertmanager, now: datetime
):
    channel = Alertmanager(urls=[alertmanager.url])
    channel.send(a_message(**started(now)), now)
    eventually(lambda: levels(alertmanager) == ["fire"])
    channel.send(over(started_at=now, ended_at=now + timedelta(hours=1)), now)
    eventually(lambda: levels(alertmanager) == [])
    channel.close()


def test_one_alertmanager_of_several_is_enough(alertmanager: RealAlertmanager, now: datetime):
    with receiving() as gone:
        pass
    channel = Alertmanager(urls=[gone.url, alertmanager.url + "/"])
    channel.send(a_message(**started(now)), now)
    eventually(lambda: levels(alertmanager) == ["fire"])
    channel.close()


def test_all_that_are_there_are_told(receiver: Receiver):
    with receiving() as other:
        Alertmanager(urls=[receiver.url, other.url]).send(a_message(), NOW)

        assert receiver.received[0].json == other.received[0].json


def test_it_is_tried_again_while_one_may_still_take_it(receiver: Receiver):
    with receiving() as other:
        receiver.answer = lambda _: Answer(status=400)
        other.answer = lambda _: Answer(status=503)

        with pytest.raises(Postponed, match="503"):
            Alertmanager(urls=[receiver.url, other.url]).send(a_message(), NOW)


def test_a_refusal_says_why(alertmanager: RealAlertmanager, now: datetime):
    channel = Alertmanager(urls=[f"{alertmanager.url}/elsewhere"])

    with pytest.raises(Refused, match="answered 404 Not Found"):
        channel.send(a_message(**started(now)), now)
    channel.close()


def test_labels_do_not_change_while_a_level_lasts():
    first = labels(a_message(), Level.FIRE)

    assert first == labels(a_message("9", kind=Kind.AGAIN, title="other", at=START), Level.FIRE)
    assert first == labels(over(), Level.FIRE)
