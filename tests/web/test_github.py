"""Deployments wait at GitHub until the gate lets them through, and none that ends is unheard of."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jsonschema import Draft202012Validator

from errorbudget.change import Change
from errorbudget.errors import Failure, Untrusted
from errorbudget.notify.github import GitHub, verify
from errorbudget.policy.approval import NAMESPACE, Says
from errorbudget.program.gate.approvals import Wanted
from errorbudget.program.gate.asking import Question
from errorbudget.program.gate.forge import Forge
from errorbudget.program.program import Program
from errorbudget.store.signatures import sign
from errorbudget.web.failing import Unauthorized
from errorbudget.web.forge import GitHubApp
from store.keys import allow, make
from web import published
from web.served import serve, until

NODE = Path(__file__).parents[1] / "node_modules" / "@octokit"
NOW = datetime(2026, 7, 20, 12, tzinfo=UTC)
SECRET = b"It's a Secret to Everybody"
REPOSITORY, SHA = "octo/shop", "f95f852bd8fca8fcc58a9a2d6c842781e32a215e"
DOCUMENT = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: web
environment: production
owners: {product: [bo@shop.example]}
objectives:
  availability: {good: status < 500, target: 99.9%, window: {rolling: 28d}}
policy:
  bands:
    - {above: -inf, allow: [rollback, low]}
  unknown: {allow: [rollback, low]}
  approval: {roles: [product], expires_within: 24h}
risk:
  low: {max_files: 1, max_lines: 10}
"""
ALL = "[rollback, critical, low, normal, high]"


@dataclass
class Api:
    """GitHub on loopback: what it was asked, and what it answers, by method and path."""

    url: str = ""
    asked: list[tuple[str, str, str, Any]] = field(default_factory=list)
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)

    def posted(self, ending: str) -> list[Any]:
        found = (one for one in self.asked if one[0] == "POST" and one[1].endswith(ending))
        return [body for _, _, _, body in found]

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("content-length") or 0)
        body = json.loads(handler.rfile.read(length) or b"null")
        path = handler.path.partition("?")[0]
        self.asked.append((handler.command, path, handler.headers["authorization"], body))
        status, told = self.answers.get(f"{handler.command} {path}", (404, {}))
        handler.send_response(status)
        sent = json.dumps(told).encode() if status != 204 else b""
        handler.send_header("content-length", str(len(sent)))
        handler.end_headers()
        handler.wfile.write(sent)


@pytest.fixture
def api() -> Iterator[Api]:
    api = Api()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            api.handle(self)

        def do_POST(self) -> None:
            api.handle(self)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=partial(server.serve_forever, 0.02))
        thread.start()
        api.url = f"http://127.0.0.1:{server.server_port}"
        # Since 2026-04-27 such tokens are of any length.
        token = {"token": "ghs_1234_" + "e" * 300, "expires_at": "2199-01-01T00:00:00Z"}
        api.answers["POST /app/installations/9/access_tokens"] = (201, token)
        api.answers[f"POST {CALLBACK}"] = (204, None)
        yield api
        server.shutdown()
        thread.join()
    if published.FILE.exists() or os.environ.get("CI") == "true":
        for method, path, _, body in api.asked:
            assert [*published.problems(method, path, body)] == []


CALLBACK = f"/repos/{REPOSITORY}/actions/runs/7/deployment_protection_rule"


@pytest.fixture(scope="module")
def examples() -> dict[str, Any]:
    """GitHub's own samples, and the schemas of its webhooks."""
    if not NODE.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{NODE} is missing: `make test` installs it")
        pytest.skip("GitHub's schemas are not installed")
    samples = json.loads((NODE / "webhooks-examples/api.github.com/index.json").read_text())
    schemas = json.loads((NODE / "openapi-webhooks/generated/api.github.com.json").read_text())
    named = {one["name"]: one["examples"] for one in samples}
    return {"samples": named, "components": schemas["components"]}


def conforms(payload: Any, schema: str, components: Any) -> None:
    root = {"$ref": f"#/components/schemas/{schema}", "components": components}
    problems = [*Draft202012Validator(root).iter_errors(payload)]
    assert not problems, problems[0].message


@pytest.fixture
def waiting(api: Api, examples: dict[str, Any]) -> dict[str, Any]:
    """A deployment that waits, in the shape that GitHub publishes."""
    sample = examples["samples"]["deployment_status"][1]
    return {
        "action": "requested",
        "environment": "production",
        "event": "push",
        "deployment_callback_url": f"{api.url}{CALLBACK}",
        "deployment": sample["deployment"] | {"sha": SHA, "environment": "production"},
        "pull_requests": [],
        "repository": sample["repository"] | {"full_name": REPOSITORY},
        "installation": {"id": 9, "node_id": "MDIzOkludGVncmF0aW9uSW5zdGFsbGF0aW9uOQ=="},
        "sender": sample["sender"],
    }


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


@pytest.fixture
def github(api: Api, key: rsa.RSAPrivateKey) -> Iterator[GitHub]:
    github = GitHub(api.url, "1234", pem(key).decode())
    yield github
    github.close()


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    with Program.open(tmp_path / "home", create=True) as program:
        (tmp_path / "web.yaml").write_text(DOCUMENT)
        program.objectives.apply(tmp_path / "web.yaml", now=NOW)
        yield program


@pytest.fixture
def forge(program: Program, github: GitHub) -> Forge:
    def asks(question: Question, *, dry_run: bool = False) -> dict[str, Any]:
        return program.gate.check(question, at=NOW, now=NOW, dry_run=dry_run).as_dict()

    return Forge(
        program.home,
        github,
        {"Octo/Shop": ["web"]},
        gate=program.gate,
        asks=asks,
        environment=lambda service: program.budgets.document(service).environment,
    )


def entries(program: Program, kind: str) -> list[dict[str, Any]]:
    return [one["body"] for one in program.audit.log() if one["kind"] == kind]


def small(api: Api, lines: int = 3) -> None:
    """The comparison with what is deployed: one file of so many lines."""
    commit = {
        "commit": {
            "tree": {"sha": "2" * 40},
            "author": {"email": "chen@shop.example"},
            "committer": {"email": "chen@shop.example"},
        }
    }
    told = {
        "status": "ahead",
        "base_commit": {"commit": {"tree": {"sha": "1" * 40}}},
        "commits": [commit],
        "files": [
            {
                "filename": "pay.py",
                "status": "modified",
                "additions": lines,
                "deletions": 0,
                "changes": lines,
                "patch": "@@",
            }
        ],
    }
    api.answers[f"GET /repos/{REPOSITORY}/compare/v1...{SHA}"] = (200, told)


def deployed(program: Program) -> None:
    change = Change(
        id="v1",
        service="web",
        version="v1",
        environment="production",
        started_at=NOW - timedelta(days=1),
    )
    program.home.changes.record(change)


def test_every_request_is_one_that_github_describes():
    """The check itself: what is sent in all other tests is held against it when they end."""
    if not published.FILE.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{published.FILE} is missing: `make test` installs it")
        pytest.skip("GitHub's description of its API is not installed")
    answer = {"environment_name": "production", "state": "approved"}
    wrong = (
        ("PUT", CALLBACK, answer),
        ("POST", f"{CALLBACK}s", answer),
        ("POST", CALLBACK, None),
        ("POST", CALLBACK, {"environment_name": "production"}),
        ("POST", CALLBACK, answer | {"state": "maybe"}),
    )

    assert [*published.problems("POST", CALLBACK, answer)] == []
    assert [*published.problems("POST", CALLBACK, answer | {"comment": "why"})] == []
    assert [*published.problems("GET", "/app/hook/deliveries", None)] == []
    for one in wrong:
        assert [*published.problems(*one)], one


def test_the_payload_is_as_github_publishes_it(waiting: dict[str, Any], examples: dict[str, Any]):
    shape = "webhook-deployment-protection-rule-requested"
    conforms(waiting, shape, examples["components"])


def test_what_the_gate_permits_goes_on_at_once(
    api: Api, program: Program, forge: Forge, waiting: dict[str, Any], key: rsa.RSAPrivateKey
):
    deployed(program)
    small(api)
    assert forge.take("d1", "deployment_protection_rule", waiting, NOW)
    assert not forge.take("d1", "deployment_protection_rule", waiting, NOW)

    forge.step(NOW)
    forge.step(NOW)

    (answer,) = api.posted("/deployment_protection_rule")
    assert (answer["environment_name"], answer["state"]) == ("production", "approved")
    assert len(answer["comment"]) <= 1024
    (decision,) = entries(program, "decision")
    assert decision["diff"]["authors"] == ["chen@shop.example"]
    assert decision["asked_by"] == ["Codertocat", "github-pages[bot]"]
    asked = next(one for one in api.asked if one[1].endswith("access_tokens"))
    claims = jwt.decode(asked[2].split()[1], key.public_key(), algorithms=["RS256"])
    assert claims["iss"] == "1234"
    assert claims["exp"] - claims["iat"] <= 600


def test_what_needs_an_approval_waits_and_goes_on_when_it_comes(
    api: Api, program: Program, forge: Forge, waiting: dict[str, Any], tmp_path: Path
):
    deployed(program)
    small(api, lines=900)
    forge.take("d1", "deployment_protection_rule", waiting, NOW)
    for _ in range(3):
        forge.step(NOW)

    (report,) = api.posted("/deployment_protection_rule")
    assert "state" not in report
    assert "errorbudget gate approve web" in report["comment"]
    assert program.approvals.status("web", now=NOW)[0]["askings"] == 1
    last = program.audit.log()[-1]
    assert last["checkpoint"].strip() in report["comment"]

    bo = make(tmp_path, "bo@shop.example")
    allow(program.home.path / "allowed_signers", ("bo@shop.example", bo))
    wanted = Wanted(says=Says.APPROVE, service="web", change=SHA, role="product", reason="worth it")
    text = program.approvals.draw_up(wanted, now=NOW)["statement"]
    made = sign(text.encode(), key=bo, namespace=NAMESPACE)
    program.approvals.give(text, signature=made, now=NOW)
    forge.step(NOW)

    _, approved = api.posted("/deployment_protection_rule")
    assert approved["state"] == "approved"
    assert "Approved by bo@shop.example" in approved["comment"]


def test_what_no_approval_could_permit_is_rejected(
    api: Api, program: Program, forge: Forge, waiting: dict[str, Any], tmp_path: Path
):
    strict = DOCUMENT.replace("  approval: {roles: [product], expires_within: 24h}\n", "")
    (tmp_path / "web.yaml").write_text(strict)
    program.objectives.apply(tmp_path / "web.yaml", now=NOW)
    forge.take("d1", "deployment_protection_rule", waiting, NOW)
    forge.step(NOW)
    (answer,) = api.posted("/deployment_protection_rule")
    assert answer["state"] == "rejected"


@pytest.mark.parametrize(
    "callback",
    [
        "http://169.254.169.254/repos/octo/shop/actions/runs/7/deployment_protection_rule",
        "http://127.0.0.1.evil.example/repos/octo/shop",
        "{api}@evil.example/repos/octo/shop",
        "{api}/repos/../app/installations",
        "{api}/user",
        "file:///repos/x",
    ],
)
def test_nothing_is_sent_to_a_callback_that_is_not_the_configured_api(
    api: Api, forge: Forge, waiting: dict[str, Any], callback: str
):
    waiting["deployment_callback_url"] = callback.format(api=api.url)
    forge.take("d1", "deployment_protection_rule", waiting, NOW)
    forge.step(NOW)
    assert [one for one in api.asked if one[0] == "POST"] == []


def test_an_api_that_is_down_is_asked_again(
    api: Api, program: Program, forge: Forge, waiting: dict[str, Any]
):
    deployed(program)
    small(api)
    api.answers[f"POST {CALLBACK}"] = (502, {})
    forge.take("d1", "deployment_protection_rule", waiting, NOW)
    forge.step(NOW)
    api.answers[f"POST {CALLBACK}"] = (204, None)
    forge.step(NOW)
    assert [one["state"] for one in api.posted("/deployment_protection_rule")] == ["approved"] * 2


def test_an_environment_without_a_document_is_told_so_and_stays_closed(
    api: Api, forge: Forge, waiting: dict[str, Any]
):
    waiting["environment"] = "staging"
    forge.take("d1", "deployment_protection_rule", waiting, NOW)
    forge.step(NOW)
    forge.step(NOW)
    (report,) = api.posted("/deployment_protection_rule")
    assert "state" not in report
    assert "no service of it ships to staging" in report["comment"]


@pytest.mark.parametrize("broken", ["deployment", "repository", "installation", "environment"])
def test_a_payload_without_a_part_holds_up_no_other(
    api: Api, program: Program, forge: Forge, waiting: dict[str, Any], broken: str
):
    deployed(program)
    small(api)
    part = {name: value for name, value in waiting.items() if name != broken}
    forge.take("d1", "deployment_protection_rule", part, NOW)
    forge.take("d2", "deployment_protection_rule", waiting, NOW)
    forge.step(NOW)
    assert [one["state"] for one in api.posted("/deployment_protection_rule")] == ["approved"]


def ended(examples: dict[str, Any], state: str = "success") -> dict[str, Any]:
    sample = examples["samples"]["deployment_status"][0]
    conforms(sample, "webhook-deployment-status-created", examples["components"])
    return sample | {
        "deployment_status": sample["deployment_status"] | {"state": state},
        "deployment": sample["deployment"] | {"sha": SHA, "created_at": "2026-07-20T11:59:00Z"},
        "repository": sample["repository"] | {"full_name": REPOSITORY},
    }


def test_a_deploy_that_nobody_asked_about_is_found(
    program: Program, forge: Forge, examples: dict[str, Any]
):
    for number, state in enumerate(("queued", "in_progress", "success")):
        forge.take(f"d{number}", "deployment_status", ended(examples, state), NOW)
    forge.step(NOW)
    (found,) = program.reconciling.reconcile(now=NOW)["ungated"]
    assert (found["version"], found["past_the_gate"]) == (SHA, "nobody asked the gate")


def test_the_outcome_of_a_permitted_deploy_is_recorded_once(
    api: Api,
    program: Program,
    forge: Forge,
    waiting: dict[str, Any],
    examples: dict[str, Any],
):
    deployed(program)
    small(api)
    forge.take("d1", "deployment_protection_rule", waiting, NOW)
    forge.step(NOW)
    for number in (2, 3):
        forge.take(f"d{number}", "deployment_status", ended(examples), NOW)
    forge.step(NOW + timedelta(minutes=1))

    (outcome,) = entries(program, "outcome")
    assert (outcome["outcome"], outcome["covered"]) == ("succeeded", True)
    found = program.reconciling.reconcile(now=NOW + timedelta(hours=1))["ungated"]
    assert SHA not in [one["version"] for one in found]


def test_a_server_answers_github(
    api: Api, home: Path, tmp_path: Path, waiting: dict[str, Any], key: rsa.RSAPrivateKey
):
    (tmp_path / "app.pem").write_bytes(pem(key))
    (tmp_path / "web.yaml").write_text(DOCUMENT.split("risk:")[0].replace("[rollback, low]", ALL))
    (tmp_path / "server.yaml").write_text(
        f"""\
documents: ["{tmp_path}/web.yaml"]
github:
  app: 1234
  key: "file:{tmp_path}/app.pem"
  secret: "env:WEBHOOK_SECRET"
  api: {api.url}
  repositories: {{{REPOSITORY}: [web]}}
"""
    )
    body, known = json.dumps(waiting).encode(), {"WEBHOOK_SECRET": SECRET.decode()}
    headers = {"X-GitHub-Event": "deployment_protection_rule", "X-GitHub-Delivery": "d1"}
    path = "/api/v1/github/webhook"
    with serve(home, "--config", str(tmp_path / "server.yaml"), **known) as served:
        served.post(path, status=401, content=body, headers=headers)
        sent = headers | {"X-Hub-Signature-256": signed(body)}
        assert served.post(path, status=202, content=body, headers=sent) == {"new": True}
        assert served.post(path, status=202, content=body, headers=sent) == {"new": False}
        until(lambda: api.posted("/deployment_protection_rule"))
    (answer,) = api.posted("/deployment_protection_rule")
    assert answer["state"] == "approved"


def test_what_did_not_arrive_is_delivered_again(api: Api, forge: Forge, waiting: dict[str, Any]):
    forge.take("known", "deployment_status", waiting, NOW)
    told = [
        {"id": 1, "guid": "arrived", "event": "deployment_status", "status_code": 202},
        {"id": 2, "guid": "lost", "event": "deployment_protection_rule", "status_code": 502},
        {"id": 3, "guid": "known", "event": "deployment_status", "status_code": 504},
        {"id": 4, "guid": "other", "event": "push", "status_code": 500},
    ]
    api.answers["GET /app/hook/deliveries"] = (200, told)
    api.answers["POST /app/hook/deliveries/2/attempts"] = (202, {})
    assert forge.recover() == 1


def test_only_the_secret_signs():
    # The values that GitHub gives to test an implementation with.
    good = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    verify(SECRET, good, b"Hello, World!")
    for signature in ("", "sha256=é", good.removeprefix("sha256="), good.upper()):
        with pytest.raises(Untrusted):
            verify(SECRET, signature, b"Hello, World!")
    with pytest.raises(Untrusted):
        verify(SECRET, good, b"Hello, World?")


def signed(body: bytes) -> str:
    import hmac

    return "sha256=" + hmac.new(SECRET, body, "sha256").hexdigest()


def test_what_is_taken_in_is_signed_numbered_and_an_object(
    forge: Forge, waiting: Mapping[str, Any]
):
    app = GitHubApp(SECRET, forge)
    body = json.dumps(waiting).encode()
    with pytest.raises(Unauthorized):
        app.take(signed(body + b" "), "deployment_protection_rule", "d1", body)
    for id_, sent in (("", body), ("../../x", body), ("d1", b"[]"), ("d1", b"payload=%7B%7D")):
        with pytest.raises(Failure):
            app.take(signed(sent), "deployment_protection_rule", id_, sent)
    assert app.take(signed(body), "deployment_protection_rule", "d1", body)
    assert not app.take(signed(body), "deployment_protection_rule", "d1", body)
    assert not app.take(signed(body), "ping", "d2", body)
