"""The gate's pages: decisions with their reasons, approvals with what they lead to, the trail."""

from web.pages.reading import field, proof, requests, shown
from web.pages.test_signing_in import sign_in, token
from web.served import DOCUMENT, Served

OWNED = (
    DOCUMENT.format(service="shop")
    + """\
  approval: {roles: [product], need: all, expires_within: 24h}
owners: {product: [bo]}
"""
)


def held_up(server: Served) -> None:
    """A change that waits for an answer, asked about by ci."""
    server.post("/api/v1/documents", content=OWNED.encode())
    server.send(*requests(5000, 30))
    server.counted(5000, 30)
    asked = {"service": "shop", "change": "v2", "risk": "normal", "by": ["ci"]}
    server.post("/api/v1/gate", json=asked)


def test_what_waits_comes_first_with_its_reason_in_full(server: Served) -> None:
    held_up(server)

    text = shown(server.client.get("/decisions").text)

    assert "v2 waits for an answer." in text
    assert "needs approval: normal risk" in text
    assert "An approval by product would permit it." in text


def test_an_owner_sees_what_it_leads_to_and_approves(server: Served) -> None:
    held_up(server)
    sign_in(server, token(server, "bo", "read", "approve"))
    about = {"service": "shop", "change": "v2", "role": "product", "reason": "season starts"}

    page = server.client.get("/approval", params=about | {"spend": "6%"}).text
    assert "Spending 6 % on this change would leave about 34 %" in shown(page)
    assert "One more like it leaves 28 %" in shown(page)
    crlf = field(page, "statement").replace("\n", "\r\n")
    fields = {"statement": crlf, "proof": proof(page)}
    answer = server.client.post("/approval", data=fields)

    assert answer.status_code == 303
    text = shown(server.client.get(answer.headers["Location"]).text)
    assert "v2 of shop , approved" in text
    assert "bo (product) approved it" in text


def test_who_is_no_owner_is_shown_the_command_and_refused(server: Served) -> None:
    held_up(server)
    sign_in(server, token(server, "eve", "read", "approve"))
    about = {"service": "shop", "change": "v2", "role": "product", "reason": "why not; rm -rf"}

    page = server.client.get("/approval", params=about).text
    command = "errorbudget gate approve shop --change v2 --role product --reason 'why not; rm -rf'"
    assert command in shown(page)
    assert 'action="/approval" class' in page
    assert 'name="statement"' not in page

    drafted = server.client.get("/decisions").text
    fields = {"statement": "{}", "proof": proof(drafted)}
    assert server.client.post("/approval", data=fields).status_code == 400


def test_declining_keeps_it_blocked(server: Served) -> None:
    held_up(server)
    sign_in(server, token(server, "bo", "read", "approve"))
    about = {"service": "shop", "change": "v2", "says": "decline", "role": "product"}

    page = server.client.get("/approval", params=about | {"reason": "too late", "until": "3d"}).text
    fields = {"statement": field(page, "statement"), "proof": proof(page)}
    server.client.post("/approval", data=fields)

    assert "v2 of shop , declined" in shown(server.client.get("/decisions").text)


def test_the_gate_is_asked_from_the_page_and_told_after_a_redirect(server: Served) -> None:
    server.apply()
    page = server.client.get("/decisions").text
    fields = {"service": "shop", "change": "v9", "risk": "low", "proof": proof(page)}

    answer = server.client.post("/decisions", data=fields)

    assert answer.status_code == 303
    assert "v9" in shown(server.client.get(answer.headers["Location"]).text)
    (decided,) = server.get("/api/v1/decisions")
    assert decided["body"]["change"] == "v9"


def test_the_trail_says_that_it_verifies(server: Served) -> None:
    server.apply()

    page = server.client.get("/trail").text
    root = server.post("/api/v1/audit/verify", json={})["root"]

    assert "entries verify." in shown(page) or "The one entry verifies." in shown(page)
    assert root in page
    assert "Nothing that is known of." in shown(page)


def test_what_shipped_past_the_gate_is_found_from_the_page(server: Served) -> None:
    server.apply()
    server.post("/api/v1/changes", json={"service": "shop", "version": "v7"})
    page = server.client.get("/trail").text

    answer = server.client.post("/trail/ungated", data={"proof": proof(page)})

    assert answer.status_code == 303
    assert "v7: nobody asked the gate" in shown(server.client.get("/trail").text)


def test_a_change_that_calls_itself_a_script_is_text(server: Served) -> None:
    server.apply()
    evil = "<script>alert(1)</script>"
    server.post("/api/v1/gate", json={"service": "shop", "change": evil, "risk": "high"})

    for address in ("/decisions", "/trail"):
        page = server.client.get(address).text
        assert evil not in page
        assert "&lt;script&gt;alert(1)" in page


def test_incidents_that_are_open_stand_on_the_page_of_their_service(server: Served) -> None:
    server.apply()
    server.post("/api/v1/incidents", json={"service": "shop", "title": "Payments fail"})

    assert "Payments fail" in shown(server.client.get("/services/shop").text)
