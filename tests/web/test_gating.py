"""The gate, approvals and incidents over HTTP, and by two processes at once."""

import json
import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from errorbudget import clock
from errorbudget.policy.approval import NAMESPACE
from errorbudget.store.signatures import sign
from store.keys import allow, make
from web.served import PROGRAM, Served, serve, until

ANA, BO, DANA = "ana@shop.example", "bo@shop.example", "dana@shop.example"
DOCUMENT = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: shop
owners: {engineering: [ana@shop.example], product: [bo@shop.example]}
objectives:
  availability: {good: status < 500, target: 99%, window: {rolling: 7d}}
policy:
  bands:
    - {above: 50%, allow: [rollback, critical, low, normal, high]}
    - {above: -inf, allow: [rollback, critical]}
  unknown: {allow: [rollback, critical]}
  stale_after: 10m
  approval: {roles: [product, engineering], need: 1, expires_within: 24h}
risk:
  critical: {requires: incident}
  low: {max_files: 1, max_lines: 10}
"""
HELD_UP = {"service": "shop", "change": "c1", "risk": "high", "by": [DANA]}


@pytest.fixture
def held(server: Served, tmp_path: Path) -> Iterator[Served]:
    """A server whose one service has no data, so that only rollbacks pass unapproved."""
    server.post("/api/v1/documents", content=DOCUMENT.encode())
    keys = [(who, make(tmp_path, who)) for who in (ANA, BO)]
    allow(server.home / "allowed_signers", *keys)
    return server


def draft(server: Served, status: int = 200, **more: object) -> dict:
    told = {"says": "approve", "service": "shop", "change": "c1", "role": "product"}
    told |= {"reason": "the launch is worth it"} | more
    return server.post("/api/v1/approvals/draft", json=told, status=status)


def given(server: Served, tmp_path: Path, statement: str, who: str = BO, status: int = 200) -> dict:
    signature = sign(statement.encode(), key=tmp_path / f"{who}-ed25519", namespace=NAMESPACE)
    sent = {"statement": statement, "signature": signature.decode()}
    return server.post("/api/v1/approvals", json=sent, status=status)


def test_a_held_up_change_is_approved_and_ships_over_http(held: Served, tmp_path: Path):
    asked = held.post("/api/v1/gate", json=HELD_UP)
    drawn = draft(held)
    answer = given(held, tmp_path, drawn["statement"])
    (row,) = held.get("/api/v1/approvals", service="shop")
    allowed = held.post("/api/v1/gate", json=HELD_UP)
    outcome = held.post(f"/api/v1/gate/{allowed['entry']}/outcome", json={"exit_code": 0})
    used = held.post("/api/v1/gate", json=HELD_UP)

    decisions = [one["decision"] for one in (asked, allowed, used)]
    assert decisions == ["needs_approval", "allow", "needs_approval"]
    assert "the approval says that it is given anyway" in drawn["consequences"]
    assert (answer["by"], answer["key"][:7], row["state"]) == (BO, "SHA256:", "approved")
    assert (row["answers"][0]["id"], DANA in row["asked_by"]) == (answer["id"], True)
    assert outcome["covered"]
    assert held.get("/api/v1/gate/deployed", service="shop")["version"] == "c1"
    kinds = [one["kind"] for one in held.get("/api/v1/decisions", service="shop")]
    assert kinds.count("decision") >= 1


def test_what_is_no_decision_has_no_outcome_and_nothing_is_deployed(held: Served):
    assert held.get("/api/v1/gate/deployed", service="shop") is None
    told = held.post("/api/v1/gate/1/outcome", json={"exit_code": 0}, status=400)
    assert "entry 1 of the audit trail is no decision" in told["error"]["message"]
    held.post("/api/v1/gate/999/outcome", json={"exit_code": 0}, status=400)
    unknown = held.client.get("/api/v1/gate/deployed", params={"service": "nobody"})
    assert unknown.status_code == 400


@pytest.mark.parametrize(
    ("sent", "status", "why"),
    [
        ({"statement": "{}"}, 400, "the statement is none that this program draws up"),
        ({"statement": "x" * 20_001}, 400, "statement"),
        ({"statement": "{}", "force": True}, 400, "force"),
    ],
)
def test_what_is_no_answer_is_refused(held: Served, sent: dict, status: int, why: str):
    told = held.post("/api/v1/approvals", json=sent, status=status)

    assert why in json.dumps(told)


def test_forged_and_foreign_answers_count_for_nothing(held: Served, tmp_path: Path):
    held.post("/api/v1/gate", json=HELD_UP)
    text = draft(held)["statement"]

    by_another = given(held, tmp_path, text, ANA, status=409)
    unsigned = held.post("/api/v1/approvals", json={"statement": text}, status=409)
    other = text.replace('"change":"c1"', '"change":"c9"')
    elsewhere = given(held, tmp_path, other, status=400)

    assert "is by ana@shop.example" in by_another["error"]["message"]
    assert "local is none of the product" in unsigned["error"]["message"]
    assert "nobody has asked about c9" in elsewhere["error"]["message"]
    assert held.post("/api/v1/gate", json=HELD_UP)["decision"] == "needs_approval"


def token(server: Served, name: str, *scopes: str, admin: dict | None = None) -> dict[str, str]:
    told = {"name": name, "scopes": scopes}
    made = server.post("/api/v1/tokens", json=told, headers=admin or {})
    return {"Authorization": f"Bearer {made['token']}"}


def test_a_token_speaks_for_whom_it_is_named(held: Served):
    admin = token(held, "admin", "admin")
    bo = token(held, BO, "approve", "gate", "read", admin=admin)
    robot = token(held, "robot", "gate", admin=admin)
    held.post("/api/v1/gate", json=HELD_UP, headers=robot)
    told = {"says": "approve", "service": "shop", "change": "c1", "role": "product", "reason": "x"}
    text = held.post("/api/v1/approvals/draft", json=told, headers=bo)["statement"]

    answer = held.post("/api/v1/approvals", json={"statement": text}, headers=bo)
    held.post("/api/v1/approvals", json={"statement": text}, headers=robot, status=403)
    declared = {"service": "shop", "title": "payments fail", "by": ANA}
    incident = held.post("/api/v1/incidents", json=declared, headers=bo)
    held.post("/api/v1/incidents", json=declared, headers=robot, status=403)

    assert (answer["by"], answer["key"]) == (BO, "authenticated")
    assert incident["declared_by"] == BO
    own = {"service": "shop", "change": "fix", "risk": "critical", "by": ["robot"]}
    asked = held.post("/api/v1/gate", json=own, headers=robot)
    assert asked["reason_code"] == "unconfirmed"
    text = held.post("/api/v1/approvals/draft", json=told | {"change": "fix"}, headers=bo)
    refused = held.post("/api/v1/approvals", json=text_of(text), headers=bo, status=409)
    assert f"{BO} asked for this change" in refused["error"]["message"]


def text_of(drawn: dict) -> dict[str, str]:
    return {"statement": drawn["statement"]}


def test_incidents_are_declared_listed_and_closed_over_http(held: Served):
    opened = held.post("/api/v1/incidents", json={"service": "shop", "title": "slow", "by": ANA})
    listed = held.get("/api/v1/incidents", service="shop")
    ended = held.post(f"/api/v1/incidents/{opened['id']}/close", json={"by": BO})
    held.post("/api/v1/incidents/99/close", json={"by": BO}, status=400)
    held.post("/api/v1/incidents", json={"service": "shop", "title": "a\nb"}, status=400)
    held.post("/api/v1/incidents", json={"service": "nobody", "title": "slow"}, status=400)

    assert [one["id"] for one in listed] == [opened["id"]]
    assert (opened["declared_by"], opened["ended"], bool(ended["ended"])) == (ANA, None, True)


def gate(home: Path, number: int) -> dict:
    """One process that asks about the one change everybody asks about, or about its own."""
    asked = [PROGRAM, "gate", "check", "shop", "--change", f"c{number}", "--risk", "high", "--json"]
    around = os.environ | {"ERRORBUDGET_HOME": str(home)}
    done = subprocess.run(
        asked, env=around, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 5, done.stderr
    return json.loads(done.stdout)


def test_a_server_and_other_processes_that_ask_at_once_decide_once(held: Served):
    question = {"service": "shop", "change": "c0", "risk": "high"}
    with ThreadPoolExecutor(8) as pool:
        commands = [pool.submit(gate, held.home, 0) for _ in range(3)]
        calls = [pool.submit(held.post, "/api/v1/gate", json=question) for _ in range(12)]
        answers = [one.result() for one in (*commands, *calls)]

    assert len({answer["entry"] for answer in answers}) == 1
    assert sorted(answer["askings"] for answer in answers) == list(range(1, 16))
    assert held.post("/api/v1/audit/verify", json={"checkpoints": [answers[0]["checkpoint"]]})


def test_plain_questions_are_answered_as_all_others_are(held: Served):
    held.send({"time": clock.text(clock.now()), "service": "shop", "status": 200})
    held.counted(1, 0)
    asked = {"service": "shop", "change": "c7", "risk": "normal", "by": [DANA]}
    spelt = json.dumps(asked).encode()

    plain = held.post("/api/v1/gate", json=asked)
    # Of unknown length, so that it takes the way of the others.
    other = held.post(
        "/api/v1/gate",
        content=iter([spelt[:9], spelt[9:]]),
        headers={"content-type": "application/json"},
    )

    assert other == plain | {"askings": 2}
    for wrong, status in (
        ({**asked, "risk": "tiny"}, 400),
        ({**asked, "chnage": "c7"}, 400),
        ({**asked, "service": "nobody"}, 400),
        ({**asked, "change": "\n"}, 400),
        ({**asked, "diff": {"files": "none"}}, 400),
    ):
        assert held.post("/api/v1/gate", json=wrong, status=status)["error"]["message"]
    calls = held.client.get("/metrics").text
    assert 'route="/api/v1/gate",status="200"' in calls
    assert 'route="/api/v1/gate",status="400"' in calls


def test_commands_that_ask_at_once_on_one_home_each_get_an_entry(home: Path, tmp_path: Path):
    document = tmp_path / "shop.yaml"
    document.write_text(DOCUMENT)
    around = os.environ | {"ERRORBUDGET_HOME": str(home)}
    subprocess.run([PROGRAM, "objective", "apply", document], env=around, check=True, timeout=60)

    with ThreadPoolExecutor(4) as pool:
        same = [pool.submit(gate, home, 0) for _ in range(2)]
        others = [pool.submit(gate, home, number) for number in (1, 2)]
        entries = [one.result()["entry"] for one in (*same, *others)]

    assert entries[0] == entries[1]
    assert sorted(set(entries)) == [2, 3, 4]
    subprocess.run([PROGRAM, "audit", "verify"], env=around, check=True, timeout=60)


def test_no_entry_of_a_burst_is_lost_when_the_server_is_killed(home: Path):
    with serve(home) as served:
        served.post("/api/v1/documents", content=DOCUMENT.encode())
        told: list[dict] = []

        def ask(number: int) -> None:
            try:
                asked = {"service": "shop", "change": f"c{number}", "risk": "high"}
                told.append(served.post("/api/v1/gate", json=asked))
            except Exception:  # noqa: BLE001 -- the server is gone, as it should be
                return

        with ThreadPoolExecutor(4) as pool:
            for number in range(400):
                pool.submit(ask, number)
            until(lambda: len(told) > 40)
            served.process.kill()
        served.process.wait()
    around = os.environ | {"ERRORBUDGET_HOME": str(home)}
    kept = home.parent / "kept"
    kept.write_text(max(told, key=lambda one: one["entry"])["checkpoint"])
    command = [PROGRAM, "audit", "verify", "--checkpoint", kept, "--json"]
    verified = subprocess.run(
        command, env=around, capture_output=True, text=True, timeout=60, check=True
    )
    assert json.loads(verified.stdout)["entries"] >= max(one["entry"] for one in told)
