"""A service's page leads with what is left and what may ship, and shows what took it."""

import re

from errorbudget import clock
from web.pages.reading import requests, shown
from web.served import DOCUMENT, Served


def test_it_leads_with_what_is_left_and_what_may_ship(server: Served) -> None:
    server.apply()
    server.send(*requests(5000, 30))
    server.counted(5000, 30)

    answer = server.client.get("/services/shop")
    text = shown(answer.text)

    assert "shop has 40 % of its 28-day budget left." in text
    assert "Critical fixes and rollbacks may ship now" in text
    assert answer.text.count("<svg") == 2
    assert len(answer.content) < 100_000


def test_criteria_read_as_sentences(server: Served) -> None:
    server.apply()

    text = shown(server.client.get("/services/shop").text)

    assert "good when its status is below 500" in text
    assert "No request has come yet" in text
    assert "Nobody knows what shop has left of its 28-day budget." in text


def test_a_change_that_calls_itself_a_script_is_text_in_the_picture(server: Served) -> None:
    server.apply()
    server.send(*requests(1000, 9))
    server.counted(1000, 9)
    evil = "<script>alert(1)</script>\"'&"
    at = clock.text(clock.now())
    told = {"id": evil, "service": "shop", "version": evil, "started": at}
    server.post("/api/v1/changes", json=told)
    server.post("/api/v1/gate", json={"service": "shop", "change": evil, "risk": "low"})

    page = server.client.get("/services/shop").text

    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)" in page.partition("<svg")[2]
    assert set(re.findall(r"<script[^>]*>", page)) == {
        '<script type="module" src="/static/times.js">',
        '<script type="module" src="/static/pictures.js">',
        '<script type="module" src="/static/live.js">',
    }


def test_what_the_gate_decided_is_told_with_its_reason(server: Served) -> None:
    server.apply()
    server.send(*requests(1000, 9))
    server.counted(1000, 9)
    server.post("/api/v1/gate", json={"service": "shop", "change": "v2", "risk": "high"})

    text = shown(server.client.get("/services/shop").text)

    assert "v2 blocked: high risk" in text


def test_a_service_that_nobody_knows_is_told_on_a_page(server: Served) -> None:
    server.post("/api/v1/documents", content=DOCUMENT.format(service="cart").encode())

    answer = server.client.get("/services/shop")

    assert answer.status_code == 400
    assert "no objective document speaks for this service (there are: cart)" in shown(answer.text)


COUNTED = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: shop
requests: {scope: "route <> '/healthz'"}
objectives:
  availability:
    valid: status not in (401, 404)
    good: status < 500
    target: 99%
    window: {rolling: 28d}
composites:
  order:
    description: placed and paid for
    of: availability
    joins: {ledger: availability}
    target: 90%
    window: {rolling: 7d}
"""


def test_criteria_tell_what_they_leave_out_and_operations_what_they_lead_to(
    server: Served,
) -> None:
    server.post("/api/v1/documents", content=COUNTED.encode())
    server.apply("ledger")
    sent = [one | {"trace_id": f"t{place}"} for place, one in enumerate(requests(1000, 0))]
    for place, one in enumerate(sent):
        one["route"] = "/healthz" if place < 100 else "/pay"
        one["status"] = 404 if 100 <= place < 136 else 500 if 136 <= place < 145 else 200
    server.send(*sent, *(one | {"service": "ledger", "status": 500} for one in sent[-20:]))
    server.counted(20, 20, "ledger")

    promised = shown(server.client.get("/objectives/shop").text)
    text = shown(server.client.get("/services/shop").text)

    for page in (promised, text):
        assert "leaves out 10 % of the last day’s 1,000 requests: 200 at /healthz" in page
        assert "leaves out 4.0 % of the last day’s 900 requests: 404 at /pay" in page
    assert "9 of 864 were not in 24h" in text
    assert "order 90% placed and paid for" in text
    assert "ledger availability 29 of 864 operations failed" in text
