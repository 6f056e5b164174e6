"""Which request a span tells of."""

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

import otel
from errorbudget.ingest.otlp.settings import Conventions, Limits, Settings

ERROR = Status(code=Status.STATUS_CODE_ERROR, message="no stock")
HTTP = {"http.request.method": "GET"}


def row(said=None, *, resource=otel.RESOURCE, settings=None, **fields):
    message = otel.traces(otel.span(said, **fields), resource=resource)
    (only,) = otel.rows(otel.decoded(message, settings))
    return only


def test_a_request_has_the_columns_of_its_span_and_resource():
    said = {
        "http.request.method": "POST",
        "http.route": "/cart/{id}",
        "http.response.status_code": 201,
        "url.path": "/cart/7",
        "url.scheme": "https",
        "tenant.id": "acme",
    }
    resource = {
        "service.name": "shop",
        "service.version": "1.2.3",
        "cloud.region": "eu-1",
        "deployment.environment.name": "production",
        "k8s.pod.name": "shop-1",
        "telemetry.sdk.name": "opentelemetry",
    }

    assert row(said, resource=resource, trace_id=b"t" * 16, span_id=b"s" * 8) == {
        "time": otel.NOW_NS // 1000 - 1_000_000,
        "service": "shop",
        "route": "/cart/{id}",
        "method": "POST",
        "status": 201,
        "duration_ms": 12.345678,
        "tenant": "acme",
        "version": "1.2.3",
        "region": "eu-1",
        "environment": "production",
        "trace_id": "74" * 16,
        "span_id": "73" * 8,
        "is_bot": False,
        "attributes": {"url.path": "/cart/7", "tenant.id": "acme", "k8s.pod.name": "shop-1"},
    }


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (HTTP | {"http.response.status_code": 404}, 404),
        ({"http.method": "GET", "http.status_code": 503}, 503),
        (HTTP | {"http.response.status_code": "204"}, 204),
        (HTTP | {"http.response.status_code": 99_999_999_999}, None),
        (HTTP, None),
        (HTTP | {"error.type": "timeout"}, 500),
        ({}, 200),
        ({"rpc.system": "grpc", "rpc.grpc.status_code": 0}, 200),
        ({"rpc.system": "grpc", "rpc.grpc.status_code": 5}, 404),
        ({"rpc.system.name": "grpc", "rpc.response.status_code": "DEADLINE_EXCEEDED"}, 504),
        ({"rpc.system.name": "connectrpc", "rpc.response.status_code": "not_found"}, 404),
        ({"rpc.system": "connect_rpc", "rpc.connect_rpc.error_code": "unavailable"}, 503),
        ({"rpc.system": "jsonrpc", "rpc.jsonrpc.error_code": -32601}, 501),
        ({"rpc.system.name": "dubbo", "rpc.response.status_code": "SERVER_ERROR"}, 500),
        (HTTP | {"http.response.status_code": 200, "rpc.grpc.status_code": 14}, 503),
    ],
)
def test_the_status_is_what_was_answered(said, expected):
    assert row(said)["status"] == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (HTTP | {"http.response.status_code": 200}, 200),
        (HTTP, 500),
        ({"messaging.system": "kafka"}, 500),
    ],
)
def test_a_span_that_says_error_failed_unless_it_says_how_it_answered(said, expected):
    request = row(said, status=ERROR)

    assert request["status"] == expected
    assert request["attributes"]["otel.status_code"] == "ERROR"
    assert request["attributes"]["otel.status_description"] == "no stock"


@pytest.mark.parametrize(
    ("said", "route", "method"),
    [
        (HTTP | {"http.route": "/a/{b}", "url.path": "/a/7"}, "/a/{b}", "GET"),
        (HTTP | {"url.path": "/a/7"}, "/a/7", "GET"),
        ({"http.method": "PUT", "http.target": "/a/7?x=1"}, "/a/7", "PUT"),
        ({"http.method": "PUT", "http.url": "https://shop.example/a/7?x=1"}, "/a/7", "PUT"),
        ({"http.method": "PUT", "http.url": "https://[shop"}, "a span", "PUT"),
        (HTTP, "a span", "GET"),
        ({"rpc.service": "shop.Cart", "rpc.method": "Add"}, "shop.Cart/Add", ""),
        ({"rpc.method": "shop.Cart/Add"}, "shop.Cart/Add", ""),
        (
            {"messaging.destination.name": "orders", "messaging.operation.type": "process"},
            "orders",
            "process",
        ),
        (
            {"messaging.destination": "orders", "messaging.operation": "process"},
            "orders",
            "process",
        ),
        (
            {
                "messaging.destination.name": "orders-7",
                "messaging.destination.template": "orders-{id}",
            },
            "orders-{id}",
            "",
        ),
        ({}, "a span", ""),
    ],
)
def test_the_route_is_the_name_with_the_fewest_values(said, route, method):
    request = row(said)

    assert (request["route"], request["method"]) == (route, method)


@pytest.mark.parametrize(
    "kind", [Span.SPAN_KIND_CLIENT, Span.SPAN_KIND_INTERNAL, Span.SPAN_KIND_PRODUCER, 0, 99]
)
def test_a_span_that_serves_nobody_is_no_request(kind):
    decoded = otel.decoded(otel.traces(otel.span(kind=kind, start_time_unix_nano=0)))

    assert (decoded.rows, decoded.taken, decoded.rejected) == (b"", 0, ())


def test_a_consumed_message_is_a_request_and_asking_for_messages_is_none():
    consumer = {"kind": Span.SPAN_KIND_CONSUMER}
    asked = otel.span({"messaging.operation.type": "receive"}, **consumer)
    handled = otel.span({"messaging.operation.type": "process"}, **consumer)

    (request,) = otel.rows(otel.decoded(otel.traces(asked, handled)))

    assert request["span_id"] == handled.span_id.hex()
    assert request["attributes"]["span.kind"] == "consumer"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"user_agent.original": "Googlebot/2.1"}, True),
        ({"http.user_agent": "Googlebot/2.1"}, True),
        ({"user_agent.original": "Mozilla/5.0 Firefox/140.0"}, False),
        ({"user_agent.synthetic.type": "test"}, True),
        ({}, False),
    ],
)
def test_a_bot_is_known_by_its_user_agent(said, expected):
    assert row(said)["is_bot"] is expected


def test_older_names_of_the_resource_are_read():
    assert row(resource={"deployment.environment": "staging"})["environment"] == "staging"


def test_a_sender_without_a_name_is_an_unknown_service():
    assert row(resource={})["service"] == "unknown_service"


def test_the_tenant_is_where_the_team_says():
    settings = Settings(conventions=Conventions(tenant=("org", "project")))

    assert row({"project": "p", "tenant.id": "t"}, settings=settings)["tenant"] == "p"
    assert row(resource={"org": "o"}, settings=settings)["tenant"] == "o"


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(0, 1, 0.000001), (0, 0, 0.0), (0, 3_600_000_000_001, 3_600_000.000001), (5, 0, None)],
)
def test_a_duration_is_exact_to_the_nanosecond(start, end, expected):
    begun = otel.NOW_NS
    fields = {"start_time_unix_nano": begun + start, "end_time_unix_nano": begun + end}

    assert row(**fields)["duration_ms"] == expected


def test_every_kind_of_value_becomes_text():
    said = {
        "text": "x",
        "empty": "",
        "whole": 7,
        "real": 0.5,
        "yes": True,
        "raw": b"\x01\xff",
        "list": ["a", 1, 0.5, False],
        "map": {"a": {"b": [b"\x02"]}},
    }

    assert row(said)["attributes"] == {
        "text": "x",
        "empty": "",
        "whole": "7",
        "real": "0.5",
        "yes": "true",
        "raw": "01ff",
        "list": '["a",1,0.5,false]',
        "map": '{"a":{"b":["02"]}}',
    }


def test_what_is_beyond_the_limits_is_cut():
    settings = Settings(limits=Limits(attributes=3, text=4, depth=2))
    said = {"long": "abcdefg", "deep": [[["x"]]], "map": {"a": {"b": 1}}, "one more": "x"}

    assert row(said, settings=settings)["attributes"] == {
        "long": "abcd",
        "deep": '[["…',
        "map": '{"a"',
    }
