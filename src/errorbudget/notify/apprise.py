"""How does a message reach a chat, a pager or a mailbox? Through Apprise, one URL a channel.

Apprise says yes or no; which no it was is read from what it notes of the service's answer.
"""

import logging
import re
from datetime import datetime
from typing import Final

import apprise
from apprise.attachment.memory import AttachMemory
from apprise.plugins.pagerduty import NotifyPagerDuty, PagerDutyAction

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.notify.channel import Postponed, Refused
from errorbudget.notify.message import Kind, Level, Message, plain

TIMEOUT: Final = 20.0
"""Seconds after which a service counts as not answering."""

# Apprise's log repeats addresses, and most of them hold a token: none of it reaches our log.
logging.getLogger("apprise").propagate = False
logging.getLogger("urllib3").setLevel(logging.ERROR)


class Apprise:
    """One service that Apprise knows: Slack, PagerDuty, Teams, e-mail, …"""

    repeat = None

    def __init__(self, *, url: str) -> None:
        asset = apprise.AppriseAsset(
            app_id="errorbudget",
            app_desc="errorbudget",
            service_timeout=TIMEOUT,
            http_redirects=False,
            async_mode=False,
        )
        self._services = apprise.Apprise(asset=asset)
        if not self._services.add(url) or len(self._services) != 1:
            scheme = re.match(r"[a-z0-9]+(?=:)", url)
            raise Failure(
                f"Apprise cannot use this {scheme[0] if scheme else ''} URL".replace("  ", " "),
                "Try it with `apprise -vv URL`; the forms are at https://appriseit.com/services/",
            )
        self._own_key = "dedup=" in url or "action=" in url

    def send(self, message: Message, now: datetime) -> None:  # noqa: ARG002 -- a Channel is told
        """Hand the message to the service. Raises Postponed, Refused."""
        self._keep_to_one_incident(message)
        with self._services.notify(
            title=message.title,
            body=plain(message),
            body_format=apprise.NotifyFormat.TEXT,
            notify_type=_type(message),
            attach=self._attached(message),
        ) as result:
            if result:
                return
            notes = " ".join(entry.message for one in result.results for entry in one.logs())
            names = " ".join(one.name for one in result.results)
        _refuse(names or "Apprise", notes)

    def _keep_to_one_incident(self, message: Message) -> None:
        """An episode is one incident of PagerDuty: what follows adds to it, and its end closes it.

        Unless the address says otherwise, with `dedup` or `action`.
        """
        for service in self._services:
            if isinstance(service, NotifyPagerDuty) and not self._own_key:
                service.dedup = f"{message.thread}@{clock.text(message.started_at)}"
                service.action = PagerDutyAction.MAP

    def _attached(self, message: Message) -> apprise.AppriseAttachment | None:
        if not message.picture or not all(one.attachment_support for one in self._services):
            return None
        picture = AttachMemory(message.picture, name="burn.png", mimetype="image/png")
        return apprise.AppriseAttachment(picture)

    def close(self) -> None:
        """Forget the service."""
        self._services.clear()


def _refuse(service: str, notes: str) -> None:
    """Raise the failure that these notes tell of; of their words only the status is kept."""
    status = re.search(r"error=(\d{3})\b", notes)
    if status is None:
        raise Postponed(f"{service}: not reached, or gave no clear answer")
    words = f"{service}: answered {status[1]}"
    if status[1].startswith("4") and status[1] not in ("408", "425", "429"):
        raise Refused(words)
    raise Postponed(words)


def _type(message: Message) -> apprise.NotifyType:
    if message.kind is Kind.RESOLVED:
        return apprise.NotifyType.SUCCESS
    if message.level in (Level.FIRE, Level.SILENCE):
        return apprise.NotifyType.FAILURE
    if message.level in (Level.WARN, Level.LAG):
        return apprise.NotifyType.WARNING
    return apprise.NotifyType.INFO
