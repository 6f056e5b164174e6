"""The first page says in words what burns and what may ship, and shows text as text."""

import re

from starlette.datastructures import URL

from errorbudget.web.pages.overview import sheets
from web.pages.reading import requests, shown
from web.served import DOCUMENT, Served


def test_before_anything_is_promised_it_says_how_to_begin(server: Served) -> None:
    answer = server.client.get("/")

    assert answer.status_code == 200
    assert "No objective document is in force yet." in shown(answer.text)
    assert "errorbudget objective apply web.yaml" in shown(answer.text)


def test_it_leads_with_what_burns_and_shows_what_is_left(server: Served) -> None:
    server.apply()
    server.apply("cart")
    server.send(*requests(1000, 900), *requests(1000, 1, "cart"))
    server.counted(1000, 900)
    server.counted(1000, 1, "cart")

    html = server.client.get("/").text
    text = shown(html)

    assert "shop is burning. 1 of 2 may ship anything." in text
    assert html.count("what broke") == html.count('href="/services/shop/availability/burn"') == 1
    assert text.index("shop availability") < text.index("cart availability")
    assert "critical fixes, rollback" in text


def test_a_filter_says_how_many_it_hides(server: Served) -> None:
    server.apply()
    server.apply("cart")

    text = shown(server.client.get("/", params={"q": "car"}).text)

    assert "cart availability" in text
    assert "1 more not shown." in text
    assert "Nobody knows whether anything burns." in text


def test_what_a_document_calls_itself_is_text(server: Served) -> None:
    evil = "<script>alert(1)</script>"
    body = DOCUMENT.format(service="shop") + f'labels: {{team: "{evil}"}}\n'
    server.post("/api/v1/documents", content=body.encode())

    answer = server.client.get("/")

    assert evil not in answer.text
    assert "&lt;script&gt;" in answer.text
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


def test_a_moment_that_is_none_is_told_on_a_page(server: Served) -> None:
    answer = server.client.get("/", params={"at": "yesterday"})

    assert answer.status_code == 400
    assert "at: " in shown(answer.text)
    assert answer.headers["Content-Type"].startswith("text/html")


def test_the_files_that_a_page_loads_are_there(server: Served) -> None:
    page = server.client.get("/").text
    for name in set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page)):
        assert server.client.get(name).status_code == 200

    assert server.client.get("/static/none.css").status_code == 404
    assert server.client.get("/pictures/none.json").status_code == 404
    assert server.client.get("/static/..%2Foverview.py").status_code == 404


def test_a_thousand_services_are_sheets_with_a_way_from_each_to_the_next() -> None:
    asked = URL("http://127.0.0.1/?q=pay&at=2026-11-01&page=2")

    assert sheets(100, 0, asked=asked) is None
    first, middle, last = (sheets(250, at, asked=asked) for at in (0, 100, 200))
    assert first
    assert middle
    assert last
    assert [(one.first, one.last, one.every) for one in (first, middle, last)] == [
        (1, 100, 250),
        (101, 200, 250),
        (201, 250, 250),
    ]
    assert (first.before, first.after) == (None, "/?q=pay&at=2026-11-01&page=2")
    assert (middle.before, last.after) == ("/?q=pay&at=2026-11-01&page=1", None)


def test_a_sheet_behind_the_last_is_the_last(server: Served) -> None:
    server.apply()

    assert "shop availability" in shown(server.client.get("/", params={"page": 9}).text)
    assert server.client.get("/", params={"page": 0}).status_code == 400


def test_an_address_that_nothing_is_at_is_a_page_for_people_and_json_for_programs(
    server: Served,
) -> None:
    page = server.client.get("/nope", headers={"Accept": "text/html"})
    told = server.client.get("/nope")

    assert (page.status_code, told.status_code) == (404, 404)
    assert "/nope: there is no such page" in shown(page.text)
    assert told.json()["error"]["kind"] == "not_found"
