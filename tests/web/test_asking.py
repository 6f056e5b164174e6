"""Roll-ups, failed requests, pools and journeys, asked of a server by those who may know."""

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from web.served import DOCUMENT, Served

JOURNEY = """
import sys
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.propagate import extract, inject
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind

def provider(service):
    made = TracerProvider(resource=Resource.create({"service.name": service}))
    made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{sys.argv[1]}/v1/traces")))
    return made

checkout, ledger = provider("checkout"), provider("ledger")
for number in range(200):
    with checkout.get_tracer("t").start_as_current_span("POST", kind=SpanKind.SERVER) as span:
        span.set_attribute("http.response.status_code", 500 if number % 50 == 0 else 200)
        headers = {}
        inject(headers)
        if number % 2 == 0:
            tracer = ledger.get_tracer("t")
            with tracer.start_as_current_span(
                "POST", context=extract(headers), kind=SpanKind.SERVER
            ) as led:
                led.set_attribute("http.response.status_code", 500 if number % 20 == 0 else 200)
checkout.shutdown()
ledger.shutdown()
"""
ORDERS = (
    DOCUMENT.format(service="checkout")
    + """\
composites:
  order: {of: availability, joins: {ledger: availability}, target: 90%, window: {rolling: 28d}}
"""
)
POOL = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
name: shelf
services: [cart, stock]
labels: {team: buy}
objectives:
  availability: {good: status < 500, target: 90%, window: {rolling: 28d}}
  speed: {good: duration_ms <= 300, target: 90%, window: {rolling: 28d}}
"""


def row(service: str, status: int = 200, **more: object) -> dict[str, object]:
    now = datetime.now(UTC)  # noqa: TID251 -- a server lives in the present
    return {
        "time": now.isoformat(),
        "service": service,
        "status": status,
        "duration_ms": 20,
        **more,
    }


@pytest.fixture
def stocked(server: Served) -> Served:
    """A pool, and a service beside it; one request fails both of the pool's objectives."""
    server.post("/api/v1/documents", content=POOL.encode())
    server.apply("mail")
    server.send(*[row("cart")] * 8, row("cart", 500, duration_ms=900, trace_id="worst"))
    server.send(*[row("stock")] * 3, row("stock", 200, duration_ms=900), row("mail", 500))
    server.counted(1, 1, "mail")
    return server


def bound_to(server: Served, service: str) -> dict[str, str]:
    wanted = {"name": f"reads {service}", "scopes": ["read"], "services": [service]}
    token = server.post("/api/v1/tokens", json=wanted)["token"]
    return {"authorization": f"Bearer {token}"}


def test_rollups_count_a_request_once_and_show_only_what_a_caller_sees(stocked: Served) -> None:
    of_teams = stocked.get("/api/v1/rollups", by="label:team", over="28d")
    wrong = stocked.client.get("/api/v1/rollups", params={"by": "team"})
    never = stocked.client.get("/api/v1/rollups", params={"over": "soon"})
    headers = bound_to(stocked, "mail")
    seen = stocked.client.get("/api/v1/rollups", params={"by": "service"}, headers=headers).json()

    assert [(one["group"], one["valid"], one["failing"]) for one in of_teams] == [
        ("buy", 13, 2),
        (None, 1, 1),
    ]
    assert of_teams[0]["worst"]["objective"] == "speed"
    assert [one["group"] for one in seen] == ["mail"]
    assert wrong.status_code == never.status_code == 400
    assert "label:team" in wrong.text


def test_failed_requests_are_told_newest_first_to_those_who_may_know(stocked: Served) -> None:
    availability, speed = stocked.get("/api/v1/failed", service="shelf")
    one = stocked.get("/api/v1/failed", service="cart", objective="availability", last=1)
    asked = {"service": "shelf", "objective": "spped"}
    unknown = stocked.client.get("/api/v1/failed", params=asked)
    headers = bound_to(stocked, "mail")
    refused = stocked.client.get("/api/v1/failed", params={"service": "shelf"}, headers=headers)

    assert (availability["failed"], speed["failed"]) == (1, 2)
    assert [each["request_id"] for each in availability["requests"]] == ["worst"]
    assert one == [availability]
    assert refused.status_code == 403
    assert unknown.status_code == 400
    assert "availability, speed" in unknown.text


def test_members_of_a_pool_are_in_budgets_burns_and_metrics(stocked: Served) -> None:
    availability, _ = stocked.get("/api/v1/budgets", service="shelf")
    burn, _ = stocked.get("/api/v1/burn", service="shelf")
    metrics = stocked.client.get("/metrics").text

    for told in (availability, burn):
        members = [(one["service"], one["valid"], one["bad"]) for one in told["members"]]
        assert members == [("shelf/cart", 9, 1), ("shelf/stock", 4, 0)]
    name = 'errorbudget_valid_requests{service="shelf/stock",objective="availability"}'
    assert f"{name} 4\n" in metrics


def test_traces_of_a_real_sdk_tell_which_operations_failed_elsewhere(server: Served) -> None:
    server.post("/api/v1/documents", content=ORDERS.encode())
    server.apply("ledger")
    subprocess.run([sys.executable, "-c", JOURNEY, server.url], check=True, timeout=60)
    server.counted(100, 10, "ledger")
    availability, order = server.get("/api/v1/budgets", service="checkout")
    metrics = server.client.get("/metrics").text

    # Every fiftieth fails at checkout, every twentieth at the ledger; every hundredth at both.
    assert (availability["valid"], availability["bad"]) == (200, 4)
    assert (order["objective"], order["valid"], order["bad"]) == ("order", 200, 12)
    assert order["composite"]["bad"] == [12, 12]
    assert order["composite"]["joins"] == [
        {"service": "ledger", "objective": "availability", "valid": 100, "bad": 10, "without_id": 0}
    ]
    for bound in ("low", "high"):
        labels = f'service="checkout",objective="order",bound="{bound}"'
        assert f"errorbudget_composite_bad_operations{{{labels}}} 12\n" in metrics
