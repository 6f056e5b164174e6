"""What does a decision look like to tools that read telemetry?

A log record of OpenTelemetry in OTLP's JSON
(https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding), under the names of its semantic
conventions where they have one (https://opentelemetry.io/docs/specs/semconv/registry/attributes/vcs/).
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

EVENT: Final = "errorbudget.gate.decision"
SCOPE: Final = "errorbudget.gate"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SEVERITY: Final = {"allow": (9, "INFO"), "needs_approval": (13, "WARN"), "block": (13, "WARN")}


def log_line(fields: Mapping[str, Any], *, trail: str) -> bytes:
    """The request that exports a decision's entry, one line of JSON; `trail` is its origin."""
    body = fields["body"]
    decision = body["decision"]
    number, text = _SEVERITY[decision["decision"]]
    record = {
        "timeUnixNano": _nanoseconds(fields["at"]),
        "severityNumber": number,
        "severityText": text,
        "eventName": EVENT,
        "body": {"stringValue": _written(decision["reason"])},
        "attributes": _attributes(_named(fields, trail)),
    }
    where = {
        "service.name": body["service"],
        "deployment.environment.name": body["environment"],
    }
    told = {
        "resourceLogs": [
            {
                "resource": {"attributes": _attributes(where)},
                "scopeLogs": [{"scope": {"name": SCOPE}, "logRecords": [record]}],
            }
        ]
    }
    return json.dumps(told, separators=(",", ":")).encode() + b"\n"


def _named(fields: Mapping[str, Any], trail: str) -> dict[str, str | int]:
    """What the conventions name, and beside it what they have no name for."""
    body = fields["body"]
    decision, diff = body["decision"], body["diff"] or {}
    return {
        "vcs.repository.url.full": diff.get("repository", ""),
        "vcs.ref.base.revision": diff.get("base", ""),
        "vcs.ref.head.revision": diff.get("head", ""),
        "errorbudget.change": body["change"],
        "errorbudget.decision": decision["decision"],
        "errorbudget.reason_code": decision["reason_code"],
        "errorbudget.band": decision["band"],
        "errorbudget.risk": decision["risk"]["class"],
        "errorbudget.policy.digest": body["policy"],
        "errorbudget.trail": trail,
        "errorbudget.entry": fields["seq"],
    }


def _attributes(named: Mapping[str, str | int]) -> list[dict[str, Any]]:
    """Those that are known: an empty text would say that there is one."""
    return [
        {"key": key, "value": _value(value)}
        for key, value in named.items()
        if value not in ("", None)
    ]


def _value(value: str | int) -> dict[str, str]:
    # OTLP's JSON writes whole numbers of 64 bits as text.
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": _written(value)}


def _written(text: str) -> str:
    """As protocol buffers want text: what came from bytes that are no UTF-8 is spelt out."""
    return text.encode(errors="backslashreplace").decode()


def _nanoseconds(stamp: str) -> str:
    passed = datetime.fromisoformat(stamp) - _EPOCH
    return str(passed // timedelta(microseconds=1) * 1000)
