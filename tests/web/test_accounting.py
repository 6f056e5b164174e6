"""The quarter's account and what shipped past the gate, over HTTP; and what the trail keeps."""

from pathlib import Path
from typing import Any

from errorbudget.policy.approval import NAMESPACE
from errorbudget.store.signatures import sign
from store.keys import NAMESPACE as OBJECTIVE
from store.keys import allow, make
from web.served import DOCUMENT, Served, until

BO = "bo@shop.example"
SIGNED = f"""\
owners: {{product: [{BO}]}}
signoff: {{required: [product]}}
"""
APPROVAL = "  approval: {roles: [product], expires_within: 24h}\n"


def quarter(server: Served) -> None:
    """Three days, a version each; the second fails now and then."""
    for day in (1, 2, 3):
        rows = [
            {
                "time": f"2026-07-{day:02}T12:{minute:02}:00Z",
                "service": "shop",
                "version": f"v{day}",
                "status": 500 if day == 2 and minute < 6 else 200,
            }
            for minute in range(60)
        ]
        server.send(*rows)
    until(lambda: account(server)["valid"] == 180)


def account(server: Served) -> Any:
    told = server.get(
        "/api/v1/accounts", service="shop", quarter="2026Q3", at="2026-07-20T00:00:00Z"
    )
    (one,) = told
    return one


def test_an_account_adds_up_over_http(server: Served):
    server.apply()
    quarter(server)
    told = account(server)
    assert (told["objective"], told["bad"]) == ("availability", 6)
    assert sum(line["bad"] for line in told["lines"]) == told["bad"]
    for wrong in ({"service": "nobody"}, {"service": "shop", "quarter": "soon"}, {}):
        refused = server.client.get("/api/v1/accounts", params=wrong)
        assert refused.status_code == 400, refused.text


def test_what_shipped_past_the_gate_is_found_over_http(server: Served):
    server.apply()
    quarter(server)

    later = server.post("/api/v1/audit/reconcile", params={"since": "2026-07-03T00:00:00Z"})
    rest = server.post("/api/v1/audit/reconcile")
    again = server.post("/api/v1/audit/reconcile")

    assert [one["version"] for one in later["ungated"]] == ["v3"]
    assert [one["version"] for one in rest["ungated"]] == ["v2"]
    assert (again["ungated"], again["known"]) == ([], 2)
    server.post("/api/v1/audit/reconcile", status=400, params={"since": "yesterday"})


def test_whatever_people_do_is_an_entry_of_the_trail(server: Served, tmp_path: Path):
    key = make(tmp_path, BO)
    allow(server.home / "allowed_signers", (BO, key))
    text = DOCUMENT.format(service="shop") + APPROVAL + SIGNED
    made = sign(text.encode(), key=key, namespace=OBJECTIVE).decode()
    sent = {"document": text, "signatures": {"product": made}}
    assert server.post("/api/v1/documents", json=sent)["state"] == "binding"
    server.send(
        {"time": "2026-07-01T12:00:00Z", "service": "shop", "trace_id": "t1", "status": 200}
    )
    correction = {"service": "shop", "request_ids": ["t1"], "as": "bad", "reason": "lost order"}
    server.post("/api/v1/corrections", json=correction)
    server.post("/api/v1/gate", json={"service": "shop", "change": "c1", "risk": "high"})
    for says in ("decline", "approve"):
        wanted = {"says": says, "service": "shop", "change": "c1", "role": "product"}
        wanted |= {"reason": "because", "until": "4h"}
        drawn = server.post("/api/v1/approvals/draft", json=wanted)["statement"]
        signature = sign(drawn.encode(), key=key, namespace=NAMESPACE).decode()
        server.post("/api/v1/approvals", json={"statement": drawn, "signature": signature})
    opened = server.post("/api/v1/incidents", json={"service": "shop", "title": "down", "by": BO})
    server.post(f"/api/v1/incidents/{opened['id']}/close", json={"by": BO})
    token = server.post("/api/v1/tokens", json={"name": "lead", "scopes": ["admin"]})
    server.client.headers["authorization"] = f"Bearer {token['token']}"
    other = server.post("/api/v1/tokens", json={"name": "ci", "scopes": ["gate"]})
    server.client.delete(f"/api/v1/tokens/{other['id']}").raise_for_status()

    kinds = [entry["kind"] for entry in server.get("/api/v1/audit", last=0)]

    wanted = ["signature", "objective", "correction", "decision", "approval", "approval"]
    assert kinds == [*wanted, "incident", "incident", "token", "token", "token"]
    assert server.post("/api/v1/audit/verify", json={"checkpoints": []})["entries"] == len(kinds)
