"""Flagger passes 200 and shows the line of a 403; what it is told is the one decision."""

from collections.abc import Callable
from typing import Any

import httpx2
import orjson
import pytest

from web.served import Served
from web.surfaces.conftest import answered, decisions, told

Run = Callable[..., str]


def payload(revision: str = "", service: str = "shop", **more: Any) -> dict[str, Any]:
    metadata = {"service": service} | ({"revision": revision} if revision else {})
    body = {"name": service, "namespace": "prod", "phase": "Progressing", "checksum": "7f9c"}
    return body | {"metadata": metadata} | more


def hook(server: Served, kind: str, revision: str = "", **more: Any) -> httpx2.Response:
    return server.client.post(f"/api/v1/flagger/{kind}", json=payload(revision, **more))


@pytest.mark.parametrize("kind", ["confirm-rollout", "pre-rollout"])
def test_what_the_pipeline_was_allowed_goes_on(gated: Served, kind: str):
    asked = told(gated, "abc123")

    answer = hook(gated, kind, "abc123")

    assert (answer.status_code, answer.text.count("\n")) == (200, 1)
    assert answer.text.startswith("allowed: normal risk (src/app.py)")
    (decision,) = decisions(gated)
    assert decision["change"] == "abc123"
    assert asked["entry"] == gated.get("/api/v1/audit")[-1]["seq"]


def test_a_change_without_a_revision_is_unidentified_and_counts_as_high(gated: Served):
    answer = hook(gated, "confirm-rollout")

    assert answer.status_code == 403
    assert answer.text.count("\n") == 1
    assert "unclassified" in answer.text
    assert "set metadata.revision" in answer.text
    assert decisions(gated)[0]["change"] == "unidentified prod/shop 7f9c"


def test_asking_at_every_interval_is_one_decision(gated: Served):
    for _ in range(3):
        hook(gated, "confirm-rollout", "unheard-of")

    (decision,) = decisions(gated)
    assert decision["decision"]["decision"] == "needs_approval"


def test_an_approval_of_what_the_pipeline_told_lets_the_rollout_begin(gated: Served):
    diff = {"files": [{"path": "db/1.sql", "added": 1, "deleted": 0, "after": "DROP TABLE a;"}]}
    body = {"service": "shop", "change": "risky", "diff": diff, "by": ["ana"]}
    assert gated.post("/api/v1/gate", json=body)["decision"] == "needs_approval"
    assert hook(gated, "confirm-rollout", "risky").status_code == 403

    answered(gated, "approve", "risky")

    answer = hook(gated, "confirm-rollout", "risky")
    assert answer.status_code == 200
    assert "Approved by bo@shop.example (product)" in answer.text


def test_the_rollback_hook_undoes_what_is_blocked_and_nothing_else(gated: Served):
    told(gated, "fine")
    assert hook(gated, "rollback", "fine").status_code == 403
    assert hook(gated, "rollback", "waiting").status_code == 403
    assert hook(gated, "rollback", service="nobody").status_code == 403
    assert hook(gated, "rollback", "unheard-of", service="bank").status_code == 200

    answered(gated, "decline", "waiting")

    undone = hook(gated, "rollback", "waiting")
    assert undone.status_code == 200
    assert "declined" in undone.text


def test_no_failure_is_retried_or_loses_its_reason(gated: Served):
    wrong = gated.client.post("/api/v1/flagger/confirm-rollout", json={"name": "shop"})
    unknown = hook(gated, "confirm-rollout", "c", service="nobody")
    odd = hook(gated, "confirm-rollout", "c\x1b[2J")

    for answer in (wrong, unknown, odd):
        assert answer.status_code == 403, answer.text
        assert answer.text.strip()
        assert answer.text.count("\n") == 1
    assert "namespace" in wrong.text
    assert "nobody" in unknown.text


def test_a_version_that_served_well_before_goes_back_without_being_told_so(gated: Served):
    answer = hook(gated, "confirm-rollout", "v1")

    assert answer.status_code == 200, answer.text
    assert "rollback" in answer.text


def test_a_label_may_raise_the_class_and_never_lower_it(gated: Served):
    told(gated, "abc123")
    raised = payload("abc123")
    raised["metadata"]["risk"] = "high"
    lowered = payload("unheard-of")
    lowered["metadata"]["risk"] = "low"

    for body in (raised, lowered):
        answer = gated.client.post("/api/v1/flagger/confirm-rollout", json=body)
        assert answer.status_code == 403, answer.text
        assert "high" in answer.text


def test_a_rollout_that_succeeded_is_recorded_once(gated: Served):
    events = ({"phase": "Progressing"}, {"phase": "Succeeded"}, {"phase": "Succeeded"})
    for more in events:
        assert hook(gated, "event", "v7", **more).status_code == 200

    changes = [one for one in gated.get("/api/v1/changes", service="shop") if one["id"] == "v7"]
    assert [(one["version"], one["environment"]) for one in changes] == [("v7", "production")]


def test_the_library_that_flagger_uses_passes_an_allow_and_shows_a_refusal(
    gated: Served, go: Callable[[str], Run]
):
    told(gated, "abc123")
    url = f"{gated.url}/api/v1/flagger/confirm-rollout"
    flagger = go("flagger")

    passed = flagger(url, orjson.dumps(payload("abc123")).decode())
    failed = flagger(url, orjson.dumps(payload("unheard-of")).decode())

    assert passed.startswith("passed: allowed: normal risk")
    assert failed.startswith("failed: needs approval: high risk (unclassified")
    assert flagger(f"{gated.url}/readyz", "{}").startswith("failed: ")


def test_a_token_may_be_the_password_of_the_address(gated: Served, go: Callable[[str], Run]):
    told(gated, "abc123")
    wanted = {"name": "flagger", "scopes": ["gate"], "services": ["shop"]}
    token = gated.post("/api/v1/tokens", json=wanted)["token"]
    flagger, host = go("flagger"), gated.url.removeprefix("http://")
    url = f"http://flagger:{token}@{host}/api/v1/flagger/confirm-rollout"

    assert flagger(url, orjson.dumps(payload("abc123")).decode()).startswith("passed: allowed")
    refused = flagger(url, orjson.dumps(payload("abc123", "bank")).decode())
    assert refused == "failed: the token 'flagger' is not for service 'bank'\n"
    without = flagger(f"{gated.url}/api/v1/flagger/confirm-rollout", "{}")
    assert without.startswith("failed: this needs a token")
