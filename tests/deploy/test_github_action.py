"""The action as a runner runs it: outputs, log, exit codes, and inputs that are only data."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from web.served import Served, serve

ACTION = Path(__file__).parents[2] / "deploy" / "github"
BIN = Path(sys.executable).parent
DOCUMENT = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: web
objectives:
  availability:
    good: status < 500
    target: 99.9%
    window: {rolling: 28d}
policy:
  bands:
    - {above: -inf, allow: [rollback, low]}
  unknown: {allow: [rollback, low]}
  approval: {roles: [product], expires_within: 24h}
owners: {product: [bo@shop.example]}
"""
HOSTILE = "v1`'\"$(touch $HERE/owned);touch $HERE/owned | ::error::x"
WORKFLOW = """\
on: push
jobs:
  gate:
    runs-on: ubuntu-latest
    outputs:
      decision: ${{ steps.low.outputs.decision }}
    steps:
      - uses: actions/checkout@v4
      - id: low
        uses: ./gate
        with: {service: web, change: v1, risk: low, url: "${{ env.SERVER }}"}
      - id: hostile
        uses: ./gate
        with: {service: web, change: "${{ env.HOSTILE }}", risk: low, url: "${{ env.SERVER }}"}
      - id: missing
        continue-on-error: true
        uses: ./gate
        with: {service: "", url: "${{ env.SERVER }}"}
      - id: high
        continue-on-error: true
        uses: ./gate
        with: {service: web, change: v2, risk: high, url: "${{ env.SERVER }}"}
      - env: {STEPS: "${{ toJSON(steps) }}"}
        run: printf '%s' "$STEPS" > "$HERE/steps.json"
      - if: steps.high.outcome == 'failure'
        run: exit 1
  deploy:
    needs: gate
    runs-on: ubuntu-latest
    steps:
      - run: touch "$HERE/deployed"
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(tmp_path_factory.mktemp("action") / "home") as served:
        served.post("/api/v1/documents", content=DOCUMENT.encode())
        yield served


def test_a_runner_runs_it(served: Served, tmp_path: Path):
    repository = tmp_path / "repository"
    shutil.copytree(ACTION, repository / "gate")
    (repository / ".github" / "workflows").mkdir(parents=True)
    (repository / ".github" / "workflows" / "deploy.yml").write_text(WORKFLOW)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@shop.example"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "Begin"]):
        subprocess.run([*git, *words], cwd=repository, check=True)
    given = {"SERVER": served.url, "HOSTILE": HOSTILE, "HERE": str(tmp_path)}
    ran = subprocess.run(
        [
            BIN / "act",
            *("push", "-P", "ubuntu-latest=-self-hosted"),
            *(word for name, value in given.items() for word in ("--env", f"{name}={value}")),
        ],
        cwd=repository,
        env=os.environ
        | {"PATH": f"{BIN}:{os.environ['PATH']}", "XDG_CACHE_HOME": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert ran.returncode == 1, ran.stdout + ran.stderr
    steps = json.loads((tmp_path / "steps.json").read_text())
    low, high = steps["low"]["outputs"], steps["high"]["outputs"]
    assert (low["decision"], low["risk"], low["exit_code"]) == ("allow", "low", "0")
    assert low["permits_now"] == "rollback low"
    decided = {entry["body"]["change"]: entry for entry in decisions(served)}
    assert low["entry"] == str(decided["v1"]["seq"])
    assert low["checkpoint"].strip() == decided["v1"]["checkpoint"].strip()
    assert (high["decision"], high["exit_code"]) == ("needs_approval", "5")
    assert steps["high"]["outcome"] == steps["missing"]["outcome"] == "failure"
    assert HOSTILE in decided
    assert not (tmp_path / "owned").exists()
    assert not (tmp_path / "deployed").exists()
    root = decided["v2"]["checkpoint"].splitlines()[2]
    assert root in ran.stdout


def decisions(served: Served) -> list[dict]:
    return [one for one in served.get("/api/v1/audit", last=0) if one["kind"] == "decision"]


def run(folder: Path, **given: str) -> SimpleNamespace:
    """The script as the action calls it."""
    names = {"GITHUB_OUTPUT": folder / "output", "GITHUB_STEP_SUMMARY": folder / "summary"}
    ran = subprocess.run(
        [sys.executable, ACTION / "gate.py"],
        env={"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(folder)}
        | {name: str(file) for name, file in names.items()}
        | given,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    said = {name: file.read_text() if file.exists() else "" for name, file in names.items()}
    return SimpleNamespace(code=ran.returncode, out=ran.stdout, err=ran.stderr, **said)


def test_the_summary_tells_what_others_wrote_as_text(served: Served, tmp_path: Path):
    change = "``` <img src=x> | **v3**"
    asked = {"GATE_SERVICE": "web", "GATE_CHANGE": change, "GATE_RISK": "high"}
    ran = run(tmp_path, ERRORBUDGET_URL=served.url, **asked)

    assert ran.code == 5
    assert ran.GITHUB_STEP_SUMMARY.startswith("### Gate: needs approval\n")
    assert "```` ``` <img src=x> \\| **v3** ````" in ran.GITHUB_STEP_SUMMARY
    assert "| ` availability ` | unknown | unknown |" in ran.GITHUB_STEP_SUMMARY
    assert ran.out.splitlines()[-1].startswith("::error title=web%3A needs approval::needs ap")


@pytest.mark.parametrize(
    ("given", "title"),
    [
        ({"GATE_CHANGE": "v1", "ERRORBUDGET_URL": "http://127.0.0.1:1"}, "input missing"),
        ({"GATE_SERVICE": "web", "GATE_CHANGE": "v1"}, "input missing"),
        (
            {
                "GATE_SERVICE": "web",
                "GATE_CHANGE": "v1",
                "GATE_RISK": "brave",
                "ERRORBUDGET_URL": "http://127.0.0.1:1",
            },
            "no decision on web",
        ),
    ],
)
def test_a_wrong_input_is_an_error_of_the_job(tmp_path: Path, given: dict[str, str], title: str):
    ran = run(tmp_path, **given)
    assert ran.code == 2
    assert ran.out.startswith(f"::error title=gate%3A {title}::")


def test_a_server_that_does_not_answer_fails_the_job(tmp_path: Path):
    asked = {"GATE_SERVICE": "web", "GATE_CHANGE": "v1", "GATE_RISK": "low"}
    ran = run(tmp_path, ERRORBUDGET_URL="http://127.0.0.1:1", **asked)
    assert ran.code == 5
    assert "decision<<" in ran.GITHUB_OUTPUT


def test_nothing_in_it_is_known_to_be_unsafe():
    found = subprocess.run(
        [BIN / "zizmor", "--offline", "--no-progress", "--persona=pedantic", ACTION],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert found.returncode == 0, found.stdout + found.stderr
