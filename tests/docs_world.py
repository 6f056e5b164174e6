"""What the documentation's commands find: a team's repository, keys, logs, and a service `web`."""

import json
import random
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from errorbudget.program.program import Program

DAYS = 40
HOUR = 40
"""Requests."""
PEOPLE = {"id_ed25519": "engineering@example.com", "product_key": "product@example.com"}


def build(folder: Path, now: datetime) -> Path:
    """The folder that commands are typed in; beside it `.ssh`, and the home in `.errorbudget`."""
    work = folder / "work"
    work.mkdir(parents=True)
    _write_logs(work, now)
    _write_keys(folder, work)
    _write_repository(work)
    (work / "statement").write_text("errorbudget approval\n")
    (work / "checkout.yaml").write_text(DOCUMENT)
    return work


def _write_logs(work: Path, now: datetime) -> None:
    """Forty days of a service that fails for one request of four hundred."""
    dice = random.Random(7)
    start = now.replace(minute=0, second=0, microsecond=0) - timedelta(days=DAYS)
    lines = []
    for hour in range(DAYS * 24):
        for number in range(HOUR):
            at = start + timedelta(hours=hour, seconds=number * 80)
            status = 500 if dice.random() < 1 / 400 else 200
            route = dice.choice(("/", "/cart", "/pay"))
            lines.append(
                f'10.0.0.{number} - - [{at:%d/%b/%Y:%H:%M:%S +0000}] "GET {route} HTTP/1.1"'
                f' {status} 512 "-" "Mozilla/5.0"\n'
            )
    (work / "access.log").write_text("".join(lines))
    told = [
        {"time": start.isoformat(), "service": "web", "status": 200, "trace_id": trace}
        for trace in ("4bf92f35", "00f067aa")
    ]
    (work / "requests.ndjson").write_text("".join(json.dumps(one) + "\n" for one in told))
    errors = {"time": start.isoformat(), "service": "web", "level": "error", "message": "no"}
    (work / "errors.ndjson").write_text(json.dumps(errors | {"trace_id": "4bf92f35"}) + "\n")
    (work / "export.csv").write_text(f"time,code,seconds\n{start.isoformat()},200,0.1\n")


def _write_keys(folder: Path, work: Path) -> None:
    (folder / ".ssh").mkdir()
    allowed = list[str]()
    for name, person in PEOPLE.items():
        key = (folder / ".ssh" if name.startswith("id_") else work) / name
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", person, "-f", key], check=True
        )
        public = " ".join(key.with_suffix(".pub").read_text().split()[:2])
        names = f"{person},bo@shop.example" if name.startswith("id_") else person
        allowed.append(f'{names} namespaces="errorbudget-*" {public}\n')
    (work / "allowed_signers").write_text("".join(allowed))
    home = work / ".errorbudget"
    Program.open(home, create=True).close()
    shutil.copy(work / "allowed_signers", home / "allowed_signers")


DOCUMENT = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: checkout
owners: {product: [engineering@example.com]}
signoff: {required: [product]}
objectives:
  availability: {good: status < 500, target: 99%, window: {rolling: 28d}}
"""


def _write_repository(work: Path) -> None:
    git = ["git", "-C", str(work), "-c", "user.name=kim", "-c", "user.email=kim@example.com"]
    subprocess.run(["git", "init", "-q", work], check=True)
    subprocess.run([*git, "config", "user.email", "kim@example.com"], check=True)
    deploy = work / "deploy.sh"
    deploy.write_text("#!/bin/sh\necho deployed\n")
    deploy.chmod(0o755)
    for text, tag in (("one", "v1"), ("two", "v1.3"), ("three", "")):
        (work / "faq.md").write_text(text)
        subprocess.run([*git, "add", "faq.md", "deploy.sh"], check=True)
        subprocess.run([*git, "commit", "-qm", text], check=True)
        if tag:
            subprocess.run([*git, "tag", tag], check=True)


def now() -> datetime:
    """The documentation is about today."""
    return datetime.now(UTC)  # noqa: TID251 -- logs end where commands begin
