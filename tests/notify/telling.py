"""A message to send, as a burning checkout would cause it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from errorbudget.notify.message import Kind, Level, Message, identity

START = datetime(2026, 7, 20, 14, 5, tzinfo=UTC)
NOW = START + timedelta(minutes=3)


def a_message(key: str = "1.fired", **fields: Any) -> Message:
    service = fields.get("service", "checkout")
    known: dict[str, Any] = {
        "id": identity(service, "availability", key),
        "kind": Kind.FIRED,
        "level": Level.FIRE,
        "service": service,
        "objective": "availability",
        "title": "checkout: one in seven payments fails",
        "lines": ("burning 143x over 1h, 12% of the budget is left", "4,120 of 28,900 were bad"),
        "labels": {"team": "payments", "tier": "1"},
        "links": {"runbook": "https://runbooks.shop.example/checkout"},
        "at": NOW,
        "started_at": START,
    }
    return Message(**(known | fields))


def over(key: str = "1.resolved", **fields: Any) -> Message:
    return a_message(key, **({"kind": Kind.RESOLVED, "ended_at": fields.get("at", NOW)} | fields))
