"""A quarter's review as a page, as Markdown and as JSON: one and the same."""

from errorbudget import clock
from errorbudget.review.quarter import Quarter
from web.pages.reading import requests, shown
from web.served import Served


def test_the_page_says_what_the_endpoint_says_and_leads_to_the_quarter_before(
    server: Served,
) -> None:
    server.apply()
    server.send(*requests(200, 1))
    server.counted(200, 1)
    quarter = Quarter.of(clock.now(), "UTC")

    told = server.get("/api/v1/reviews", quarter=str(quarter))
    page = server.client.get(f"/reviews/{quarter}", params={"service": "shop"})
    plain = server.client.get(f"/reviews/{quarter}.md")

    (service,) = told["services"]
    assert (service["objectives"][0]["valid"], service["objectives"][0]["bad"]) == (200, 1)
    assert service["sentence"] in shown(page.text)
    assert f'href="/reviews/{quarter.before}?service=shop"' in page.text
    assert plain.headers["content-type"].startswith("text/markdown")
    assert plain.text.startswith(f"# {told['sentence']}")
    assert server.get("/api/v1/reviews/next", quarter=str(quarter)) == []
    assert server.get("/api/v1/cadences", service="shop")["sentence"].startswith("as promised: ")


def test_a_quarter_that_is_none_is_a_page_that_says_so(server: Served) -> None:
    server.apply()

    page = server.client.get("/reviews/soon")

    assert page.status_code == 400
    assert "write one as in 2026Q3" in shown(page.text)
