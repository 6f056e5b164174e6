"""The pages of postmortems: listed, read, written beside the data, published when judged."""

from datetime import timedelta

import pytest

from errorbudget import clock
from web.pages.reading import field, proof, requests, shown
from web.pages.test_signing_in import sign_in, token
from web.served import DOCUMENT, Served


@pytest.fixture
def drafted(server: Served) -> str:
    """The id of a postmortem of just now."""
    server.post("/api/v1/documents", content=DOCUMENT.format(service="shop").encode())
    server.send(*requests(5000, 400))
    server.counted(5000, 400)
    since, until = (clock.text(clock.now() + timedelta(minutes=one)) for one in (-20, 0))
    asked = {"service": "shop", "objective": "availability", "since": since, "until": until}
    (found,) = server.post("/api/v1/postmortems", json=asked)
    return found["id"]


def test_a_person_writes_beside_the_data_and_publishes(server: Served, drafted: str) -> None:
    sign_in(server, token(server, "ana", "read", "approve"))
    listed = shown(server.client.get("/postmortems").text)
    assert "1 of 1 postmortems wait for people's judgment." in listed
    page = server.client.get(f"/postmortems/{drafted}").text
    assert "400 of 5,000 requests failed" in shown(page)
    assert page.count("<svg") == 4
    assert 'fill="white"' not in page
    written = {
        "root-cause": "the pool <script>was</script> too small",
        "went-well": "the alert",
        "actions": "- [ ] a larger pool (owner: ana, due: 2026-12-24)",
    }
    fields = written | {"version": field(page, "version"), "proof": proof(page)}

    refused = server.client.post(f"/postmortems/{drafted}/publish", data={"proof": proof(page)})
    saved = server.client.post(f"/postmortems/{drafted}", data=fields)
    done = server.client.post(f"/postmortems/{drafted}/publish", data={"proof": proof(page)})

    assert (refused.status_code, saved.status_code, done.status_code) == (400, 303, 303)
    assert "people have yet to write the root cause" in shown(refused.text)
    after = server.client.get(f"/postmortems/{drafted}").text
    assert "<script>was" not in after
    assert "Published." in shown(after)
    assert "a larger pool" in shown(server.client.get("/postmortems").text)
    svg = server.client.get(f"/api/v1/postmortems/{drafted}/burn.svg")
    assert svg.text.startswith("<svg")


def test_two_who_write_at_once_are_told_and_both_stand(server: Served, drafted: str) -> None:
    sign_in(server, token(server, "ana", "read", "approve"))
    page = server.client.get(f"/postmortems/{drafted}").text
    fields = {"version": field(page, "version"), "proof": proof(page)}

    server.client.post(f"/postmortems/{drafted}", data=fields | {"root-cause": "the pool"})
    second = server.client.post(f"/postmortems/{drafted}", data=fields | {"root-cause": "the net"})

    assert second.status_code == 200
    assert "changed the same lines; both stand" in shown(second.text)
    text = server.client.get(f"/postmortems/{drafted}.md").text
    assert "the pool" in text
    assert "the net" in text


def test_who_may_only_read_writes_nothing(server: Served, drafted: str) -> None:
    sign_in(server, token(server, "eve", "read"))
    page = server.client.get(f"/postmortems/{drafted}").text
    assert "<textarea" not in page
    fields = {"version": "1", "proof": proof(page), "root-cause": "mine"}

    without = server.client.post(f"/postmortems/{drafted}", data=fields)
    forged = server.client.post(f"/postmortems/{drafted}", data=fields | {"proof": "x"})

    assert (without.status_code, forged.status_code) == (403, 403)
    assert server.client.get("/postmortems/shop-7").status_code == 400
