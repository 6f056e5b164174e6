"""The budget falls through every band, and each place gets what the document prescribes."""

import hmac
import json
import os
import re
import ssl
import subprocess
import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import httpx2
import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import rsa
from ruamel.yaml import YAML

from errorbudget import clock
from ports import free_port
from web.served import PROGRAM, Served, serve, until
from web.surfaces.conftest import decisions, told
from web.surfaces.test_argo import DEPLOY, measure
from web.surfaces.test_flagger import hook
from web.surfaces.test_kubernetes import admit, deployment
from web.test_github import CALLBACK, REPOSITORY, SECRET, Api, api, key, pem

__all__ = ["api", "key"]

DOCUMENT = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: shop
environment: production
owners: {product: [bo@shop.example]}
objectives:
  availability: {good: status < 500, target: 90%, window: {rolling: 28d}}
policy:
  bands:
    - {above: 50%, allow: [rollback, critical, low, normal, high]}
    - {above: 25%, allow: [rollback, critical, low]}
    - {above: -inf, allow: [rollback, critical]}
  unknown: {allow: [rollback]}
  stale_after: 1d
  approval: {roles: [product], expires_within: 24h}
risk:
  low: {max_files: 1, max_lines: 10}
"""
SERVED = 5000
BANDS: tuple[tuple[int, dict[str, bool]], ...] = (
    (0, {"large": True}),
    (320, {"small": True, "large": False}),
    (450, {"small": False}),
)
"""Bad requests beside those good ones, of which a tenth may fail; and what may ship then."""
LINES = {"small": 3, "large": 80}


@dataclass
class Places:
    """Everything that can ask, beside a server whose budget is spent step by step."""

    server: Served
    cluster: httpx2.Client
    repository: Path
    api: Api

    def shell(
        self, *words: str | Path, stdin: str = "", **more: str
    ) -> subprocess.CompletedProcess[str]:
        """A command in a checkout of the service, as a runner starts it."""
        path = f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}"
        around = {"PATH": path, "ERRORBUDGET_URL": self.server.url, "HOME": os.environ["HOME"]}
        return subprocess.run(
            [str(word) for word in words],
            cwd=self.repository,
            env=around | {"ERRORBUDGET_CACHE": str(self.repository / ".cache")} | more,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def over_http(places: Places, change: str, size: str) -> bool:
    return told(places.server, change, lines=LINES[size])["decision"] == "allow"


def by_command(places: Places, change: str, size: str) -> bool:
    asked = [PROGRAM, "gate", "check", "shop", "--change", change, "--diff", f"v1..{size}"]
    done = places.shell(*asked)
    assert done.returncode in (0, 3), done.stderr
    return done.returncode == 0


def in_github_actions(places: Places, change: str, size: str) -> bool:
    outputs = places.repository / ".outputs"
    outputs.write_text("")
    given = {"GATE_SERVICE": "shop", "GATE_CHANGE": change, "GATE_DIFF": f"v1..{size}"}
    done = places.shell(
        sys.executable, DEPLOY / "github/gate.py", **given, GITHUB_OUTPUT=str(outputs)
    )
    decision = re.search(r"decision<<(\w+)\n(.*)\n\1", outputs.read_text())
    assert decision, done.stderr
    assert (done.returncode == 0) == (decision[2] == "allow")
    return done.returncode == 0


def in_gitlab(places: Places, change: str, size: str) -> bool:
    job = YAML(typ="safe").load(DEPLOY / "gitlab/errorbudget.gitlab-ci.yml")[".errorbudget-gate"]
    given = {"GATE_SERVICE": "shop", "GATE_CHANGE": change, "GATE_DIFF": f"v1..{size}"}
    done = places.shell("sh", "-e", stdin="\n".join(job["script"]), **given)
    assert done.returncode in (0, 3), done.stderr
    return done.returncode == 0


def before_a_sync(places: Places, change: str, size: str) -> bool:
    """Argo CD's Job, whose pipeline has told what the change alters."""
    told(places.server, change, lines=LINES[size])
    job = YAML(typ="safe").load(DEPLOY / "argo-cd/presync-job.yaml")
    (container,) = job["spec"]["template"]["spec"]["containers"]
    words = [change if word == "REVISION" else word for word in container["command"]]
    done = places.shell(*("shop" if word == "checkout" else word for word in words))
    assert done.returncode in (0, 3), done.stderr
    return done.returncode == 0


def in_argo_rollouts(places: Places, change: str, size: str) -> bool:
    told(places.server, change, lines=LINES[size])
    return measure(places.server, change)["decision"] == "allow"


def in_flagger(places: Places, change: str, size: str) -> bool:
    told(places.server, change, lines=LINES[size])
    return hook(places.server, "confirm-rollout", change).status_code == 200


def in_kubernetes(places: Places, change: str, size: str) -> bool:
    told(places.server, change, lines=LINES[size])
    new = deployment(change, f"shop:{change}")
    return bool(admit(places.cluster, new, deployment("before"))["allowed"])


def at_github(places: Places, change: str, size: str) -> bool:
    """A deployment that waits there, until the app has said what becomes of it."""
    api, sha = places.api, sha256(change.encode()).hexdigest()[:40]
    person = {"email": "chen@shop.example"}
    commit = {"commit": {"tree": {"sha": sha}, "author": person, "committer": person}}
    file = {"filename": "src/app.py", "status": "modified", "additions": LINES[size]}
    api.answers[f"GET /repos/{REPOSITORY}/compare/v1...{sha}"] = (
        200,
        {
            "status": "ahead",
            "base_commit": {"commit": {"tree": {"sha": "1" * 40}}},
            "commits": [commit],
            "files": [file | {"deletions": 0, "changes": LINES[size], "patch": "@@"}],
        },
    )
    waits = {
        "action": "requested",
        "environment": "production",
        "deployment_callback_url": f"{api.url}{CALLBACK}",
        "deployment": {"sha": sha, "creator": {"login": "ana"}},
        "repository": {"full_name": REPOSITORY},
        "installation": {"id": 9},
        "sender": {"login": "ana"},
    }
    body = json.dumps(waits).encode()
    signed = hmac.new(SECRET, body, "sha256").hexdigest()
    before = len(api.posted("/deployment_protection_rule"))
    headers = {"X-GitHub-Event": "deployment_protection_rule", "X-GitHub-Delivery": sha}
    headers |= {"X-Hub-Signature-256": f"sha256={signed}", "Content-Type": "application/json"}
    sent = places.server.client.post("/api/v1/github/webhook", content=body, headers=headers)
    assert sent.is_success, sent.text
    until(lambda: len(api.posted("/deployment_protection_rule")) > before)
    return api.posted("/deployment_protection_rule")[-1].get("state") == "approved"


Place = Callable[[Places, str, str], bool]
PLACES: tuple[Place, ...] = (
    over_http,
    by_command,
    in_github_actions,
    in_gitlab,
    before_a_sync,
    in_argo_rollouts,
    in_flagger,
    in_kubernetes,
    at_github,
)


@pytest.fixture
def places(api: Api, key: rsa.RSAPrivateKey, home: Path, tmp_path: Path) -> Generator[Places]:
    """A server that every place can reach, and a checkout of the service that runs v1."""
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "tls.crt"))
    certificate.private_key_pem.write_to_path(str(tmp_path / "tls.key"))
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    (tmp_path / "app.pem").write_bytes(pem(key))
    (tmp_path / "shop.yaml").write_text(DOCUMENT)
    port = free_port()
    configuration = {
        "documents": [str(tmp_path / "shop.yaml")],
        "tls": {
            "listen": f"127.0.0.1:{port}",
            "certificate": str(tmp_path / "tls.crt"),
            "key": str(tmp_path / "tls.key"),
        },
        "github": {
            "app": 1234,
            "key": f"file:{tmp_path}/app.pem",
            "secret": "env:WEBHOOK_SECRET",
            "api": api.url,
            "repositories": {REPOSITORY: ["shop"]},
        },
    }
    (tmp_path / "server.yaml").write_text(json.dumps(configuration))
    with (
        serve(
            home, "--config", str(tmp_path / "server.yaml"), WEBHOOK_SECRET=SECRET.decode()
        ) as server,
        httpx2.Client(
            base_url=f"https://localhost:{port}", verify=trusting, trust_env=False, timeout=30
        ) as client,
    ):
        began = clock.text(clock.now() - timedelta(minutes=5))
        runs = {"service": "shop", "version": "v1", "environment": "production", "started": began}
        server.post("/api/v1/changes", json=runs | {"id": "v1"})
        yield Places(server, client, _checkout(tmp_path / "shop"), api)


def _checkout(folder: Path) -> Path:
    folder.mkdir()
    git = ["git", "-C", str(folder), "-c", "user.email=ana@shop.example", "-c", "user.name=Ana"]

    def commit(tag: str, lines: int) -> None:
        (folder / "app.py").write_text("x = 1\n" * lines)
        for words in (["add", "-A"], ["commit", "-qm", tag], ["tag", tag]):
            subprocess.run([*git, *words], check=True)

    subprocess.run([*git, "init", "-q"], check=True)
    commit("v1", 1)
    for size, lines in LINES.items():
        subprocess.run([*git, "checkout", "-q", "v1"], check=True)
        commit(size, 1 + lines)
    return folder


def _served(status: int, count: int) -> list[dict[str, object]]:
    at = clock.text(clock.now())
    row: dict[str, object] = {
        "time": at,
        "service": "shop",
        "environment": "production",
        "version": "v1",
    }
    return [row | {"status": status}] * count


def test_every_place_gives_the_decision_that_the_document_prescribes(places: Places):
    server, bad = places.server, 0
    server.send(*_served(200, SERVED), key="good")
    for band, (failed, prescribed) in enumerate(BANDS):
        server.send(*_served(500, failed - bad), key=f"bad {failed}")
        server.counted(SERVED + failed, bad := failed)
        for size, allowed in prescribed.items():
            given = {
                place.__name__: place(places, f"{place.__name__}-{band}-{size}", size)
                for place in PLACES
            }
            assert given == dict.fromkeys(given, allowed), (band, size)

    told_of = {one["change"] for one in decisions(server)}
    assert len(told_of) == len(PLACES) * sum(len(one) for _, one in BANDS)
    assert server.post("/api/v1/audit/verify", json={"hashes": True})["entries"] > len(told_of)
