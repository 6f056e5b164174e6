"""A decision as OpenTelemetry reads it: with the protocol's own classes, under its own names."""

from typing import Any

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from errorbudget.policy.telemetry import log_line


def entry(**more: Any) -> dict[str, Any]:
    decision = {
        "decision": "needs_approval",
        "reason": "needs approval: caf\udce9.sql",
        "reason_code": "band_forbids",
        "band": "25 % to 50 %",
        "risk": {"class": "high"},
    }
    body = {
        "service": "checkout",
        "environment": "production",
        "change": "c1",
        "policy": "d" * 64,
        "diff": {"repository": "git.example/shop", "base": "v1", "head": "f" * 40},
        "decision": decision,
    }
    return {"seq": 7, "at": "2026-07-20T14:05:00.000250Z", "kind": "decision", "body": body | more}


def read(line: bytes) -> ExportLogsServiceRequest:
    assert line.count(b"\n") == 1
    return json_format.Parse(line, ExportLogsServiceRequest())


def attributes(one: Any) -> dict[str, Any]:
    return {
        each.key: getattr(each.value, each.value.WhichOneof("value")) for each in one.attributes
    }


def test_a_decision_is_a_log_record_under_the_names_of_the_conventions():
    (resource,) = read(log_line(entry(), trail="trail/1")).resource_logs
    (record,) = resource.scope_logs[0].log_records

    assert attributes(resource.resource) == {
        "service.name": "checkout",
        "deployment.environment.name": "production",
    }
    named = attributes(record)
    assert (named["vcs.repository.url.full"], named["vcs.ref.base.revision"]) == (
        "git.example/shop",
        "v1",
    )
    assert named["vcs.ref.head.revision"] == "f" * 40
    assert (named["errorbudget.decision"], named["errorbudget.entry"]) == ("needs_approval", 7)
    assert (record.event_name, record.severity_text) == ("errorbudget.gate.decision", "WARN")
    assert record.time_unix_nano == 1784556300000250000
    assert record.body.string_value == "needs approval: caf\\udce9.sql"


def test_what_is_not_known_is_left_out():
    (resource,) = read(log_line(entry(diff=None, environment=""), trail="t")).resource_logs

    assert attributes(resource.resource) == {"service.name": "checkout"}
    assert not [
        key for key in attributes(resource.scope_logs[0].log_records[0]) if key.startswith("vcs.")
    ]
