"""The hook: a deploy is recognised in a line of shell, and runs only where the gate lets it."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from a_shop import copied
from errorbudget.cli.deploys import FILE, Deploy, found
from errorbudget.cli.main import application

DEPLOYS = [
    Deploy(command="kubectl apply", service="checkout"),
    Deploy(command="./deploy.sh", service="checkout"),
    Deploy(command="helm upgrade shop-*", service="checkout"),
]


@pytest.mark.parametrize(
    "line",
    [
        "kubectl apply -f checkout.yaml",
        "kubectl -n production apply -f checkout.yaml",
        "cd k8s && KUBECONFIG=x kubectl apply -k .",
        "git push; sudo -E /usr/bin/kubectl apply -f -",
        "cat a.yaml | kubectl apply -f -",
        "echo $(kubectl apply -f x)",
        "echo `kubectl apply -f x`",
        "bash -c 'set -e; kubectl apply -f x'",
        "if true; then kubectl apply -f x; fi",
        "(kubectl \\\n  apply -f x)",
        "true\nkubectl apply -f x",
        "kubectl apply -f 'x",
        "./deploy.sh production",
        "/srv/shop/deploy.sh",
        "bash deploy.sh",
        "helm upgrade --install shop-checkout ./chart",
        'OUT="$(kubectl apply -f x)"',
        'echo "`kubectl apply -f x`"',
        "timeout 60 kubectl apply -f x",
        "sudo -u deploy kubectl apply -f x",
        "nice -n 10 kubectl apply -f x",
        "ls *.yaml | xargs -n 1 kubectl apply -f",
        "if kubectl apply -f x; then true; fi",
        "if false; then true; else kubectl apply -f x; fi",
        "! kubectl apply -f x",
        "{ kubectl apply -f x; }",
        "errorbudget gate run search --change x -- kubectl apply -f x",
    ],
)
def test_a_deploy_is_recognised_however_it_is_put(line: str):
    assert found(line, DEPLOYS), line


@pytest.mark.parametrize(
    "line",
    [
        "",
        "ls",
        "kubectl get pods",
        "echo 'kubectl apply'",
        "git commit -m 'kubectl apply'",
        "cat deploy.sh",
        "timeout 60 echo 'kubectl apply'",
        "helm upgrade blog ./chart",
        "errorbudget gate run checkout --change x -- kubectl apply -f x",
    ],
)
def test_what_is_no_deploy_or_asks_by_itself_is_left_alone(line: str):
    assert found(line, DEPLOYS) == []


def test_an_event_without_input_is_no_deploy(home: Path):
    assert answered({"tool_name": "Bash", "tool_input": None}, home) == (0, None, "")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    subprocess.run(["git", "init", "-q", folder], check=True)
    (folder / FILE).write_text(
        "deploys:\n  - {command: kubectl apply, service: checkout, risk: high}\n"
    )
    committed(folder, FILE)
    return folder


def committed(folder: Path, path: str) -> None:
    git = ["git", "-C", str(folder), "-c", "user.name=ana", "-c", "user.email=ana@shop.example"]
    subprocess.run([*git, "add", path], check=True)
    subprocess.run([*git, "commit", "-qm", f"Write {path}"], check=True)


def told(command: str, folder: Path, home: Path) -> tuple[int, Any, str]:
    """Exit code, decision and what stands on standard error."""
    event = {
        "session_id": "s",
        "hook_event_name": "PreToolUse",
        "tool_name": "Bash",
        "tool_input": {"command": command, "description": "ship it"},
        "cwd": str(folder),
    }
    return answered(event, home)


def answered(event: dict[str, Any], home: Path) -> tuple[int, Any, str]:
    ran = CliRunner().invoke(
        application(),
        ["gate", "hook"],
        input=json.dumps(event),
        env={"ERRORBUDGET_HOME": str(home)},
    )
    return ran.exit_code, json.loads(ran.stdout) if ran.stdout else None, ran.stderr


@pytest.fixture(scope="module")
def home(shop_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data of July, asked about today: nobody knows the budget, and the policy lets little ship."""
    return copied(shop_home, tmp_path_factory.mktemp("hook") / "home")


def test_a_command_that_is_no_deploy_passes_without_a_word(repository: Path, home: Path):
    assert told("ls -l", repository, home) == (0, None, "")


def test_what_the_gate_forbids_is_denied_with_its_reason(
    repository: Path, home: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(repository)
    code, answer, _ = told("kubectl apply -f x", repository, home)

    assert code == 0
    decision = answer["hookSpecificOutput"]
    assert decision["hookEventName"] == "PreToolUse"
    assert decision["permissionDecision"] == "deny"
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=repository, capture_output=True, text=True, check=True
    )
    assert head.stdout.strip() in decision["permissionDecisionReason"]
    assert "errorbudget gate approve checkout" in decision["permissionDecisionReason"]


def test_what_the_gate_permits_is_left_to_the_assistants_own_rules(
    repository: Path, home: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(repository)
    (repository / "docs").mkdir()
    (repository / "docs" / "faq.md").write_text("a line\n")
    committed(repository, "docs")
    (repository / FILE).write_text(
        "deploys:\n  - {command: kubectl apply, service: checkout, diff: HEAD~1..HEAD}\n"
    )
    code, answer, _ = told("kubectl apply -f x", repository, home)

    assert code == 0
    assert "permissionDecision" not in json.dumps(answer)
    assert answer["systemMessage"].startswith("The gate: checkout: ⟦")


def test_without_a_list_the_hook_has_no_opinion(tmp_path: Path, home: Path):
    assert told("kubectl apply -f x", tmp_path, home) == (0, None, "")


@pytest.mark.parametrize(
    ("list_", "said"),
    [
        ("deploys: [{command: '', service: x}]", "deploys.0.command"),
        ("deploys: [{comand: x, service: x}]", "is no setting"),
        ("deploys: [", "errorbudget-deploys.yaml"),
        ("deploys: [{command: kubectl apply, service: nobody}]", "nobody"),
    ],
)
def test_where_the_gate_cannot_be_asked_a_deploy_does_not_run(
    repository: Path, home: Path, monkeypatch: pytest.MonkeyPatch, list_: str, said: str
):
    monkeypatch.chdir(repository)
    (repository / FILE).write_text(list_)
    code, answer, err = told("kubectl apply -f x", repository, home)

    assert (code, answer) == (2, None)
    assert "so this does not run" in err
    assert said in err


def test_what_is_no_event_stops_the_command(home: Path):
    for text in ("", "[]", "{"):
        ran = CliRunner().invoke(
            application(), ["gate", "hook"], input=text, env={"ERRORBUDGET_HOME": str(home)}
        )
        assert ran.exit_code == 2
