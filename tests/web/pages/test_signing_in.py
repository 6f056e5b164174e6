"""A person signs in with a token; a cookie alone lets read, and only our own forms let act."""

import pytest

from errorbudget.web import session
from web.pages.reading import proof, shown
from web.served import Served


def token(server: Served, name: str, *scopes: str, **bound: object) -> str:
    return server.post("/api/v1/tokens", json={"name": name, "scopes": scopes} | bound)["token"]


def sign_in(server: Served, text: str, after: str = "/") -> None:
    page = server.client.get("/signin", params={"next": after})
    fields = {"token": text, "next": after, "proof": proof(page.text)}
    answer = server.client.post("/signin", data=fields)
    assert answer.status_code == 303, shown(answer.text)
    assert answer.headers["Location"] == after


def test_who_is_not_signed_in_is_led_to_where_they_wanted(server: Served) -> None:
    reader = token(server, "reader", "read")

    answer = server.client.get("/decisions", params={"service": "shop"})
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/signin?next=/decisions%3Fservice%3Dshop"

    sign_in(server, reader, "/decisions")
    page = server.client.get("/decisions")
    assert page.status_code == 200
    assert "reader Sign out" in shown(page.text)


def test_the_cookie_is_kept_from_scripts_and_from_other_sites(server: Served) -> None:
    reader = token(server, "reader", "read")
    page = server.client.get("/signin")

    answer = server.client.post("/signin", data={"token": reader, "proof": proof(page.text)})

    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert reader not in cookie


@pytest.mark.parametrize("after", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_signing_in_leads_nowhere_else(server: Served, after: str) -> None:
    reader = token(server, "reader", "read")
    page = server.client.get("/signin")
    fields = {"token": reader, "next": after, "proof": proof(page.text)}

    assert server.client.post("/signin", data=fields).headers["Location"] == "/"


def test_a_wrong_token_is_told_and_opens_nothing(server: Served) -> None:
    token(server, "reader", "read")
    page = server.client.get("/signin")

    answer = server.client.post("/signin", data={"token": "no", "proof": proof(page.text)})

    assert answer.status_code == 401
    assert "The token is not known" in shown(answer.text)
    assert server.client.get("/").status_code == 303


def test_a_cookie_alone_does_nothing(server: Served) -> None:
    server.apply()
    sign_in(server, token(server, "ana", "gate", "read"))
    asked = {"service": "shop", "change": "v2"}

    assert server.client.post("/api/v1/gate", json=asked).status_code == 401
    assert server.client.post("/decisions", data=asked).status_code == 403
    assert server.client.post("/decisions", data=asked | {"proof": "0" * 64}).status_code == 403


def test_a_scope_that_is_lacking_is_told_on_a_page(server: Served) -> None:
    server.apply()
    sign_in(server, token(server, "reader", "read"))
    page = server.client.get("/decisions").text
    fields = {"service": "shop", "change": "v2", "proof": proof(page)}

    answer = server.client.post("/decisions", data=fields)

    assert answer.status_code == 403
    assert "this needs the scope gate" in shown(answer.text)
    assert "Ask the gate" not in page


def test_a_token_for_one_service_shows_no_other(server: Served) -> None:
    server.apply()
    server.apply("cart")
    sign_in(server, token(server, "reader", "read", services=["cart"]))

    assert server.client.get("/services/cart").status_code == 200
    assert server.client.get("/services/shop").status_code == 403
    assert "shop" not in shown(server.client.get("/").text)
    assert server.client.get("/trail").status_code == 403


def test_a_revoked_token_ends_its_sessions(server: Served) -> None:
    admin = {"Authorization": f"Bearer {token(server, 'admin', 'admin')}"}
    reader = server.post(
        "/api/v1/tokens", json={"name": "reader", "scopes": ["read"]}, headers=admin
    )["token"]
    sign_in(server, reader)
    assert server.client.get("/").status_code == 200

    server.client.delete("/api/v1/tokens/reader", headers=admin)

    assert server.client.get("/").status_code == 303


def test_signing_out_ends_the_session(server: Served) -> None:
    sign_in(server, token(server, "reader", "read"))
    page = server.client.get("/").text

    server.client.post("/signout", data={"proof": proof(page)})

    assert server.client.get("/").status_code == 303


def test_a_cookie_that_was_altered_or_is_old_is_none() -> None:
    from datetime import timedelta

    from errorbudget import clock

    now = clock.now()
    cookie = session.opened("key", "abc", now)

    assert session.token_of("key", cookie, now) == "abc"
    assert session.token_of("key", cookie, now + session.LASTS + timedelta(seconds=1)) is None
    assert session.token_of("other", cookie, now) is None
    assert session.token_of("key", cookie.replace("abc", "abd"), now) is None
    assert session.token_of("key", "", now) is None
    assert session.proof("key", cookie) != session.proof("key", "")
