"""How does a message reach a program? As a signed CloudEvent in an HTTP request.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md, structured mode in JSON.
"""

from datetime import datetime
from typing import Any

import orjson

from errorbudget import clock
from errorbudget.notify import signature
from errorbudget.notify.message import Message, plain
from errorbudget.notify.posting import client, post


class Webhook:
    """One address that takes CloudEvents, and the secret it checks them with."""

    repeat = None

    def __init__(self, *, url: str, secret: str, source: str) -> None:
        self._url = url
        self._key = signature.key(secret)
        self._source = source
        self._http = client()

    def send(self, message: Message, now: datetime) -> None:
        """Post the message; a 2xx answer is taken for a receipt. Raises Postponed, Refused."""
        body = orjson.dumps(cloud_event(message, self._source))
        headers = {
            "content-type": "application/cloudevents+json; charset=utf-8",
            **signature.sign(self._key, id=message.id, at=now, body=body),
        }
        post(self._http, self._url, body=body, headers=headers, now=now)

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()


def cloud_event(message: Message, source: str) -> dict[str, Any]:
    """The event; source and id together are the same each time it is sent."""
    return {
        "specversion": "1.0",
        "id": message.id,
        "source": source,
        "type": f"errorbudget.{message.level.value}.{message.kind.value}",
        "subject": "/".join(filter(None, (message.service, message.objective))) or "errorbudget",
        "time": clock.text(message.at),
        "datacontenttype": "application/json",
        "data": message.as_dict() | {"text": plain(message)},
    }
