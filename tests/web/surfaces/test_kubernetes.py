"""AdmissionReview over TLS with a real chain: only new pods are asked about, and each once."""

import shutil
import ssl
from collections.abc import Generator
from copy import deepcopy
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import trustme

from ports import free_port
from web.served import Served, serve
from web.surfaces.conftest import decisions, told


@pytest.fixture
def cluster(prepared: Path, home: Path, tmp_path: Path) -> Generator[tuple[Served, httpx2.Client]]:
    """A server with a certificate, and a client that trusts its authority alone."""
    authority = trustme.CA()
    certificate = authority.create_child_ca().issue_cert("localhost")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "tls.crt")
    for more in certificate.cert_chain_pems[1:]:
        more.write_to_path(tmp_path / "tls.crt", append=True)
    certificate.private_key_pem.write_to_path(tmp_path / "tls.key")
    port = free_port()
    files = f"certificate: '{tmp_path}/tls.crt', key: '{tmp_path}/tls.key'"
    config = tmp_path / "errorbudget.yaml"
    config.write_text(f"tls: {{listen: '127.0.0.1:{port}', {files}}}\n")
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    shutil.copytree(prepared, home)
    with (
        serve(home, "--config", str(config)) as server,
        httpx2.Client(
            base_url=f"https://localhost:{port}", verify=trusting, trust_env=False, timeout=30
        ) as client,
    ):
        yield server, client


def deployment(revision: str = "", image: str = "shop:1", service: str = "shop") -> dict[str, Any]:
    notes = {"errorbudget/revision": revision} if revision else {}
    template = {
        "metadata": {"labels": {"app": service}, "annotations": notes},
        "spec": {"containers": [{"name": service, "image": image}]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": service, "namespace": "prod"},
        "spec": {"replicas": 3, "template": template},
    }


def admit(client: httpx2.Client, new: Any, old: Any = None, path: str = "", **more: Any) -> Any:
    """What the API server is answered."""
    request = {
        "uid": str(uuid4()),
        "kind": {"group": "apps", "version": "v1", "kind": "Deployment"},
        "operation": "UPDATE" if old else "CREATE",
        "namespace": "prod",
        "userInfo": {"username": "ana"},
        "object": new,
        "oldObject": old,
        "dryRun": False,
    } | more
    body = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
    answer = client.post(f"/api/v1/kubernetes/admit{path}?timeout=2s", json=body)
    assert answer.status_code == 200, answer.text
    review = answer.json()
    assert (review["apiVersion"], review["kind"]) == ("admission.k8s.io/v1", "AdmissionReview")
    assert review["response"]["uid"] == request["uid"]
    return review["response"]


def test_what_a_pipeline_was_allowed_is_let_in_and_the_rest_is_denied_with_its_reason(cluster):
    server, client = cluster
    told(server, "abc123")

    allowed = admit(client, deployment("abc123", "shop:2"), deployment("v2"))
    denied = admit(client, deployment("unheard-of", "shop:3"), deployment("v2"))

    assert allowed["allowed"] is True
    assert allowed["auditAnnotations"]["decision"] == "allow"
    assert denied["allowed"] is False
    assert denied["status"]["code"] == 403
    assert denied["status"]["message"].startswith("needs approval: high risk (unclassified")
    assert denied["auditAnnotations"]["entry"].isdigit()
    assert "gate status shop" in denied["warnings"][0]


def test_scaling_restarting_and_what_is_not_promised_are_never_held_up(cluster):
    server, client = cluster
    old = deployment("v2")
    scaled, restarted, removed = deepcopy(old), deepcopy(old), deepcopy(old)
    scaled["spec"]["replicas"] = 30
    restarted["spec"]["template"]["metadata"]["annotations"] |= {
        "kubectl.kubernetes.io/restartedAt": "2026-07-01T10:00:00Z"
    }
    scale = {"kind": "Scale", "spec": {"replicas": 30}}

    answers = [
        admit(client, scaled, old),
        admit(client, restarted, old),
        admit(client, scale, scale, subResource="scale"),
        admit(client, None, removed, operation="DELETE"),
        admit(client, deployment("c", service="unpromised")),
    ]

    assert [one["allowed"] for one in answers] == [True] * 5
    assert "not gated" in answers[4]["warnings"][0]
    assert decisions(server) == []


def test_asked_twice_is_recorded_once_and_a_dry_run_not_at_all(cluster):
    server, client = cluster
    new, old = deployment("unheard-of", "shop:3"), deployment("v2")

    assert admit(client, new, old, dryRun=True)["allowed"] is False
    assert decisions(server) == []
    first, again = admit(client, new, old), admit(client, new, old)

    assert first["auditAnnotations"]["entry"] == again["auditAnnotations"]["entry"]
    assert len(decisions(server)) == 1


def test_pods_that_served_well_before_come_back_whatever_they_are_called(cluster):
    server, client = cluster
    told(server, "abc123")
    old, new = deployment("", "shop:1"), deployment("abc123", "shop:2")
    assert admit(client, old, new)["allowed"] is False  # nobody has seen that template yet

    assert admit(client, new, old)["allowed"] is True
    back = admit(client, old, new)

    assert back["allowed"] is True
    assert decisions(server)[-1]["decision"]["risk"]["class"] == "rollback"
    assert "these pods served" in decisions(server)[-1]["decision"]["reason"]
    assert "errorbudget/revision" in back["warnings"][0]


def test_a_template_that_was_denied_never_becomes_one_to_go_back_to(cluster):
    _, client = cluster
    bad, old = deployment("bad", "shop:9"), deployment("v2")

    for _ in range(3):
        assert admit(client, bad, old)["allowed"] is False


def test_a_token_in_the_path_counts_and_is_in_no_log(cluster):
    server, client = cluster
    told(server, "abc123")
    wanted = {"name": "cluster", "scopes": ["gate"], "services": ["shop"]}
    token = server.post("/api/v1/tokens", json=wanted)["token"]

    allowed = admit(client, deployment("abc123", "shop:2"), deployment("v2"), path=f"/{token}")
    body = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "1"}}
    without = client.post("/api/v1/kubernetes/admit", json=body)

    assert allowed["allowed"] is True
    assert without.status_code == 401
    assert token.rpartition("_")[2] not in (server.home.parent / "serve.log").read_text()


def test_a_client_that_trusts_another_authority_is_not_served(cluster):
    _, client = cluster
    stranger = ssl.create_default_context()
    trustme.CA().configure_trust(stranger)

    with (
        httpx2.Client(base_url=client.base_url, verify=stranger, trust_env=False) as other,
        pytest.raises(httpx2.ConnectError, match="certificate"),
    ):
        other.get("/healthz")


def test_a_certificate_that_cannot_be_used_is_told_at_start(home: Path, tmp_path: Path):
    config = tmp_path / "errorbudget.yaml"
    config.write_text(
        "tls: {listen: '127.0.0.1:0', certificate: /nowhere.crt, key: /nowhere.key}\n"
    )

    with pytest.raises(AssertionError, match=r"tls: /nowhere\.crt"):
        serve(home, "--config", str(config))
