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


def test_what_does_not_count_is_told_beside_what_does(server: Served) -> None:
    text = DOCUMENT.format(service="shop")
    body = text.replace("    good:", "    valid: route IS NULL OR route <> '/healthz'\n    good:")
    server.post("/api/v1/documents", content=body.encode())
    rows = requests(1000, 9)
    for row in rows[800:]:
        row["route"] = "/healthz"
    server.send(*rows)
    server.counted(800, 9)

    text = shown(server.client.get("/services/shop").text)

    assert "does not count 200 of the 1,000 requests of the last day (20 %)" in text
    assert "most of them /healthz (200)" in text
