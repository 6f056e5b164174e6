"""The page of a burn says what broke, where and what to try, in the words of the alert."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

from errorbudget import clock
from web.pages.reading import shown
from web.served import Served


def burning(server: Served, tenant: str = "globex") -> None:
    """An hour of good requests, then minutes in which one route fails for one tenant."""
    server.apply()
    now = clock.now()
    sent = [
        {
            "time": (now - timedelta(seconds=2 * number)).isoformat(),
            "service": "shop",
            "route": "/pay" if number % 2 else "/cart",
            "tenant": tenant,
            "status": 500 if number < 300 and number % 2 else 200,
            "trace_id": f"t{number}",
        }
        for number in range(1800)
    ]
    server.send(*sent)
    server.counted(1800, 150)


def test_it_tells_what_where_and_which_requests(server: Served) -> None:
    burning(server)

    text = shown(server.client.get("/services/shop/availability/burn").text)
    told = server.get("/api/v1/explain", service="shop", objective="availability")

    assert told["headline"] in text
    assert "route=/pay" in text.partition("Where")[2]
    assert "All of them: errorbudget failed shop" in text
    assert "t1" in text


def test_each_part_of_it_leads_to_its_requests(server: Served) -> None:
    burning(server)
    html = server.client.get("/services/shop/availability/burn").text
    addresses = [unescape(one) for one in re.findall(r'href="([^"]+/requests[^"]+)"', html)]

    where = next(one for one in addresses if "only=route%3D%2Fpay" in one)
    found = server.client.get(where)
    none = server.client.get(where + "&only=tenant%3Dacme").text
    status = {one: server.client.get(one).status_code for one in set(addresses)}
    wrong = server.client.get("/services/shop/availability/requests?only=password%3Dx")

    times = {name: given for name, (given,) in parse_qs(urlsplit(where).query).items()}
    told = server.get("/api/v1/explain", service="shop", objective="availability", **times)
    assert f"{told['bad']} requests with route=/pay failed." in shown(found.text)
    assert found.text.count("<tr><td>") == min(told["bad"], 100)
    assert "No request with route=/pay and tenant=acme failed." in shown(none)
    assert set(status.values()) == {200}
    assert wrong.status_code == 400
    assert "password: requests are told apart by service, route" in shown(wrong.text)


def test_the_time_that_is_told_is_in_the_address(server: Served) -> None:
    burning(server)
    told = server.get("/api/v1/explain", service="shop", objective="availability")
    query = {"from": told["from"], "to": told["to"]}

    text = shown(server.client.get("/services/shop/availability/burn", params=query).text)

    assert f"{told['bad']} of {told['valid']:,} requests failed" in text


def test_what_is_calm_is_told_as_calm(server: Served) -> None:
    server.apply()

    text = shown(server.client.get("/services/shop/availability/burn").text)

    assert "shop availability does not burn." in text
    assert "No valid request came." in text
    assert "None failed in this time." in text


def test_a_tenant_that_calls_itself_a_script_is_text(server: Served) -> None:
    burning(server, tenant="<script>alert(1)</script>")

    html = server.client.get("/services/shop/availability/burn").text

    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_an_objective_that_nobody_promised_is_told_on_a_page(server: Served) -> None:
    server.apply()

    answer = server.client.get("/services/shop/speed/burn")

    assert answer.status_code == 400
    assert "no objective 'speed'; write one of: availability" in shown(answer.text)
