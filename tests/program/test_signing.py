"""Which signatures put a version in force, however its text is altered."""

from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from errorbudget.program.gate.asking import Question
from errorbudget.program.objectives.applied import Applied
from errorbudget.program.objectives.signing import signed
from errorbudget.program.program import Program
from store.keys import allow, make

NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
ANA, BO, CY = "ana@shop.example", "bo@shop.example", "cy@shop.example"
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
    """People with a key each, and the document they are about to sign."""

    program: Program
    file: Path
    keys: dict[str, Path]

    def sign(self, *roles: str, by: str = "") -> None:
        for role in roles:
            who = by or {"engineering": ANA, "product": BO}[role]
            signed(self.file, role=role, key=self.keys[who])

    def apply(self) -> Applied:
        return self.program.objectives.apply(self.file, now=NOW)

    def edit(self, old: str, new: str) -> None:
        text = self.file.read_text()
        assert old in text
        self.file.write_text(text.replace(old, new))

    def signature(self, role: str) -> Path:
        return self.file.with_name(f"{self.file.name}.{role}.sig")


@pytest.fixture
def team(home: Path, tmp_path: Path) -> Generator[Team]:
    keys = {who: make(tmp_path, who) for who in (ANA, BO, CY)}
    file = tmp_path / "web.yaml"
    file.write_text(TEXT)
    with Program.open(home, create=True) as program:
        allow(home / "allowed_signers", *keys.items())
        yield Team(program, file, keys)


def test_what_was_in_force_and_replaced_needs_new_signatures_to_come_back(team: Team):
    team.sign("engineering", "product")
    first, kept = team.file.read_text(), team.apply().digest
    sigs = {role: team.signature(role).read_bytes() for role in ("engineering", "product")}
    team.edit("99.9%", "99.95%")
    team.sign("engineering", "product")
    second = team.apply()
    assert second.state == "binding"

    team.file.write_text(first)
    for role, body in sigs.items():
        team.signature(role).write_bytes(body)
    back = team.apply()

    assert (back.state, back.digest) == ("unsigned", kept)
    assert back.in_force == second.digest
    assert "its signatures are used up" in back.notes[-1]


def test_an_edit_cannot_name_new_owners_for_itself(team: Team):
    team.sign("engineering", "product")
    signed = team.apply().digest
    team.edit(f"[{ANA}]", f"[{CY}]")
    team.edit(f"[{BO}]", f"[{CY}]")
    team.sign("engineering", "product", by=CY)

    taken = team.apply()

    assert (taken.state, taken.in_force) == ("unsigned", signed)
    assert [str(wait) for wait in taken.waits] == [f"engineering ({ANA})", f"product ({BO})"]
    team.sign("engineering", "product")
    assert team.apply().state == "binding"


def test_a_revoked_key_takes_back_what_it_signed_before_it_bound(team: Team, home: Path):
    team.sign("engineering")
    team.apply()
    public = team.keys[ANA].with_name(f"{team.keys[ANA].name}.pub").read_text()
    (home / "revoked_signers").write_text(public)
    team.sign("product")

    applied = team.apply()

    assert [wait.role for wait in applied.waits] == ["engineering"]
    assert "revokes" in applied.refused[0]


def test_one_key_that_is_allowed_two_names_is_one_person(team: Team, home: Path):
    key = team.keys[ANA]
    allow(home / "allowed_signers", (f"{ANA},{BO}", key))
    team.sign("engineering", "product", by=ANA)

    applied = team.apply()

    assert [wait.role for wait in applied.waits] == ["product"]
    assert "one key is one person" in applied.refused[0]


def test_the_history_says_who_signed_what_and_which_version_judged_which_change(team: Team):
    team.sign("engineering", "product")
    team.apply()
    team.program.gate.check(Question(service="web", change="v7"), at=NOW, now=NOW)
    team.edit("99.9%", "99.8%")
    team.apply()

    first, second = team.program.history.of("web")["versions"]

    assert (first["state"], second["state"]) == ("binding", "unsigned")
    assert [(one["role"], one["principal"]) for one in first["signatures"]] == [
        ("engineering", ANA),
        ("product", BO),
    ]
    assert [(one["change"], one["decision"]) for one in first["decisions"]] == [("v7", "block")]
    assert second["decisions"] == []
    entries = team.program.audit.log()
    assert [one["kind"] for one in entries] == [
        "signature",
        "signature",
        "objective",
        "decision",
        "objective",
    ]
    assert entries[0]["words"] == f"web {first['digest'][:12]} as engineering by {ANA}"
    assert team.program.audit.verify()["entries"] == 5


def test_a_role_handed_over_holds_both_signatures_in_one_file(team: Team):
    team.sign("engineering", "product")
    team.apply()
    team.edit(f"[{ANA}]", f"[{CY}]")
    team.sign("engineering", by=ANA)
    team.sign("engineering", by=CY)
    team.sign("product")
    assert team.signature("engineering").read_bytes().count(b"BEGIN SSH SIGNATURE") == 2

    assert team.apply().state == "binding"

    team.edit("99.9%", "99.8%")
    team.sign("engineering", by=CY)
    assert team.signature("engineering").read_bytes().count(b"BEGIN SSH SIGNATURE") == 1


def test_a_document_past_its_date_is_nagged_about_and_stays_in_force(team: Team):
    team.edit("signoff: {required: [engineering, product]}", "signoff: {revisit: 2026-08-01}")

    applied = team.apply()

    assert applied.state == "binding"
    assert applied.notes == (
        f"{team.file}:5: signoff.revisit: was due 31 days ago, on 2026-08-01; still in force:"
        " look at it again, and sign a new date",
    )
