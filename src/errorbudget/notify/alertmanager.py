"""How does a message become an alert in Prometheus Alertmanager, and stop being one?

https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
"""

import logging
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from errorbudget import clock
from errorbudget.notify.channel import Postponed, Refused
from errorbudget.notify.message import BURNING, Kind, Level, Message, is_web, plain
from errorbudget.notify.posting import client, post

LOG = logging.getLogger(__name__)

REPEAT: Final = timedelta(minutes=1)
"""How often an alert that still fires is sent again, as Prometheus does by default."""

LIFE: Final = 4 * REPEAT
"""How long an alert lives without being sent again: when we die, it does. Also Prometheus's."""

NAMES: Final = {
    Level.SILENCE: "ErrorBudgetSilence",
    Level.LAG: "ErrorBudgetLag",
    Level.HEARTBEAT: "ErrorBudgetHeartbeat",
    Level.INFO: "ErrorBudgetNote",
}
SEVERITIES: Final = {
    Level.FIRE: "critical",
    Level.SILENCE: "critical",
    Level.WARN: "warning",
    Level.LAG: "warning",
    Level.HEARTBEAT: "none",
}


class Alertmanager:
    """The Alertmanagers of one cluster; each must be told, for they do not pass alerts on."""

    repeat = REPEAT

    def __init__(self, *, urls: Sequence[str]) -> None:
        self._urls = [f"{url.rstrip('/')}/api/v2/alerts" for url in urls]
        self._http = client()

    def send(self, message: Message, now: datetime) -> None:
        """Tell every Alertmanager; one that takes it is enough. Raises Postponed, Refused.

        One that missed it is told with the next repeat, or lets the alert expire.
        """
        body = orjson.dumps(alerts(message, now))
        failures = [failure for url in self._urls if (failure := self._tell(url, body, now))]
        if len(failures) == len(self._urls):
            # Later may help as soon as it may help with one of them.
            raise next((one for one in failures if isinstance(one, Postponed)), failures[0])
        for failure in failures:
            LOG.warning("an Alertmanager of several missed a message: %s", failure)

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()

    def _tell(self, url: str, body: bytes, now: datetime) -> Postponed | Refused | None:
        headers = {"content-type": "application/json"}
        try:
            post(self._http, url, body=body, headers=headers, now=now, explains=True)
        except (Postponed, Refused) as failure:
            return failure
        return None


def alerts(message: Message, now: datetime) -> list[dict[str, Any]]:
    """The alert, and the end of those that the same episode may have raised at other levels.

    Alertmanager knows an alert by its labels, so another level is another alert there.
    """
    firing = message.kind is not Kind.RESOLVED
    raised = BURNING if message.level in BURNING else (message.level,)
    if message.kind in (Kind.FIRED, Kind.CONTEXT, Kind.NOTE):
        raised = (message.level,)
    return [
        _alert(message, level, now, firing=firing and level is message.level) for level in raised
    ]


def labels(message: Message, level: Level) -> dict[str, str]:
    """What Alertmanager routes by and knows the alert by: stable throughout an episode."""
    own = {
        "alertname": NAMES.get(level, "ErrorBudgetBurn"),
        "service": message.service,
        "objective": message.objective,
        "level": level.value,
        "severity": SEVERITIES.get(level, "info"),
    }
    named = {_label_name(name): value for name, value in message.labels.items()} | own
    return {name: value for name, value in named.items() if name and value}


def _alert(message: Message, level: Level, now: datetime, *, firing: bool) -> dict[str, Any]:
    # An end that is not in the past would leave the alert firing until then.
    ends = now + LIFE if firing else min(message.ended_at or now, now)
    alert: dict[str, Any] = {
        "labels": labels(message, level),
        "annotations": _annotations(message),
        "startsAt": clock.text(min(message.started_at, ends)),
        "endsAt": clock.text(ends),
    }
    page = message.links.get("page", "")
    return alert | ({"generatorURL": page} if is_web(page) else {})


def _annotations(message: Message) -> dict[str, str]:
    links = {
        f"{_label_name(name)}_url": address
        for name, address in message.links.items()
        if is_web(address)
    }
    return {"summary": message.title, "description": plain(message), **links}


def _label_name(name: str) -> str:
    """A name as Prometheus takes it, such as app_kubernetes_io_name."""
    safe = re.sub(r"[^a-zA-Z0-9_]", "_", name).lstrip("_")
    return f"_{safe}" if safe[:1].isdecimal() else safe
