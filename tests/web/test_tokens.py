"""Who may call what: tokens with scopes, bound to services, and a refusal to be open to all."""

import json
import os
import sqlite3
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

import otel
from web.served import DOCUMENT, PROGRAM, Served, serve

NOW = datetime.now(UTC)  # noqa: TID251 -- a server lives in the present


def make(server: Served, name: str, *scopes: str, **bound: object) -> dict[str, str]:
    """The headers of a new token; the first one is made without any."""
    told = {"name": name, "scopes": scopes} | bound
    made = server.post("/api/v1/tokens", json=told, headers=getattr(server, "admin", {}))
    return {"Authorization": f"Bearer {made['token']}"}


@pytest.fixture
def guarded(server: Served) -> Served:
    """A server with a token for its administrator, so that nobody calls without one."""
    for service in ("shop", "bank"):
        server.apply(service)
    server.admin = make(server, "admin", "admin")  # pyright: ignore
    return server


def test_a_token_opens_what_its_scopes_say_and_nothing_else(guarded: Served):
    calls = {
        "ingest": ("POST", "/api/v1/requests"),
        "read": ("GET", "/api/v1/budgets"),
        "gate": ("POST", "/api/v1/gate"),
        "admin": ("GET", "/api/v1/tokens"),
    }
    for scope in ("ingest", "read", "gate"):
        token = make(guarded, scope, scope)
        for needed, (method, path) in calls.items():
            asked = {"service": "shop", "change": "x"}
            status = guarded.client.request(method, path, headers=token, json=asked).status_code

            assert (status == 403) == (needed != scope), (scope, path, status)


def test_without_a_token_that_is_valid_nothing_is_told(guarded: Served):
    wrong = {"Authorization": f"{guarded.admin['Authorization'][:-1]}-"}  # pyright: ignore
    for headers in ({}, wrong, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer x_y_z"}):
        answer = guarded.client.get("/api/v1/budgets", headers=headers)

        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert guarded.client.get("/healthz").status_code == 200
    assert guarded.client.get("/readyz").status_code == 200


def test_a_revoked_or_expired_token_opens_nothing(guarded: Served):
    token = make(guarded, "reader", "read")
    assert guarded.client.get("/api/v1/budgets", headers=token).status_code == 200

    revoked = guarded.client.delete("/api/v1/tokens/reader", headers=guarded.admin)  # pyright: ignore

    assert revoked.json()["valid"] is False
    assert guarded.client.get("/api/v1/budgets", headers=token).status_code == 401
    # The last one goes, and nobody was asked whether the server may open.
    guarded.client.delete("/api/v1/tokens/admin", headers=guarded.admin)  # pyright: ignore
    for path in ("/api/v1/budgets", "/api/v1/status", "/api/v1/tokens", "/metrics"):
        assert guarded.client.get(path).status_code == 401, path


def test_a_token_for_one_service_tells_and_hears_of_that_one_alone(guarded: Served):
    token = make(guarded, "shop only", "ingest", "read", "gate", services=["shop"])
    lines = "".join(
        json.dumps({"time": NOW.isoformat(), "service": service, "status": 200}) + "\n"
        for service in ("shop", "bank")
    )

    taken = guarded.client.post("/api/v1/requests", content=lines, headers=token).json()
    asked = {"service": "bank", "change": "c"}
    refused = guarded.client.post("/api/v1/gate", json=asked, headers=token)
    budgets = guarded.client.get("/api/v1/budgets", headers=token).json()

    assert (taken["stored"], taken["rejected"]) == (1, 1)
    assert "bank" in taken["reasons"][0]
    assert refused.status_code == 403
    assert [budget["service"] for budget in budgets] == ["shop"]
    assert guarded.client.get("/api/v1/audit", headers=token).status_code == 403


def test_a_token_for_one_environment_neither_tells_of_nor_corrects_another(guarded: Served):
    document = DOCUMENT.format(service="cart") + "environment: production\n"
    guarded.post("/api/v1/documents", content=document.encode(), headers=guarded.admin)  # pyright: ignore
    token = make(guarded, "staging only", "ingest", "read", environments=["staging"])
    change = {"service": "cart", "version": "1", "environment": "production"}
    correction = {"service": "cart", "request_ids": ["a"], "reason": "wrong"}
    own = change | {"environment": "staging"}

    def status(path: str, **sent: object) -> int:
        return guarded.client.post(path, headers=token, **sent).status_code  # pyright: ignore

    assert status("/api/v1/changes", json=change) == 403
    assert status("/api/v1/changes", json=own) == 200
    assert status("/api/v1/corrections", json=correction) == 403
    assert status("/api/v1/files", params={"name": "a.ndjson"}, content=b"{}") == 403
    # A file may name any service, so a token for one sends none.
    shop = make(guarded, "shop only", "ingest", services=["shop"])
    file = {"name": "a.ndjson", "service": "shop"}
    answer = guarded.client.post("/api/v1/files", params=file, content=b"{}", headers=shop)
    assert answer.status_code == 403
    for path in ("/api/v1/accounts", "/api/v1/documents/history"):
        answer = guarded.client.get(path, params={"service": "cart"}, headers=token)
        assert answer.status_code == 403, path
    guarded.client.post("/api/v1/changes", json=change, headers=guarded.admin)  # pyright: ignore
    told = guarded.client.get("/api/v1/changes", headers=token).json()
    assert [one["environment"] for one in told] == ["staging"]
    line = {"time": NOW.isoformat(), "service": "cart", "status": 200}
    guarded.post("/api/v1/requests", content=json.dumps(line).encode(), headers=guarded.admin)  # pyright: ignore
    guarded.post("/api/v1/gate", json={"service": "cart", "change": "c"}, headers=guarded.admin)  # pyright: ignore
    guarded.client.get("/api/v1/budgets", headers=guarded.admin)  # pyright: ignore -- counts it
    for path in ("/api/v1/services", "/api/v1/decisions"):
        all_of_them, seen = (
            guarded.client.get(path, headers=who).json()
            for who in (guarded.admin, token)  # pyright: ignore
        )
        assert "cart" in str(all_of_them), path
        assert "cart" not in str(seen), path


def test_spans_of_other_services_are_set_aside_and_the_sender_is_told(guarded: Served):
    token = make(guarded, "shop only", "ingest", services=["shop"])
    start = int(NOW.timestamp() * 1e9)
    span = otel.span(start_time_unix_nano=start, end_time_unix_nano=start + 1)
    message = otel.traces(span, resource={"service.name": "bank"})

    answer = guarded.client.post(
        "/v1/traces",
        content=message.SerializeToString(),
        headers=token | {"Content-Type": otel.PROTOBUF},
    )

    assert answer.status_code == 200
    assert b"not for service 'bank'" in answer.content


def test_secrets_are_neither_stored_nor_logged(guarded: Served):
    text = make(guarded, "reader", "read")["Authorization"].split()[1]
    guarded.client.get("/api/v1/budgets", headers={"Authorization": f"Bearer {text}"})
    guarded.client.get("/api/v1/budgets", headers={"Authorization": f"Bearer {text}x"})
    guarded.stop()

    secret = text.rpartition("_")[2].encode()
    files = [file for file in guarded.home.parent.rglob("*") if file.is_file()]
    assert not [file for file in files if secret in file.read_bytes()]
    with sqlite3.connect(guarded.home / "errorbudget.sqlite") as records:
        assert records.execute("select count(*) from token").fetchone() == (2,)
    records.close()


def test_commands_of_who_can_read_the_home_need_no_token(guarded: Served):
    done = subprocess.run(
        [PROGRAM, "token", "list", "--json"],
        env=os.environ | {"ERRORBUDGET_HOME": str(guarded.home)},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert [one["name"] for one in json.loads(done.stdout)] == ["admin"]


def test_it_listens_beyond_this_machine_only_with_a_token(home: Path):
    with pytest.raises(AssertionError, match="there is no token"):
        serve(home, "--listen", "0.0.0.0:0")
    made = subprocess.run(
        [PROGRAM, "token", "create", "ci", "--scope", "read", "--json"],
        env=os.environ | {"ERRORBUDGET_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    text = json.loads(made.stdout)["token"]

    with serve(home, "--listen", "0.0.0.0:0") as wide:
        assert wide.client.get("/api/v1/budgets").status_code == 401
        told = httpx2.get(f"{wide.url}/api/v1/budgets", headers={"Authorization": f"Bearer {text}"})
        assert told.status_code == 200
        bad = wide.client.post(
            "/api/v1/documents",
            content=DOCUMENT.format(service="x"),
            headers={"Authorization": f"Bearer {text}"},
        )
        assert bad.status_code == 403
