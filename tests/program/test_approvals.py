"""A person spends budget on one change: signed, for it alone, and only while it holds."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from errorbudget.change import Diff, FileChange
from errorbudget.errors import Failure, Untrusted
from errorbudget.objective.document import RiskClass
from errorbudget.policy.approval import NAMESPACE, Says, Statement
from errorbudget.program.gate.asking import Question
from errorbudget.program.gate.gate import Answer
from errorbudget.program.gate.statements import Wanted
from errorbudget.program.program import Program
from errorbudget.store.signatures import sign
from program.test_gate import DOCUMENT, NOW, serve
from store.keys import allow, make

ANA, BO = "ana@shop.example", "bo@shop.example"
DIFF = Diff(
    base="a",
    head="b",
    files=(FileChange(path="pay.py", added=90, deleted=1),),
    repository="git.example/web",
    base_tree="1" * 40,
    head_tree="2" * 40,
    authors=("chen@shop.example",),
)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    with Program.open(tmp_path / "home", create=True) as program:
        (tmp_path / "web.yaml").write_text(
            DOCUMENT.replace("  low:", "  critical: {requires: incident}\n  low:")
        )
        program.objectives.apply(tmp_path / "web.yaml", now=NOW)
        serve(program, tmp_path, 4000, 30)
        keys = [(who, make(tmp_path, who)) for who in (ANA, BO, "chen@shop.example")]
        allow(program.home.path / "allowed_signers", *keys)
        yield program


def ask(program: Program, diff: Diff | None = DIFF, at: datetime = NOW, **more) -> Answer:
    asked = {"service": "web", "change": "c1", "diff": diff, "by": ("dana@shop.example",)} | more
    return program.gate.check(Question(**asked), at=NOW, now=at)


def draw(program: Program, role: str, at: datetime = NOW, says: Says = Says.APPROVE, **more) -> str:
    wanted = {"service": "web", "change": "c1", "reason": "the launch is worth it"} | more
    return program.approvals.draw_up(Wanted(says=says, role=role, **wanted), now=at)["statement"]


def give(program: Program, tmp_path: Path, who: str, text: str, at: datetime = NOW, **more) -> dict:
    key, namespace = tmp_path / f"{who}-ed25519", more.get("namespace", NAMESPACE)
    signature = sign(text.encode(), key=key, namespace=namespace)
    return program.approvals.give(more.get("sent", text), signature=signature, now=at)


def approve(program: Program, tmp_path: Path, at: datetime = NOW, **more) -> None:
    for who, role in ((ANA, "engineering"), (BO, "product")):
        give(program, tmp_path, who, draw(program, role, at, **more), at)


def test_a_block_becomes_an_approval_and_then_one_deploy(program: Program, tmp_path: Path):
    blocked = ask(program)
    give(program, tmp_path, ANA, draw(program, "engineering"))
    half = ask(program)
    give(program, tmp_path, BO, draw(program, "product"))
    allowed = ask(program)
    entry = allowed.as_dict()["entry"]
    program.gate.record_outcome(entry, 1, started_at=NOW, now=NOW + MINUTE)
    retried = ask(program, at=NOW + 2 * MINUTE)
    program.gate.record_outcome(entry, 0, started_at=NOW, now=NOW + 3 * MINUTE)
    used = ask(program, at=NOW + 4 * MINUTE)

    codes = [one.exit_code for one in (blocked, half, allowed, retried, used)]
    assert codes == [3, 3, 0, 0, 3]
    assert "by product beside engineering would permit it" in half.decision.reason
    assert f"Approved by {ANA} (engineering) and {BO} (product)" in allowed.decision.reason
    kinds = [entry["kind"] for entry in program.audit.log() if entry["kind"] != "objective"]
    assert kinds[:5] == ["decision", "approval", "decision", "approval", "decision"]
    program.audit.verify()


def test_the_consequences_are_said_first(program: Program):
    ask(program)
    wanted = Wanted(
        says=Says.APPROVE, service="web", change="c1", role="product", reason="x", spend="6%"
    )

    told = program.approvals.draw_up(wanted, now=NOW)["consequences"]

    assert told.startswith("28 % of availability is left. Spending 6 % on this change would leave")


@pytest.mark.parametrize(
    "other", [{"head_tree": "3" * 40}, {"base_tree": "3" * 40}, {"repository": "git.example/fork"}]
)
def test_an_approval_is_for_one_change_alone(program: Program, tmp_path: Path, other: dict):
    from dataclasses import replace

    ask(program)
    approve(program, tmp_path)

    assert ask(program).exit_code == 0
    assert ask(program, diff=replace(DIFF, **other)).exit_code == 3


def test_an_approval_is_void_when_the_document_changes(program: Program, tmp_path: Path):
    ask(program)
    approve(program, tmp_path)
    edited = (tmp_path / "web.yaml").read_text() + "# reviewed\n"
    (tmp_path / "web.yaml").write_text(edited)
    program.objectives.apply(tmp_path / "web.yaml", now=NOW)

    void = ask(program)

    assert (void.exit_code, void.decision.reason_code) == (4, "void")
    assert "is void: the document has changed since it was given" in void.decision.reason
    approve(program, tmp_path, NOW + MINUTE)
    assert ask(program, at=NOW + MINUTE).exit_code == 0


def test_an_approval_is_void_below_the_floor_it_states(program: Program, tmp_path: Path):
    ask(program)
    approve(program, tmp_path, floor="40%")

    assert "fell below its floor of 40 %" in ask(program).decision.reason
    assert ask(program).exit_code == 4


def test_an_approval_expires(program: Program, tmp_path: Path):
    ask(program)
    approve(program, tmp_path, until="30m")

    assert ask(program).as_dict()["expires"] == "2026-07-20T12:30:00Z"
    assert ask(program, at=NOW + 31 * MINUTE).exit_code == 3


def test_a_document_changed_between_asking_and_approving_is_asked_again(
    program: Program, tmp_path: Path
):
    ask(program)
    text = draw(program, "product")
    (tmp_path / "web.yaml").write_text((tmp_path / "web.yaml").read_text() + "# reviewed\n")
    program.objectives.apply(tmp_path / "web.yaml", now=NOW)

    with pytest.raises(Failure, match="has changed since c1 was asked about"):
        give(program, tmp_path, BO, text)


def test_a_no_is_recorded_and_listed_until_it_ships(program: Program, tmp_path: Path):
    ask(program)
    text = draw(program, "product", says=Says.DECLINE, until="3d", reason="after the sale")
    give(program, tmp_path, BO, text)

    declined = ask(program)
    (row,) = program.approvals.status("web", now=NOW)
    (later,) = program.approvals.status("web", now=NOW + timedelta(days=4))

    assert declined.exit_code == 4
    assert "declined it until 2026-07-23 12:00 UTC: after the sale." in declined.decision.reason
    assert (row["state"], later["state"]) == ("declined", "deferred")


@pytest.mark.parametrize(
    ("who", "role", "more", "why"),
    [
        ("chen@shop.example", "product", {}, "is by chen@shop.example"),
        (ANA, "product", {}, "and not by bo@shop.example"),
        (BO, "product", {"namespace": "errorbudget-objective@v1"}, "was made for"),
        (BO, "product", {"sent": "edited"}, "made over other bytes"),
    ],
)
def test_a_signature_that_is_not_this_persons_over_these_bytes_counts_for_nothing(
    program: Program, tmp_path: Path, who: str, role: str, more: dict, why: str
):
    ask(program)
    text = draw(program, role)
    if more.get("sent"):
        more = {"sent": text.replace("worth it", "WORTH IT")}

    with pytest.raises(Untrusted, match=why):
        give(program, tmp_path, who, text, **more)
    assert ask(program).exit_code == 3


def test_an_old_statement_is_not_given_again(program: Program, tmp_path: Path):
    ask(program)
    text = draw(program, "product")
    give(program, tmp_path, BO, text)
    give(program, tmp_path, BO, text, NOW + MINUTE)

    assert [one["kind"] for one in program.audit.log()].count("approval") == 1
    with pytest.raises(Untrusted, match="draw up a new one"):
        give(program, tmp_path, BO, text, NOW + timedelta(hours=1))


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"says":"approve"}', "[" * 5000, "null", '{"says":[]}']
)
def test_what_is_no_statement_is_refused(program: Program, text: str):
    with pytest.raises(Failure, match="the statement is none that this program draws up"):
        program.approvals.give(text, signature=b"", now=NOW)


def test_a_statement_written_otherwise_is_refused(program: Program):
    ask(program)

    with pytest.raises(Failure, match="not written as this program writes it"):
        Statement.read(draw(program, "product").replace('","', '", "'))


def test_neither_who_asks_nor_an_author_may_approve(program: Program, tmp_path: Path):
    from dataclasses import replace

    ask(program, by=(BO.upper(),))
    with pytest.raises(Untrusted, match="asked for this change"):
        give(program, tmp_path, BO, draw(program, "product"))
    ask(program, diff=replace(DIFF, authors=(ANA,)), change="c2")
    with pytest.raises(Untrusted, match="is an author"):
        give(program, tmp_path, ANA, draw(program, "engineering", change="c2"))


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({"role": "owner"}, "may not approve"),
        ({"role": "product", "change": "c9"}, "nobody has asked about c9"),
        ({"role": "product", "until": "25h"}, "longer than the document allows: 24 hours"),
        ({"role": "product", "until": "2020-01-01"}, "is not in the future"),
        ({"role": "product", "until": "soon"}, "neither a span nor a time"),
        ({"role": "product", "spend": "much"}, "--spend"),
        ({"role": "product", "reason": "a\nb"}, "--reason"),
    ],
)
def test_what_cannot_be_said_says_why(program: Program, wanted: dict, why: str):
    ask(program)

    with pytest.raises(Failure, match=why):
        draw(program, wanted.pop("role"), **wanted)


def test_a_person_known_to_the_program_needs_no_key(program: Program):
    ask(program)
    text = draw(program, "product")

    with pytest.raises(Untrusted, match="is none of the product"):
        program.approvals.give(text, signature=None, person="robot", now=NOW)
    told = program.approvals.give(text, signature=None, person=BO, now=NOW)

    assert (told["by"], told["key"]) == (BO, "authenticated")


def test_a_critical_fix_needs_an_incident_by_a_person_and_a_second_one(
    program: Program, tmp_path: Path
):
    word = ask(program, declared=RiskClass.CRITICAL)
    program.incidents.declare("web", "payments fail", by=ANA, now=NOW)
    shown = ask(program, declared=RiskClass.CRITICAL)
    with pytest.raises(Untrusted, match="asked for this change"):
        give(program, tmp_path, ANA, draw(program, "engineering"))
    give(program, tmp_path, BO, draw(program, "product"))
    confirmed = ask(program, declared=RiskClass.CRITICAL)
    (row,) = program.approvals.status("web", now=NOW)

    assert "nothing shows it" in word.decision.reason
    assert (shown.exit_code, shown.decision.reason_code) == (3, "unconfirmed")
    assert "a critical fix (incident 1, declared by ana@shop.example)" in shown.decision.reason
    assert (confirmed.exit_code, row["review"]) == (0, True)
    assert "It is to be reviewed afterwards." in confirmed.decision.reason


def test_an_advisory_shows_that_a_fix_is_critical(program: Program):
    shown = ask(program, declared=RiskClass.CRITICAL, advisory="CVE-2026-12345")

    assert "a critical fix (advisory CVE-2026-12345)" in shown.decision.reason


def test_one_key_is_one_person_whatever_names_it_goes_by(program: Program, tmp_path: Path):
    signers = program.home.path / "allowed_signers"
    allow(signers, (ANA, tmp_path / f"{ANA}-ed25519"), (BO, tmp_path / f"{ANA}-ed25519"))
    ask(program)
    give(program, tmp_path, ANA, draw(program, "engineering"))

    with pytest.raises(Untrusted, match=f"the key that answered as {ANA} already"):
        give(program, tmp_path, ANA, draw(program, "product"))
    assert ask(program).exit_code == 3


def test_a_key_that_is_also_the_askers_may_not_approve(program: Program, tmp_path: Path):
    signers = program.home.path / "allowed_signers"
    allow(
        signers, ("dana@shop.example", tmp_path / f"{BO}-ed25519"), (BO, tmp_path / f"{BO}-ed25519")
    )
    ask(program)

    with pytest.raises(Untrusted, match=r"dana@shop\.example asked for this change"):
        give(program, tmp_path, BO, draw(program, "product"))


def test_who_asked_once_is_an_asker_for_good(program: Program, tmp_path: Path):
    ask(program, by=(BO,))
    ask(program, by=("robot",))
    give(program, tmp_path, ANA, draw(program, "engineering"))
    anew = ask(program, by=("robot",), change="c2")

    assert anew.exit_code == 3
    for name in ("c1", "c2"):
        with pytest.raises(Untrusted, match=f"{BO} asked for this change"):
            give(program, tmp_path, BO, draw(program, "product", change=name))


def test_half_an_approval_still_waits(program: Program, tmp_path: Path):
    ask(program)
    give(program, tmp_path, ANA, draw(program, "engineering"))
    (half,) = program.approvals.status("web", now=NOW)
    give(program, tmp_path, BO, draw(program, "product"))
    (whole,) = program.approvals.status("web", now=NOW)

    assert (half["state"], whole["state"]) == ("waiting", "approved")
