"""Argo's conditions over what the gate answers, and deploys that Argo CD tells of."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from web.served import Served
from web.surfaces.conftest import answered, decisions, told

DEPLOY = Path(__file__).parents[3] / "deploy"
Run = Callable[..., str]


def template() -> dict[str, Any]:
    file = DEPLOY / "argo-rollouts/analysis-template.yaml"
    return YAML(typ="safe").load(file)["spec"]["metrics"][0]


def measure(server: Served, revision: str, **more: str) -> dict[str, str]:
    """The call that the template in deploy/ makes, with its arguments filled in."""
    told = {"service": "shop", "revision": revision, "rollout": "shop"} | more
    body = template()["provider"]["web"]["jsonBody"]
    filled = {
        name: re.sub(r"{{args\.(\w+)}}", lambda one: told.get(one[1], ""), text)
        for name, text in body.items()
    }
    return server.post("/api/v1/argo/rollouts", json=filled)


def outcome(expr: Run, result: dict[str, str]) -> str:
    """What Argo Rollouts makes of a measurement with both conditions."""
    metric, text = template(), json.dumps(result)
    if expr(metric["failureCondition"], text) == "true":
        return "Failed"
    return "Successful" if expr(metric["successCondition"], text) == "true" else "Inconclusive"


def test_an_allow_goes_on_a_question_pauses_and_a_block_aborts(
    gated: Served, go: Callable[[str], Run]
):
    told(gated, "abc123")
    expr = go("expr")

    assert outcome(expr, measure(gated, "abc123")) == "Successful"
    assert outcome(expr, measure(gated, "unheard-of")) == "Inconclusive"
    assert outcome(expr, measure(gated, "c", service="bank")) == "Failed"
    assert outcome(expr, measure(gated, "c", service="nobody")) == "Inconclusive"
    assert outcome(expr, {}) == "Inconclusive"


def test_an_approval_makes_the_next_measurement_succeed(gated: Served):
    assert measure(gated, "unheard-of")["decision"] == "needs_approval"

    answered(gated, "approve", "unheard-of")

    assert measure(gated, "unheard-of")["decision"] == "allow"


def test_whatever_goes_wrong_is_answered_200_and_says_why(gated: Served):
    post = gated.client.post
    token = gated.post("/api/v1/tokens", json={"name": "reader", "scopes": ["read"]})["token"]
    headers = {"Authorization": f"Bearer {token}"}
    for answer, why in (
        (post("/api/v1/argo/rollouts", json={"service": "shop"}), "this needs a token"),
        (post("/api/v1/argo/rollouts", json={"service": "shop"}, headers=headers), "scope gate"),
        (post("/api/v1/argo/rollouts", json={}, headers=headers), ""),
    ):
        assert answer.status_code == 200, answer.text
        assert answer.json()["decision"] == "unknown"
        assert why in answer.json()["reason"]


def test_a_change_without_a_revision_is_unidentified(gated: Served):
    found = measure(gated, "")

    assert found["decision"] == "needs_approval"
    assert found["reason"].endswith("pass the argument revision.")
    assert decisions(gated)[0]["change"] == "unidentified shop"


def notification(**values: str) -> dict[str, str]:
    """The body that the template in deploy/ writes, with Argo CD's fields filled in."""
    told = YAML(typ="safe").load(DEPLOY / "argo-cd/notifications-cm.yaml")["data"]
    body = YAML(typ="safe").load(told["template.errorbudget-deployed"])["webhook"]["errorbudget"]
    return json.loads(re.sub(r"{{(.+?)}}", lambda one: values[one[1].strip()], body["body"]))


def synced(revision: str) -> dict[str, str]:
    state = ".app.status.operationState"
    return notification(
        **{
            'index .app.metadata.labels "errorbudget/service"': "shop",
            'index .app.metadata.labels "errorbudget/environment"': "production",
            ".app.metadata.name": "shop-production",
            ".app.status.sync.revision": revision,
            f"{state}.startedAt": "2026-07-01T10:00:00Z",
            f"{state}.finishedAt": "2026-07-01T10:02:00Z",
        }
    )


def test_a_deploy_that_nobody_asked_about_is_found_when_argo_cd_tells_of_it(gated: Served):
    found = gated.post("/api/v1/argo/deployed", json=synced("past-the-gate"))
    again = gated.post("/api/v1/argo/deployed", json=synced("past-the-gate"))

    (ungated,) = found["ungated"]
    assert (ungated["change"], ungated["past_the_gate"]) == (
        "past-the-gate",
        "nobody asked the gate",
    )
    assert found["change"]["finished"] == "2026-07-01T10:02:00Z"
    assert again["ungated"] == []


def test_a_deploy_that_was_permitted_is_recorded_and_nothing_more(gated: Served):
    told(gated, "abc123")
    body = synced("abc123") | {"started": None, "finished": None}

    assert gated.post("/api/v1/argo/deployed", json=body)["ungated"] == []


def test_the_notification_comes_once_for_each_revision():
    told = YAML(typ="safe").load(DEPLOY / "argo-cd/notifications-cm.yaml")["data"]
    (trigger,) = YAML(typ="safe").load(told["trigger.on-deployed-errorbudget"])

    assert trigger["oncePer"] == "app.status.sync.revision"
    assert trigger["send"] == ["errorbudget-deployed"]


@pytest.mark.parametrize("change", ["", "a\x1b[2J"])
def test_a_notification_that_names_no_revision_is_refused(gated: Served, change: str):
    body = {"service": "shop", "revision": change}

    refused = gated.post("/api/v1/argo/deployed", json=body, status=400)

    assert refused["error"]["message"].startswith("revision:")
