"""What whoever is on call says of an incident on a page, and what is refused there, in words."""

import pytest

from web.pages.reading import proof, shown
from web.pages.test_signing_in import sign_in, token
from web.served import Served


@pytest.fixture
def declared(server: Served) -> str:
    """The page of an incident that a person declared."""
    server.apply()
    told = {"service": "shop", "title": "nobody <i>can</i> pay", "by": "ana"}
    return f"/incidents/{server.post('/api/v1/incidents', json=told)['id']}"


def test_what_is_said_on_the_page_stands_in_the_timeline_by_who_is_signed_in(
    server: Served, declared: str
) -> None:
    sign_in(server, token(server, "ana", "read", "approve"))
    page = server.client.get(declared).text
    fields = {"proof": proof(page)}
    assert "Nobody sees to it yet." in shown(page)
    assert "<i>can" not in page

    seen = server.client.post(f"{declared}/acknowledge", data=fields)
    noted = server.client.post(f"{declared}/notes", data=fields | {"text": "turned v2 off"})
    over = server.client.post(f"{declared}/close", data=fields)

    assert [one.status_code for one in (seen, noted, over)] == [303, 303, 303]
    assert {one.headers["Location"] for one in (seen, noted, over)} == {declared}
    after = server.client.get(declared).text
    assert "ana note turned v2 off" in shown(after)
    assert ", as ana said." in shown(after)
    assert "I see to it" not in after


def test_what_is_over_can_neither_be_seen_to_nor_closed_again_but_written_about(
    server: Served, declared: str
) -> None:
    fields = {"proof": proof(server.client.get(declared).text)}
    server.client.post(f"{declared}/close", data=fields)

    seen = server.client.post(f"{declared}/acknowledge", data=fields)
    over = server.client.post(f"{declared}/close", data=fields)
    noted = server.client.post(f"{declared}/notes", data=fields | {"text": "it was the cache"})

    assert (seen.status_code, over.status_code, noted.status_code) == (400, 400, 303)
    assert "there is nothing left to see to" in shown(seen.text)
    assert "as local said: there is nothing left to close" in shown(over.text)


@pytest.mark.parametrize("what", ["acknowledge", "notes", "close", "postmortem"])
def test_a_form_of_elsewhere_and_a_token_without_the_scope_are_refused(
    server: Served, declared: str, what: str
) -> None:
    sign_in(server, token(server, "eve", "read"))
    page = server.client.get(declared).text
    assert f'action="{declared}/{what}"' not in page
    own = {"proof": proof(page), "text": "mine"}

    forged = server.client.post(f"{declared}/{what}", data=own | {"proof": "x"})
    without = server.client.post(f"{declared}/{what}", data=own)

    assert (forged.status_code, without.status_code) == (403, 403)
    assert "this needs the scope approve" in shown(without.text)


def test_a_token_for_another_service_neither_sees_nor_answers(
    server: Served, declared: str
) -> None:
    sign_in(server, token(server, "cara", "read", "approve", services=["cart"]))
    fields = {"proof": proof(server.client.get("/decisions").text)}

    shut = server.client.get(declared)
    done = [
        server.client.post(f"{declared}/{what}", data=fields | {"text": "mine"})
        for what in ("acknowledge", "notes", "close", "postmortem")
    ]

    assert {one.status_code for one in (shut, *done)} == {403}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "text: is empty"),
        ("one\u0000two", "holds control characters"),
        ("x" * 2001, "at most 2,000"),
    ],
)
def test_a_note_that_is_no_line_is_refused_in_words(
    server: Served, declared: str, text: str, words: str
) -> None:
    fields = {"proof": proof(server.client.get(declared).text), "text": text}

    refused = server.client.post(f"{declared}/notes", data=fields)

    assert refused.status_code == 400
    assert words in shown(refused.text)


def test_a_postmortem_is_drafted_once_and_found_again(server: Served, declared: str) -> None:
    fields = {"proof": proof(server.client.get(declared).text)}

    first = server.client.post(f"{declared}/postmortem", data=fields)
    again = server.client.post(f"{declared}/postmortem", data=fields)

    (drafted,) = server.get("/api/v1/postmortems")
    assert first.headers["Location"] == again.headers["Location"] == f"/postmortems/{drafted['id']}"
    assert f"/incidents/{drafted['incident']}" == declared
