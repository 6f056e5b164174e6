"""A server that gates a service which has plenty of budget left, and clients that clusters have."""

import os
import shutil
import subprocess
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from web.served import Served, serve

CLIENTS = Path(__file__).with_name("clients")
LIBRARIES = Path("/usr/share/gocode")
"""Where Debian has the sources of Go libraries."""

DOCUMENT = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: {service}
environment: production
owners: {{product: [bo@shop.example]}}
objectives:
  availability: {{good: status < 500, target: 99%, window: {{rolling: 28d}}}}
policy:
  bands:
    - {{above: 50%, allow: [rollback, critical, low, normal]}}
    - {{above: -inf, allow: [rollback, critical]}}
  unknown: {{allow: [rollback]}}
  stale_after: 1d
  {approval}
risk:
  low: {{max_files: 1, max_lines: 10}}
"""
APPROVAL = "approval: {roles: [product], expires_within: 24h}"
NOBODY = "# nobody may approve"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that gates `shop`, where a person may approve, and `bank`, where nobody may.

    Made anew for each file: nobody sends more, and after a while that is told as a silence.
    """
    home = tmp_path_factory.mktemp("gated") / "home"
    now = datetime.now(UTC)  # noqa: TID251 -- a server lives in the present
    with serve(home) as server:
        for service, approval in (("shop", APPROVAL), ("bank", NOBODY)):
            text = DOCUMENT.format(service=service, approval=approval)
            server.post("/api/v1/documents", content=text)
            server.send(*(_served(service, n, now) for n in range(1500)))
        for service in ("shop", "bank"):
            server.counted(1500, 0, service)
    return home


def _served(service: str, n: int, now: datetime) -> dict[str, object]:
    """One of many good requests of the last hour: first v1 served, then v2."""
    return {
        "time": (now - timedelta(minutes=n % 50)).isoformat(),
        "service": service,
        "version": "v1" if n % 50 > 20 else "v2",
        "environment": "production",
        "status": 200,
    }


@pytest.fixture
def gated(prepared: Path, home: Path) -> Generator[Served]:
    """A server on a home of its own with what is prepared."""
    shutil.copytree(prepared, home)
    with serve(home) as server:
        yield server


def told(server: Served, change: str, service: str = "shop", lines: int = 40) -> dict[str, object]:
    """A pipeline asks about a change whose files it knows."""
    diff = {"files": [{"path": "src/app.py", "added": lines, "deleted": 0}]}
    return server.post(
        "/api/v1/gate", json={"service": service, "change": change, "diff": diff, "by": ["ana"]}
    )


def decisions(server: Served) -> list[dict[str, object]]:
    """The decisions of the trail, oldest first."""
    entries = server.get("/api/v1/audit")
    return [one["body"] for one in entries if one["kind"] == "decision"]


@pytest.fixture(scope="session")
def go(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Callable[..., str]]:
    """Builds a client from its source with the libraries of Debian (`make clients`)."""
    built = tmp_path_factory.mktemp("go")

    def build(name: str) -> Callable[..., str]:
        if not shutil.which("go") or not (LIBRARIES / "src/github.com/hashicorp").is_dir():
            pytest.skip("no Go with its libraries: `make clients` installs them on Debian")
        program = built / name
        if not program.exists():
            environment = os.environ | {"GO111MODULE": "off", "GOPATH": str(LIBRARIES)}
            command = ["go", "build", "-o", program, CLIENTS / f"{name}.go"]
            subprocess.run(command, env=environment, check=True, timeout=300)

        def run(*words: str) -> str:
            done = subprocess.run(
                [program, *words], capture_output=True, text=True, timeout=60, check=True
            )
            return done.stdout

        return run

    return build


def answered(server: Served, says: str, change: str, service: str = "shop") -> None:
    """A person who may answers for budget, by a token of their own."""
    if "Authorization" not in server.client.headers:
        made = server.post("/api/v1/tokens", json={"name": "admin", "scopes": ["admin"]})
        server.client.headers["Authorization"] = f"Bearer {made['token']}"
    person = {"name": "bo@shop.example", "scopes": ["approve"]}
    token = server.post("/api/v1/tokens", json=person)["token"]
    headers = {"Authorization": f"Bearer {token}"}
    said = {"says": says, "service": service, "change": change, "role": "product"}
    draft = server.post(
        "/api/v1/approvals/draft",
        json=said | {"reason": "we talked", "until": "4h"},
        headers=headers,
    )
    given = {"statement": draft["statement"]}
    server.post("/api/v1/approvals", json=given, headers=headers)
