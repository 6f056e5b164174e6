"""While no server answers, a machine goes by what people signed, and its server hears of it."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from outside import Ran, Run

from errorbudget.store.signatures import sign
from store.keys import NAMESPACE, allow, make
from web.served import Served, serve

ANA = "ana@shop.example"
DOCUMENT = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: web
owners: {{engineering: [ana@shop.example]}}
signoff: {{required: [engineering]}}
objectives:
  availability:
    good: status < 500
    target: 99.9%
    window: {{rolling: 28d}}
policy:
  bands:
    - {{above: -inf, allow: [rollback, critical, low, normal, high]}}
  unknown: {{allow: [rollback, critical, low, normal, high]}}
  on_unreachable: {says}
"""


@dataclass
class Machine:
    """A runner that asks a server, and the server."""

    run: Run
    served: Served
    key: Path
    home: Path
    here: Path

    def gate(self, command: str, *words: str, **environment: str) -> Ran:
        signers = self.here / "allowed_signers"
        known = {
            "ERRORBUDGET_URL": self.served.url,
            "ERRORBUDGET_HOME": str(self.here / "none"),
            "ERRORBUDGET_CACHE": str(self.here / "cache"),
            "ERRORBUDGET_ALLOWED_SIGNERS": str(signers),
        }
        return self.run("gate", command, *words, **(known | environment))

    def check(self, *words: str, **environment: str) -> Ran:
        return self.gate("check", "web", "--change", "v2", *words, **environment)

    def promise(self, says: str) -> None:
        text = DOCUMENT.format(says=says)
        made = sign(text.encode(), key=self.key, namespace=NAMESPACE).decode()
        sent = {"document": text, "signatures": {"engineering": made}}
        assert self.served.post("/api/v1/documents", json=sent)["state"] == "binding"

    def records(self) -> list[dict[str, Any]]:
        files = (self.here / "cache" / "offline").glob("*.json")
        return [json.loads(file.read_text()) for file in files]

    def fail(self) -> None:
        """Take the server away, its address stays."""
        self.served.__exit__()

    def return_(self) -> None:
        """The same home, served at another port."""
        port = self.served.url.rpartition(":")[2]
        self.served = serve(self.home, "--port", port)

    def entries(self, kind: str) -> list[dict[str, Any]]:
        found = self.served.get("/api/v1/audit", last=0)
        return [entry["body"] for entry in found if entry["kind"] == kind]


@pytest.fixture
def machine(run: Run, home: Path, tmp_path: Path) -> Iterator[Machine]:
    key, here = make(tmp_path, ANA), tmp_path / "runner"
    for file in (home / "allowed_signers", here / "allowed_signers"):
        allow(file, (ANA, key))
    home.chmod(0o700)
    machine = Machine(run, serve(home), key, home, here)
    yield machine
    machine.served.__exit__()


def test_a_signed_copy_lets_low_risk_through_and_holds_up_the_rest(machine: Machine):
    machine.promise("low_only")
    assert machine.check("--risk", "low").code == 0
    machine.fail()

    low, normal = machine.check("--risk", "low", "--json"), machine.check("--risk", "normal")

    assert (low.code, low.json["decision"], low.json["reason_code"]) == (0, "allow", "unreachable")
    assert low.json["permits_now"] == ["rollback", "low"]
    assert (low.json["entry"], low.err) == (None, "")
    assert normal.code == 5
    assert normal.out.startswith("held up: no server answers, and the signed copy of 20")
    assert normal.out.endswith("says on_unreachable: low_only; this is normal risk (declared).\n")
    assert [one["decision"]["decision"] for one in machine.records()].count("allow") == 1
    typo = machine.check("--risk", "low", ERRORBUDGET_URL="http://127.0.0.1:1")
    assert typo.code == 5
    assert "no copy of a signed document of web is kept here" in typo.out


def test_a_server_hears_once_what_was_decided_and_deployed_without_it(machine: Machine):
    machine.promise("allow")
    machine.check()
    machine.fail()
    shipped = machine.gate("run", "web", "--change", "v3", "--", "true")
    broken = machine.gate("run", "web", "--change", "v4", "--", "sh", "-c", "exit 7")
    dry = machine.check("--dry-run")
    assert (shipped.code, broken.code, dry.code) == (0, 7, 0)
    assert sorted(one["outcome"]["exit_code"] for one in machine.records()) == [0, 7]
    copies = [machine.here / f"{number}.json" for number in (1, 2)]
    for file, record in zip(copies, machine.records(), strict=True):
        file.write_text(json.dumps(record))

    damaged = machine.here / "cache" / "offline" / "0.json"
    damaged.write_text("{")
    os.utime(damaged, (0, 0))

    machine.return_()
    again = machine.check("--json")

    assert (again.code, again.json["reason_code"]) == (0, "permitted")
    assert "0.json: is not the JSON that was written there" in again.err
    assert [*damaged.parent.iterdir()] == [damaged]
    told = {entry["change"]: entry for entry in machine.entries("offline")}
    assert set(told) == {"v3", "v4"}
    assert told["v3"]["policy_known"] is True
    assert told["v3"]["outcome"]["exit_code"] == 0
    deployed = machine.served.get("/api/v1/gate/deployed", service="web")
    assert deployed["version"] == "v3"
    second = machine.gate("told", *map(str, copies), "--json")
    assert second.json == {"taken": 0, "known": 2}
    assert machine.served.post("/api/v1/audit/reconcile")["ungated"] == []
