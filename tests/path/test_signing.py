"""A document signed by two people binds; an edit of one byte leaves it in force and says so."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from outside import Ran, Run

from store.keys import allow, make
from web.served import serve

ANA, BO = "ana@shop.example", "bo@shop.example"
TEXT = f"""\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: web
owners: {{engineering: [{ANA}], product: [{BO}]}}
signoff: {{required: [engineering, product]}}
objectives:
  availability:
    good: status < 500
    target: 99.9%
    window: {{rolling: 28d}}
policy:
  bands:
    - {{above: 50%, allow: [rollback, critical, low, normal, high]}}
    - {{above: -inf, allow: [rollback]}}
  unknown: {{allow: [rollback]}}
"""


@dataclass
class Team:
    """Two people with a key each, and the document they are about to sign."""

    run: Run
    file: Path
    keys: dict[str, Path]

    def sign(self, *roles: str, by: str = "") -> None:
        for role in roles:
            who = by or {"engineering": ANA, "product": BO}[role]
            ran = self.run("objective", "sign", self.file, "--role", role, "--key", self.keys[who])
            assert ran.code == 0, ran.err

    def apply(self) -> Ran:
        ran = self.run("objective", "apply", self.file)
        assert ran.code == 0, ran.err
        return ran

    def edit(self, old: str, new: str) -> None:
        text = self.file.read_text()
        assert old in text
        self.file.write_text(text.replace(old, new))

    def signature(self, role: str) -> Path:
        return self.file.with_name(f"{self.file.name}.{role}.sig")


@pytest.fixture
def team(run: Run, home: Path, tmp_path: Path, written: Callable[[str, str], Path]) -> Team:
    keys = {who: make(tmp_path, who) for who in (ANA, BO)}
    allow(home / "allowed_signers", *keys.items())
    home.chmod(0o700)
    return Team(run, written("web.yaml", TEXT), keys)


def test_two_signatures_put_a_document_in_force_and_the_gate_enforces_it(team: Team):
    assert team.apply().json["missing"] == ["engineering", "product"]
    unsigned = team.run("gate", "check", "web", "--change", "1", "--json")
    assert (unsigned.code, unsigned.json["reason_code"]) == (0, "unsigned")

    team.sign("engineering")
    first = team.apply().json
    assert (first["state"], first["missing"], first["in_force"]) == ("unsigned", ["product"], None)
    team.sign("product")
    bound = team.apply().json

    assert (bound["state"], bound["missing"], bound["in_force"]) == ("binding", [], bound["digest"])
    assert [one["principal"] for one in bound["signatures"]] == [ANA, BO]
    refused = team.run("gate", "check", "web", "--change", "1", "--json")
    assert (refused.code, refused.json["reason_code"]) == (4, "unknown_forbids")


def test_an_edit_of_one_byte_leaves_the_signed_version_in_force_and_says_so(team: Team):
    team.sign("engineering", "product")
    signed = team.apply().json["digest"]
    team.edit("99.9%", "99.8%")

    edited = team.apply()

    assert edited.json["state"] == "unsigned"
    assert edited.json["missing"] == ["engineering", "product"]
    assert edited.json["in_force"] == signed
    assert f"{team.file}.product.sig: was made over other bytes than these" in edited.err
    (budget,) = team.run("budget", "web", "--json").json
    assert budget["target"] == "99.9%"


def test_verify_says_what_apply_would_and_leaves_no_trace(team: Team):
    team.sign("engineering")
    waiting = team.run("objective", "verify", team.file, "--json")
    assert (waiting.code, waiting.json["missing"]) == (4, ["product"])
    team.sign("product")
    good = team.run("objective", "verify", team.file)
    assert (good.code, good.err) == (0, "")
    assert good.out.endswith(f"is signed as engineering by {ANA} and product by {BO}\n")
    assert team.run("audit", "log").code == 2, "nothing made a home"

    team.apply()
    entries = team.run("audit", "log", "--json").json
    team.edit("99.9%", "99.8%")
    edited = team.run("objective", "verify", team.file)

    assert edited.code == 4
    assert "other bytes" in edited.err
    assert team.run("audit", "log", "--json").json == entries


def test_verify_needs_no_home_where_it_is_given_the_keys(team: Team, tmp_path: Path):
    team.sign("engineering", "product")
    kept = allow(tmp_path / "keys" / "allowed", *team.keys.items())
    empty = {"ERRORBUDGET_HOME": str(tmp_path / "none")}
    assert team.run("objective", "verify", team.file, "--allowed-signers", kept, **empty).code == 0
    without = team.run("objective", "verify", team.file, **empty)
    assert (without.code, "there is no home here" in without.err) == (2, True)


def test_the_signature_in_the_trail_is_one_that_ssh_keygen_accepts(
    team: Team, home: Path, tmp_path: Path
):
    team.sign("engineering", "product")
    team.apply()
    entries = team.run("audit", "log", "--json").json
    given = next(one["body"] for one in entries if one["kind"] == "signature")
    signature = tmp_path / "given.sig"
    signature.write_text(given["signature"])
    whose = ("-f", home / "allowed_signers", "-I", given["principal"])
    checked = subprocess.run(
        ["ssh-keygen", "-Y", "verify", "-n", "errorbudget-objective@v1", "-s", signature, *whose],
        input=team.file.read_bytes(),
        capture_output=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


def test_signing_needs_a_role_of_the_document_and_a_document_that_can_be_used(team: Team):
    key = team.keys[ANA]
    ran = team.run("objective", "sign", team.file, "--role", "owner", "--key", key)
    assert (ran.code, "its roles are engineering, product" in ran.err) == (2, True)
    team.edit("99.9%", "199.9%")
    ran = team.run("objective", "sign", team.file, "--role", "product", "--key", key)
    assert (ran.code, ran.err.startswith(f"{team.file}:9: ")) == (2, True)
    assert not team.signature("product").exists()


def test_a_server_takes_signatures_and_keeps_what_is_in_force(team: Team, home: Path):
    with serve(home) as server:
        team.sign("engineering", "product")
        bound = team.apply().json
        assert bound["state"] == "binding"
        team.edit("99.9%", "99.8%")
        assert team.run("objective", "verify", team.file).code == 4
        edited = team.apply()
        assert edited.json["in_force"] == bound["digest"]
        assert "other bytes" in edited.err
        told = server.get("/api/v1/documents/history", service="web")
        assert [one["state"] for one in told["versions"]] == ["binding", "unsigned"]
        bad = {"document": team.file.read_text(), "signatures": {"product": 7}}
        answer = server.client.post("/api/v1/documents", json=bad)
        assert (answer.status_code, "signatures.product" in answer.text) == (400, True)
        hostile = bad | {"signatures": {"../../x": "y" * 100_000, "product": "\0"}}
        assert server.post("/api/v1/documents", json=hostile)["state"] == "unsigned"


def test_configured_documents_are_applied_with_the_signatures_beside_them(
    team: Team, home: Path, tmp_path: Path
):
    team.sign("engineering", "product")
    config = tmp_path / "server.yaml"
    elsewhere = (home / "allowed_signers").rename(tmp_path / "keys")
    told = {"documents": [str(tmp_path / "web.yaml")], "signers": {"allowed": str(elsewhere)}}
    config.write_text(json.dumps(told))
    with serve(home, "--config", str(config)) as server:
        told = server.get("/api/v1/documents/history", service="web")
        assert [one["state"] for one in told["versions"]] == ["binding"]


def test_a_signature_with_the_key_of_somebody_else_says_whose_it_is(team: Team):
    right = team.run(
        "objective", "sign", team.file, "--role", "engineering", "--key", team.keys[ANA]
    )
    wrong = team.run("objective", "sign", team.file, "--role", "product", "--key", team.keys[ANA])

    assert (right.code, right.err, right.json["principal"]) == (0, "", ANA)
    assert "will not count" in wrong.err
    assert ANA in wrong.json["refused"]
    assert f"not by {BO}" in wrong.err.replace("'", "").replace('"', "")
