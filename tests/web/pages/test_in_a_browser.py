"""People at a real browser: on call, answering for budget, on a phone, at night."""

import os
import shutil
import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from a_shop import copied
from errorbudget import clock
from errorbudget.review.quarter import Quarter
from store.keys import allow, make
from web.pages.test_burn import burning
from web.pages.test_gate import held_up
from web.pages.test_signing_in import token
from web.served import PROGRAM, Served, serve

COMMIT = "9f2c1a7be0" * 4
ADDRESSES = (
    "/",
    "/services/shop",
    "/services/shop/availability/burn",
    "/services/shop/availability/requests?only=route=/pay",
    "/incidents/1",
    "/objectives",
    "/objectives/shop?replay=true",
    "/objectives/shop/proposal",
    "/objectives/shop/edit",
    "/decisions",
    "/trail",
    "/reviews",
    f"/reviews/{Quarter.of(clock.now(), 'UTC')}",
    "/signin",
    "/services/nobody",
)


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    """Debian's Chromium; where CI=true its absence is a failure, not a skip."""
    program = shutil.which("chromium")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("chromium is missing: `make servers` installs it")
        pytest.skip("chromium is not on this machine")
    with sync_playwright() as playwright:
        # Its sandbox wants rights that root in a container does not have.
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        yield browser
        browser.close()


def opened(browser: Browser, server: Served, **how: Any) -> tuple[BrowserContext, Page, list[str]]:
    """A page, and what its console complains of, what it may not load above all."""
    context = browser.new_context(base_url=server.url, **how)
    page, complaints = context.new_page(), list[str]()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None,
    )
    return context, page, complaints


def test_on_call_one_follows_what_burns_down_to_the_requests(
    browser: Browser, server: Served
) -> None:
    burning(server)
    context, page, complaints = opened(browser, server)

    page.goto("/")
    assert page.locator("h1").inner_text().startswith("shop is burning.")
    page.get_by_role("link", name="shop").click()
    assert "budget" in page.locator("h1").inner_text()
    assert page.locator("figure svg").first.is_visible()
    page.get_by_role("link", name="availability burns").click()
    assert "route=/pay" in page.locator("h1").inner_text()
    explored(page)
    page.get_by_role("heading", name="The requests themselves").scroll_into_view_if_needed()
    assert page.locator("code", has_text="t1").first.is_visible()
    assert page.locator("time[data-local]").count() > 0

    page.get_by_role("button", name="I see to it").click()
    assert "local sees to it since" in page.locator(".lead").inner_text()
    page.get_by_label("Found or done").fill("rolled <b>pay</b> back")
    page.get_by_role("button", name="Note it").click()
    assert page.get_by_role("cell", name="rolled <b>pay</b> back").is_visible()
    page.get_by_role("button", name="It is over").click()
    assert "as local said" in page.locator(".lead").inner_text()
    page.get_by_role("button", name="Draft a postmortem").click()
    assert "/postmortems/shop-" in page.url
    assert page.get_by_role("heading", name="Timeline").is_visible()

    assert complaints == []
    context.close()


def explored(page: Page) -> None:
    """A picture that is pointed at tells the values of what is pointed at then."""
    page.locator("svg[data-picture]:visible").hover()
    drawn = page.locator("[data-explored] svg")
    drawn.wait_for()
    bar = drawn.locator(".mark-rect path").last
    bar.hover()
    assert "bad" in page.locator("#vg-tooltip-element.visible").inner_text()


def test_a_product_owner_sees_what_it_leads_to_and_approves(
    browser: Browser, server: Served
) -> None:
    held_up(server)
    text = token(server, "bo", "read", "approve")
    context, page, complaints = opened(browser, server)

    page.goto("/decisions")
    page.get_by_label("Token").fill(text)
    page.get_by_role("button", name="Sign in").click()
    assert page.locator("h1").inner_text() == "v2 waits for an answer."
    page.get_by_role("link", name="Approve").click()
    page.get_by_label("Because").fill("the season starts")
    page.get_by_role("button", name="Show what it leads to").click()
    assert "would leave about" in page.locator(".lead").inner_text()
    page.get_by_role("button", name="Approve as bo").click()

    assert page.locator("h1").inner_text() == "No change waits for an answer."
    assert "the season starts" in page.locator("main").inner_text()
    assert complaints == []
    context.close()


def test_a_reviewer_tries_a_change_on_history_and_signs_its_exact_bytes(
    browser: Browser, shop_home: Path, tmp_path: Path
) -> None:
    home, key = copied(shop_home, tmp_path / "home"), make(tmp_path, "bo")
    allow(home / "allowed_signers", ("bo@shop.example", key))
    file = tmp_path / "checkout.yaml"
    with serve(home) as server:
        context, page, complaints = opened(browser, server)
        page.goto("/objectives")
        page.get_by_role("link", name="checkout").first.click()
        page.get_by_role("link", name="change it, and try that on history").click()
        draft = page.get_by_label("checkout.yaml")
        text = draft.input_value().replace("target: 99.9%", "target: 99.8%")
        text = text.replace("requests:", "signoff: {required: [product]}\n\nrequests:", 1)
        draft.fill(text)
        page.get_by_role("button", name="Preview on history").click()
        assert "99.9% becomes 99.8%" in page.locator("main").inner_text()
        assert page.locator("figure svg").first.is_visible()
        with page.expect_download() as taken:
            page.get_by_role("button", name="Download checkout.yaml").click()
        taken.value.save_as(file)
        assert file.read_text() == text

        errorbudget(server, "objective", "apply", file)
        page.goto("/objectives/checkout")
        heading = page.locator("h1")
        assert "A newer version waits for product (bo@shop.example)." in heading.inner_text()
        errorbudget(server, "objective", "sign", file, "--role", "product", "--key", key)
        errorbudget(server, "objective", "apply", file)
        page.reload()
        assert "checkout promises 99.8% availability" in heading.inner_text()
        assert heading.inner_text().endswith("in force.")
        assert "bo@shop.example as product" in page.get_by_role("table").first.inner_text()
        assert complaints == []
        context.close()


def errorbudget(server: Served, *words: str | Path) -> None:
    """What a person says at a terminal that speaks to the server."""
    told = os.environ | {"ERRORBUDGET_URL": server.url}
    subprocess.run([PROGRAM, *words], env=told, check=True, capture_output=True, timeout=60)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_nobody_is_left_out_and_nothing_hangs_over_the_edge(
    browser: Browser, server: Served, scheme: str, width: int
) -> None:
    burning(server)
    server.post("/api/v1/gate", json={"service": "shop", "change": COMMIT, "risk": "normal"})
    (drafted,) = server.post("/api/v1/postmortems", json={"service": "shop"})
    # What checks a page is a script of its own, which the policy of the page rightly keeps out.
    context, page, _ = opened(
        browser,
        server,
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
        bypass_csp=True,
    )

    for address in (*ADDRESSES, f"/postmortems/{drafted['id']}"):
        page.goto(address)
        found = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], address
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, address
    context.close()


def test_without_scripts_everything_can_be_read_and_answered(
    browser: Browser, server: Served
) -> None:
    burning(server)
    context, page, complaints = opened(browser, server, java_script_enabled=False)

    page.goto("/services/shop")

    assert page.locator("figure svg").first.is_visible()
    assert "UTC" in page.locator("time").last.inner_text()
    page.get_by_role("link", name="Incident 1").click()
    page.get_by_role("button", name="I see to it").click()
    assert "local sees to it since" in page.locator(".lead").inner_text()
    assert complaints == []
    context.close()
