"""Pipelines ask with tokens that their platform signs: real keys, an issuer on this machine."""

import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Generator
from pathlib import Path
from typing import Any

import jwt
import pytest

from web.issuing import CURVE, OTHER_RSA, Issuer, signed
from web.served import Served, serve

AUDIENCE = "https://errorbudget.shop.example"
DOCUMENT = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: {service}
environment: production
objectives:
  availability: {{good: status < 500, target: 99%, window: {{rolling: 28d}}}}
policy:
  bands: [{{above: -inf, allow: [rollback, critical, low, normal, high]}}]
  unknown: {{allow: [rollback, critical, low, normal, high]}}
{identity}
"""
SHOP = """\
identity:
  github: [{repository_id: 4711, workflow: deploy.yml, environment: production}]
  gitlab: [{project_id: 42, environment: production}]
"""


@pytest.fixture
def asked(home: Path, tmp_path: Path, issuer: Issuer) -> Generator[Served]:
    """A server that takes the issuer's tokens as GitHub's; `bank` names no pipeline."""
    file = tmp_path / "errorbudget.yaml"
    file.write_text(f"identity: {{audience: '{AUDIENCE}', github: '{issuer.url}'}}\n")
    with serve(home, "--config", str(file)) as server:
        for service, identity in (("shop", SHOP), ("bank", "")):
            text = DOCUMENT.format(service=service, identity=identity)
            server.post("/api/v1/documents", content=text)
        made = server.post("/api/v1/tokens", json={"name": "admin", "scopes": ["admin"]})
        server.client.headers["Authorization"] = f"Bearer {made['token']}"
        yield server


def claims(issuer: Issuer, **more: Any) -> dict[str, Any]:
    """As GitHub writes them for a job of a workflow."""
    now = int(time.time())  # noqa: TID251 -- a server lives in the present
    repository = "octo-org/shop"
    return {
        "iss": issuer.url,
        "aud": AUDIENCE,
        "sub": f"repo:{repository}:environment:production",
        "iat": now,
        "nbf": now,
        "exp": now + 600,
        "repository": repository,
        "repository_id": "4711",
        "workflow_ref": f"{repository}/.github/workflows/deploy.yml@refs/heads/main",
        "environment": "production",
        "actor": "ana",
    } | more


def ask(server: Served, token: str, service: str = "shop") -> tuple[int, dict[str, Any]]:
    body = {"service": service, "change": "c1", "risk": "normal"}
    headers = {"Authorization": f"Bearer {token}"}
    answer = server.client.post("/api/v1/gate", json=body, headers=headers)
    return answer.status_code, answer.json()


def test_a_pipeline_that_the_document_names_asks_without_a_stored_secret(
    asked: Served, issuer: Issuer
):
    status, answer = ask(asked, signed(claims(issuer)))

    assert (status, answer["decision"]) == (200, "allow")
    (decision,) = (one for one in asked.get("/api/v1/audit") if one["kind"] == "decision")
    assert decision["body"]["asked_by"] == [
        "github:repo:octo-org/shop:environment:production",
        "ana",
    ]


def test_keys_of_both_kinds_are_fetched_once_and_a_new_one_when_it_is_used(
    asked: Served, issuer: Issuer
):
    issuer.keys["curve"] = CURVE
    for token in (signed(claims(issuer)), signed(claims(issuer), CURVE, "ES256", "curve")):
        assert ask(asked, token)[0] == 200
    assert issuer.fetched == 1

    issuer.keys = {"second": OTHER_RSA}
    assert ask(asked, signed(claims(issuer), OTHER_RSA, kid="second"))[0] == 200

    assert issuer.fetched == 2
    status, told = ask(asked, signed(claims(issuer)))
    assert (status, "has no key 'first'" in told["error"]["message"]) == (401, True)


def test_made_up_key_ids_do_not_make_the_server_fetch_for_ever(asked: Served, issuer: Issuer):
    for n in range(20):
        assert ask(asked, signed(claims(issuer), kid=f"made-up-{n}"))[0] == 401

    assert issuer.fetched <= 5
    assert ask(asked, signed(claims(issuer)))[0] == 200


WRONG = {
    "the token has expired": {"iat": 1_000_000_000, "nbf": 1_000_000_000, "exp": 1_000_000_600},
    "not for the audience": {"aud": "https://elsewhere.example"},
    "Expected a string": {"aud": [AUDIENCE, "https://elsewhere.example"]},
    "repository 99 is not 4711": {"repository_id": "99"},
    "workflow evil.yml is not deploy.yml": {
        "workflow_ref": "octo-org/shop/.github/workflows/evil.yml@refs/heads/main"
    },
    "environment staging is not production": {"environment": "staging"},
    "environment (none) is not production": {"environment": None},
    "is none that is taken here": {"iss": "https://elsewhere.example"},
    'missing the "exp" claim': {"exp": None},
}


@pytest.mark.parametrize("why", WRONG)
def test_every_other_claim_is_refused_with_its_reason(asked: Served, issuer: Issuer, why: str):
    told = {name: one for name, one in claims(issuer, **WRONG[why]).items() if one is not None}

    status, answer = ask(asked, signed(told))

    assert status == 401
    if why != "Expected a string":
        assert why in answer["error"]["message"]


def _with_hmac(claims: dict[str, Any], secret: bytes) -> str:
    """A token "signed" with what everybody knows: the public key as a shared secret."""
    parts = ({"alg": "HS256", "kid": "first", "typ": "JWT"}, claims)
    text = b".".join(urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=") for one in parts)
    mac = urlsafe_b64encode(hmac.digest(secret, text, "sha256")).rstrip(b"=")
    return (text + b"." + mac).decode()


def test_no_signature_another_key_and_another_algorithm_are_refused(asked: Served, issuer: Issuer):
    good = claims(issuer)
    public = json.dumps(issuer.jwks()["keys"][0]).encode()
    tokens = (
        jwt.encode(good, None, algorithm="none", headers={"kid": "first"}),
        _with_hmac(good, public),
        signed(good, OTHER_RSA),
        signed(good, CURVE, "ES256"),
        signed(good)[:-4] + "AAAA",
        "a.b.c",
    )
    for token in tokens:
        status, answer = ask(asked, token)
        assert status == 401, answer


def test_a_pipeline_asks_about_its_own_service_and_does_nothing_else(asked: Served, issuer: Issuer):
    token = signed(claims(issuer))
    headers = {"Authorization": f"Bearer {token}"}

    assert ask(asked, token, "bank")[0] == 403
    for path in ("/api/v1/budgets", "/api/v1/tokens", "/api/v1/audit"):
        assert asked.client.get(path, headers=headers).status_code == 403


def test_gitlab_names_its_projects_and_asks_from_protected_branches_only(
    home: Path, tmp_path: Path, issuer: Issuer
):
    file = tmp_path / "errorbudget.yaml"
    file.write_text(f"identity: {{audience: '{AUDIENCE}', gitlab: '{issuer.url}'}}\n")
    job = {
        "sub": "project_path:shop/web:ref_type:branch:ref:main",
        "project_id": "42",
        "ref": "main",
        "ref_protected": "true",
        "user_email": "ana@shop.example",
    }
    with serve(home, "--config", str(file)) as server:
        server.post("/api/v1/documents", content=DOCUMENT.format(service="shop", identity=SHOP))

        allowed = ask(server, signed(claims(issuer, **job)))
        other = ask(server, signed(claims(issuer, **job | {"project_id": "43"})))
        pushed = ask(server, signed(claims(issuer, **job | {"ref_protected": "false"})))

    assert allowed[0] == 200
    assert (other[0], "project 43 is not 42" in other[1]["error"]["message"]) == (401, True)
    assert "main is not a protected branch" in pushed[1]["error"]["message"]


def test_an_issuer_that_cannot_be_reached_is_told_and_is_no_denial(home: Path, tmp_path: Path):
    file = tmp_path / "errorbudget.yaml"
    file.write_text(f"identity: {{audience: '{AUDIENCE}', github: 'http://127.0.0.1:9'}}\n")
    with serve(home, "--config", str(file)) as server:
        server.post("/api/v1/documents", content=DOCUMENT.format(service="shop", identity=SHOP))

        status, told = ask(server, signed(claims(Issuer("http://127.0.0.1:9"))))

    assert status == 503
    assert "the keys of http://127.0.0.1:9 cannot be had" in told["error"]["message"]


def test_an_issuer_that_anybody_could_pretend_to_be_is_refused_at_start(home: Path, tmp_path: Path):
    file = tmp_path / "errorbudget.yaml"
    file.write_text("identity: {audience: a, github: 'http://tokens.example'}\n")

    with pytest.raises(AssertionError, match="https"):
        serve(home, "--config", str(file))
