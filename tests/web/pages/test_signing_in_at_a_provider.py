"""A person signs in at an OpenID provider: one in a process of its own, and one that cheats."""

import json
import re
import signal
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Generator
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx2
import pytest

from errorbudget import clock
from errorbudget.web import session
from ports import free_port
from web.issuing import OTHER_RSA, RSA, Issuer, issuing, signed
from web.pages.reading import field, proof, requests, shown
from web.served import Served, serve, until

ADDRESS = "http://127.0.0.1:8700"
CLIENT = "errorbudget"
ANA = "ana@shop.example"
SETTINGS = """\
sign_in:
  issuer: {issuer}
  client: {client}
  secret: env:OPENID_SECRET
  address: {address}
  admits: ["*@shop.example"]
  scopes: [read, gate, approve]
"""


def started(folder: Path, issuer: str) -> Served:
    file = folder / "errorbudget.yaml"
    file.write_text(SETTINGS.format(issuer=issuer, client=CLIENT, address=ADDRESS))
    return serve(folder / "home", "--config", str(file), OPENID_SECRET="a secret")


@pytest.fixture(scope="module")
def provider() -> Generator[str]:
    """The address of an OpenID provider that lets everybody in who says who they are."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        until(lambda: answers(f"{address}/.well-known/openid-configuration"), within=60)
        for sub, claims in {
            "ana": {"email": ANA, "email_verified": True},
            "ben": {"email": "ben@shop.example", "email_verified": False},
            "eve": {"email": "eve@elsewhere.example", "email_verified": True},
            "nobody": {},
        }.items():
            httpx2.put(f"{address}/users/{sub}", json=claims).raise_for_status()
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def answers(url: str) -> bool:
    try:
        return httpx2.get(url).is_success
    except httpx2.TransportError:
        return False


@pytest.fixture(scope="module")
def running(provider: str, tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    with started(tmp_path_factory.mktemp("signing"), provider) as server:
        yield server


@pytest.fixture
def server(running: Served) -> Served:
    """The server, and a browser that has no cookie."""
    running.client.cookies.clear()
    return running


def begun(server: Served, after: str = "/") -> str:
    """Where the provider asks who it is."""
    answer = server.client.get("/signin/provider", params={"next": after})
    assert answer.status_code == 303, shown(answer.text)
    return answer.headers["Location"]


def let_in(address: str, who: str, **instead: str) -> str:
    """Where the provider sends the browser of who signed in, on this server."""
    parts = urlsplit(address)
    asked = urlencode(dict(parse_qsl(parts.query)) | instead)
    answer = httpx2.post(parts._replace(query=asked).geturl(), data={"sub": who})
    back = answer.headers["Location"]
    assert back.startswith(f"{ADDRESS}/signin/callback?"), back
    return back.removeprefix(ADDRESS)


def as_owner(server: Served) -> dict[str, str]:
    """The header of who can read the home."""
    key = re.search(r'"key": ?"([^"]+)"', (server.home / "server.json").read_text())
    assert key
    return {"Authorization": f"Bearer {key[1]}"}


def test_a_person_signs_in_reads_and_signs_out(server: Served) -> None:
    assert server.client.get("/decisions").headers["Location"] == "/signin?next=/decisions"
    page = server.client.get("/signin", params={"next": "/decisions"}).text
    assert 'href="/signin/provider?next=/decisions"' in page

    answer = server.client.get(let_in(begun(server, "/decisions"), "ana"))

    assert answer.status_code == 200
    assert f"You are signed in as {ANA}." in shown(answer.text)
    assert 'content="0; url=/decisions"' in answer.text
    page = server.client.get("/decisions")
    assert page.status_code == 200
    assert f"{ANA} Sign out" in shown(page.text)
    server.client.post("/signout", data={"proof": proof(page.text)})
    assert server.client.get("/decisions").status_code == 303


def test_what_a_person_may_do_is_configured_and_recorded_by_name(server: Served) -> None:
    server.client.get(let_in(begun(server), "ana"))
    owner = as_owner(server)
    document = DOCUMENT.encode()
    server.post("/api/v1/documents", content=document, headers=owner)
    page = server.client.get("/decisions").text
    fields = {"service": "shop", "change": "v2", "risk": "low", "proof": proof(page)}

    answer = server.client.post("/decisions", data=fields)

    assert answer.status_code == 303, shown(answer.text)
    (decision,) = (
        one
        for one in server.client.get("/api/v1/audit", headers=owner).json()
        if one["kind"] == "decision"
    )
    assert decision["body"]["asked_by"] == [ANA]
    assert server.client.get("/api/v1/tokens").status_code == 403
    without = {name: value for name, value in fields.items() if name != "proof"}
    assert server.client.post("/decisions", data=without).status_code == 403


def held_up(server: Served, service: str, owner: str) -> dict[str, Any]:
    """How the gate is asked about a change that only an owner's approval lets through."""
    headers = as_owner(server)
    document = OWNED.replace("SERVICE", service).replace("OWNER", owner)
    server.post("/api/v1/documents", content=document.encode(), headers=headers)
    lines = "".join(f"{json.dumps(one)}\n" for one in requests(5000, 30, service))
    server.post("/api/v1/requests", content=lines, headers=headers)
    of = {"url": "/api/v1/budgets", "params": {"service": service}, "headers": headers}
    until(lambda: server.client.get(**of).json()[0]["valid"] == 5000, within=60)
    asked = {"service": service, "change": "v2", "risk": "normal", "by": ["ci"]}
    gate: dict[str, Any] = {"url": "/api/v1/gate", "json": asked, "headers": headers}
    assert server.client.post(**gate).json()["decision"] == "needs_approval"
    return gate


def test_a_person_approves_what_was_blocked_and_is_shown_what_it_leads_to(server: Served) -> None:
    gate = held_up(server, "till", ANA)
    server.client.get(let_in(begun(server, "/decisions"), "ana"))
    waiting = shown(server.client.get("/decisions").text)
    about = {"service": "till", "change": "v2", "role": "product", "reason": "season starts"}

    page = server.client.get("/approval", params=about | {"spend": "6%"}).text
    fields = {"statement": field(page, "statement")}
    forged = server.client.post("/approval", data=fields)
    blocked = server.client.post(**gate).json()
    answer = server.client.post("/approval", data=fields | {"proof": proof(page)})

    assert "v2 waits for an answer." in waiting
    assert "Spending 6 % on this change would leave about 34 %" in shown(page)
    assert forged.status_code == 403
    assert blocked["decision"] == "needs_approval"
    assert answer.status_code == 303, shown(answer.text)
    assert f"{ANA} (product) approved it" in shown(server.client.get("/decisions").text)
    allowed = server.client.post(**gate).json()
    assert allowed["decision"] == "allow", allowed["reason"]
    assert [(one["by"], one["reason"]) for one in allowed["approvals"]] == [(ANA, "season starts")]


def test_who_owns_nothing_signs_in_and_is_given_nothing_to_approve(server: Served) -> None:
    held_up(server, "desk", "bo@shop.example")
    server.client.get(let_in(begun(server), "ana"))
    about = {"service": "desk", "change": "v2", "role": "product", "reason": "season starts"}

    page = server.client.get("/approval", params=about).text

    assert "errorbudget gate approve desk --change v2" in shown(page)
    assert 'name="statement"' not in page


OWNED = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: SERVICE
owners: {product: [OWNER]}
objectives:
  availability: {good: status < 500, target: 99%, window: {rolling: 28d}}
policy:
  bands:
    - {above: 50%, allow: [rollback, critical, low, normal, high]}
    - {above: -inf, allow: [rollback, critical]}
  unknown: {allow: [rollback, low]}
  approval: {roles: [product], need: all, expires_within: 24h}
"""

DOCUMENT = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: shop
objectives:
  availability: {good: status < 500, target: 99%, window: {rolling: 28d}}
policy:
  bands: [{above: -inf, allow: [rollback, critical, low, normal, high]}]
  unknown: {allow: [rollback, critical, low, normal, high]}
"""


def test_the_provider_is_asked_for_one_code_for_one_address_with_a_challenge(
    server: Served,
) -> None:
    first, second = (parse_qs(urlsplit(begun(server)).query) for _ in range(2))

    assert first["redirect_uri"] == [f"{ADDRESS}/signin/callback"]
    assert first["response_type"] == ["code"]
    assert first["scope"] == ["openid email"]
    assert first["code_challenge_method"] == ["S256"]
    for once in ("state", "nonce", "code_challenge"):
        assert first[once] != second[once]


def test_cookies_are_kept_from_scripts_and_hold_no_secret(server: Served) -> None:
    answer = server.client.get("/signin/provider")
    asked = parse_qs(urlsplit(answer.headers["Location"]).query)
    first = answer.headers["Set-Cookie"]
    assert "HttpOnly" in first
    assert "SameSite=lax" in first
    assert "Max-Age=600" in first
    assert asked["nonce"][0] not in first

    answer = server.client.get(let_in(answer.headers["Location"], "ana"))

    ended, kept = sorted(answer.headers.get_list("Set-Cookie"), key=lambda one: "session" in one)
    assert "Max-Age=0" in ended
    assert "HttpOnly" in kept
    assert "SameSite=strict" in kept


def refused(server: Served, path: str, status: int = 401) -> str:
    """Why a way back lets nobody in."""
    answer = server.client.get(path)
    assert answer.status_code == status, shown(answer.text)
    assert session.COOKIE not in answer.cookies
    assert server.client.get("/decisions").status_code == 303
    return shown(answer.text)


def test_an_answer_with_another_state_or_to_another_browser_lets_nobody_in(
    server: Served,
) -> None:
    back = let_in(begun(server), "ana")

    assert "not the answer" in refused(server, re.sub("state=[^&]*", "state=other", back))
    # The cookie went with the refusal, as if it were another browser's.
    assert "not the answer" in refused(server, back)
    assert "not the answer" in refused(server, "/signin/callback?code=abc&state=")
    older = let_in(begun(server), "ana")
    begun(server)
    assert "not the answer" in refused(server, older)


def test_an_answer_to_another_nonce_lets_nobody_in(server: Served) -> None:
    back = let_in(begun(server), "ana", nonce="of-another-sign-in")

    assert "answers another sign-in (nonce)" in refused(server, back)


def test_a_code_that_is_replayed_lets_nobody_in(server: Served) -> None:
    address = begun(server)
    cookies = dict(server.client.cookies)
    back = let_in(address, "ana")
    assert server.client.get(back).status_code == 200

    server.client.cookies.clear()
    server.client.cookies.update(cookies)

    assert "does not take the sign-in: invalid_grant" in refused(server, back)


@pytest.mark.parametrize(
    ("who", "why"),
    [
        ("ben", "has not verified the address ben@shop.example"),
        ("eve", "eve@elsewhere.example is not admitted here"),
        ("nobody", "there is no claim 'email'"),
    ],
)
def test_who_is_not_known_well_enough_is_told_why(server: Served, who: str, why: str) -> None:
    assert why in refused(server, let_in(begun(server), who), 403)


def test_who_declines_at_the_provider_is_told_so(server: Served) -> None:
    state = parse_qs(urlsplit(begun(server)).query)["state"][0]

    told = refused(server, f"/signin/callback?error=access_denied&state={state}")

    assert "did not let you in: access_denied" in told


@pytest.mark.parametrize("after", ["https://evil.example/", "//evil.example", "/\\evil", "/\tx"])
def test_signing_in_leads_nowhere_else(server: Served, after: str) -> None:
    answer = server.client.get(let_in(begun(server, after), "ana"))

    assert 'content="0; url=/"' in answer.text


def test_without_a_session_nobody_is_the_owner(server: Served) -> None:
    assert server.client.get("/api/v1/budgets").status_code == 401


def test_a_cookie_for_one_purpose_serves_no_other() -> None:
    now = clock.now()
    persons, tokens = session.opened_for("key", ANA, now), session.opened("key", ANA, now)

    assert session.person_of("key", persons, now) == ANA
    assert session.person_of("key", tokens, now) is None
    assert session.token_of("key", persons, now) is None
    late = now + session.LASTS + timedelta(seconds=1)
    assert session.person_of("key", persons, late) is None


@dataclass
class Cheating:
    """A server, and the provider that it trusts and that does what a test wants."""

    server: Served
    issuer: Issuer

    def answer(self, key: Any = RSA, alg: str = "RS256", **claims: Any) -> httpx2.Response:
        """What the server answers once the provider gave an ID token with these claims."""
        asked = parse_qs(urlsplit(begun(self.server)).query)
        now = int(time.time())  # noqa: TID251 -- a server lives in the present
        told = {
            "iss": self.issuer.url,
            "aud": CLIENT,
            "sub": "4711",
            "iat": now,
            "exp": now + 60,
            "nonce": asked["nonce"][0],
            "email": ANA,
            "email_verified": True,
        } | claims

        def exchanges(form: dict[str, str]) -> dict[str, Any]:
            digest = sha256(form["code_verifier"].encode()).digest()
            challenge = urlsafe_b64encode(digest).rstrip(b"=").decode()
            if [challenge] != asked["code_challenge"] or form["code"] != "the code":
                return {"error": "invalid_grant"}
            wanted = {name: one for name, one in told.items() if one is not None}
            return {"id_token": signed(wanted, key, alg)}

        self.issuer.exchanges = exchanges
        back = {"code": "the code", "state": asked["state"][0]}
        return self.server.client.get("/signin/callback", params=back)


@pytest.fixture(scope="module")
def cheating(tmp_path_factory: pytest.TempPathFactory) -> Generator[Cheating]:
    with (
        issuing() as issuer,
        started(tmp_path_factory.mktemp("cheating"), issuer.url) as server,
    ):
        yield Cheating(server, issuer)


@pytest.fixture
def cheat(cheating: Cheating) -> Cheating:
    cheating.server.client.cookies.clear()
    return cheating


def test_the_code_is_exchanged_with_the_verifier_of_its_challenge(cheat: Cheating) -> None:
    assert cheat.answer().status_code == 200
    assert cheat.answer(aud=[CLIENT], azp=CLIENT).status_code == 200


WRONG: dict[str, dict[str, Any]] = {
    "Audience doesn't match": {"aud": "another"},
    "is for others besides this server": {"aud": [CLIENT, "another"], "azp": CLIENT},
    "was made for another client (azp)": {"azp": "another"},
    "Invalid issuer": {"iss": "https://elsewhere.example"},
    "Signature has expired": {"iat": 1_000_000_000, "exp": 1_000_000_600},
    "answers another sign-in (nonce)": {"nonce": "another"},
    'missing the "nonce" claim': {"nonce": None},
    'missing the "exp" claim': {"exp": None},
    "Signature verification failed": {"key": OTHER_RSA},
    "'HS256' is not taken": {"key": "x" * 40, "alg": "HS256"},
}


@pytest.mark.parametrize("why", WRONG)
def test_an_id_token_that_does_not_hold_lets_nobody_in(cheat: Cheating, why: str) -> None:
    answer = cheat.answer(**WRONG[why])

    assert answer.status_code == 401
    assert why in shown(answer.text)
    assert cheat.server.client.get("/decisions").status_code == 303


def test_an_email_that_is_called_verified_in_words_is_not(cheat: Cheating) -> None:
    assert cheat.answer(email_verified="true").status_code == 403


def test_an_answer_that_names_another_provider_lets_nobody_in(cheat: Cheating) -> None:
    asked = parse_qs(urlsplit(begun(cheat.server)).query)
    back = {"code": "c", "state": asked["state"][0], "iss": "https://elsewhere.example"}

    answer = cheat.server.client.get("/signin/callback", params=back)

    assert answer.status_code == 401
    assert "of https://elsewhere.example, not of" in shown(answer.text)


def test_a_provider_that_is_away_is_told_and_a_token_still_signs_in(tmp_path: Path) -> None:
    with started(tmp_path, "http://127.0.0.1:9") as server:
        answer = server.client.get("/signin/provider")

    assert answer.status_code == 503
    assert "127.0.0.1:9 does not answer as an OpenID provider does" in shown(answer.text)
    assert 'name="token"' in answer.text


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("  issuer: http://login.example", "write the issuer as its tokens do"),
        ("  address: http://shop.example", "http only for this machine"),
        ("  admits: []", "at least 1"),
        ("  scopes: [admin]", "read"),
    ],
)
def test_what_would_let_others_in_is_refused_at_start(tmp_path: Path, line: str, why: str) -> None:
    file = tmp_path / "errorbudget.yaml"
    text = SETTINGS.format(issuer="https://login.example", client=CLIENT, address=ADDRESS)
    name = line.partition(":")[0]
    file.write_text(re.sub(rf"(?m)^{name}:.*$", line, text))

    with pytest.raises(AssertionError, match=why):
        serve(tmp_path / "home", "--config", str(file), OPENID_SECRET="x")
