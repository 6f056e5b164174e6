"""Without its server a machine goes by a copy: signed by people it knows, and not too old."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from errorbudget.change import Diff, FileChange
from errorbudget.errors import Failure
from errorbudget.objective.document import RiskClass
from errorbudget.program.gate.asking import Question
from errorbudget.program.gate.offline import Offline
from errorbudget.store.copies import Copies, Copy, Spool
from errorbudget.store.files import read_json
from errorbudget.store.signatures import Signers, sign
from store.keys import NAMESPACE, allow, make

ANA = "ana@shop.example"
NOW = datetime(2026, 7, 20, 12, tzinfo=UTC)
URL = "https://budget.shop.example"
DOCUMENT = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: web
mode: enforce
owners: {engineering: [ana@shop.example]}
signoff: {required: [engineering]}
objectives:
  availability:
    good: status < 500
    target: 99.9%
    window: {rolling: 28d}
policy:
  bands:
    - {above: -inf, allow: [rollback]}
  on_unreachable: low_only
  offline_for: 2d
"""
RISK = "risk:\n  rules:\n    - {id: words, class: low, paths: ['docs/**']}\n"


class Machine:
    """A folder for what is kept, and the keys that are known here."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = make(folder, ANA)
        self.signers = Signers(allow(folder / "allowed_signers", (ANA, self.key)))
        self.copies, self.spool = Copies(folder / "cache", URL), Spool(folder / "cache")

    def keep(self, text: str = DOCUMENT, at: datetime = NOW, signed: str = "") -> None:
        made = sign((signed or text).encode(), key=self.key, namespace=NAMESPACE)
        signatures = {"engineering": made}
        self.copies.keep(
            "web",
            Copy(document=text.encode(), signatures=signatures, checkpoint="", kept_at=at),
        )

    def ask(
        self, risk: RiskClass | None = RiskClass.LOW, service: str = "web", **more
    ) -> dict[str, object]:
        question = Question(service=service, change="v2", declared=risk, **more)
        offline = Offline(self.copies, self.spool, self.signers)
        return offline.check(question, cause="refused", now=NOW).answer


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize(
    ("says", "permitted"),
    [
        ("block", []),
        ("low_only", [RiskClass.ROLLBACK, RiskClass.LOW]),
        ("allow", [*RiskClass]),
    ],
)
def test_the_document_says_what_ships_without_a_server(
    machine: Machine, says: str, permitted: list[RiskClass]
):
    machine.keep(DOCUMENT.replace("low_only", says))
    answers = {risk: machine.ask(risk) for risk in RiskClass}
    assert [risk for risk, told in answers.items() if told["decision"] == "allow"] == permitted
    assert answers[RiskClass.HIGH]["permits_now"] == permitted
    assert f"says on_unreachable: {says}" in str(answers[RiskClass.LOW]["reason"])


def test_a_document_that_only_advises_holds_up_nothing(machine: Machine):
    machine.keep(DOCUMENT.replace("mode: enforce", "mode: advise").replace("low_only", "block"))
    assert machine.ask(RiskClass.HIGH)["decision"] == "allow"


def test_the_files_tell_the_risk_and_not_the_caller(machine: Machine):
    machine.keep(DOCUMENT + RISK)
    diff = Diff(base="a", head="b", files=(FileChange(path="docs/faq.md", added=3, deleted=1),))
    words = machine.ask(None, diff=diff)
    code = machine.ask(
        diff=Diff(base="a", head="b", files=(FileChange(path="pay.py", added=3, deleted=1),))
    )
    back = machine.ask(RiskClass.ROLLBACK)

    assert (words["decision"], code["decision"]) == ("allow", "needs_approval")
    assert back["decision"] == "needs_approval"
    assert "nothing shows it" in str(back["reason"])


def test_what_is_not_kept_permits_nothing(machine: Machine):
    told = machine.ask()
    assert (told["decision"], told["permits_now"]) == ("needs_approval", [])
    assert "no copy of a signed document of web is kept here" in str(told["reason"])


def test_what_nobody_has_to_sign_is_not_gone_by(machine: Machine):
    machine.keep(DOCUMENT.replace("signoff: {required: [engineering]}\n", ""))
    assert "nobody has to sign it" in str(machine.ask()["reason"])


def test_an_edited_copy_is_not_gone_by(machine: Machine):
    machine.keep(DOCUMENT.replace("low_only", "allow"), signed=DOCUMENT)
    told = machine.ask()
    assert told["decision"] == "needs_approval"
    assert "was made over other bytes than these" in str(told["reason"])


def test_keys_that_this_machine_does_not_know_sign_for_nobody(machine: Machine):
    machine.keep()
    machine.signers = Signers(allow(machine.folder / "others", (ANA, make(machine.folder, "eve"))))
    assert "gives to nobody" in str(machine.ask()["reason"])


def test_a_copy_of_another_services_document_is_not_gone_by(machine: Machine):
    machine.keep(DOCUMENT.replace("service: web", "service: search"))
    assert "it is the document of search" in str(machine.ask()["reason"])


@pytest.mark.parametrize(
    ("age", "decision"),
    [
        (timedelta(days=2), "allow"),
        (timedelta(days=2, seconds=1), "needs_approval"),
        (timedelta(minutes=-15), "allow"),
        (timedelta(minutes=-16), "needs_approval"),
    ],
)
def test_a_copy_grows_old_and_is_not_of_tomorrow(machine: Machine, age: timedelta, decision: str):
    machine.keep(at=NOW - age)
    assert machine.ask()["decision"] == decision


def test_a_damaged_copy_is_not_gone_by(machine: Machine):
    machine.keep()
    (file,) = (machine.folder / "cache" / "copies").rglob("*.json")
    for text in ("", "[]", "{}", '{"document":1,"signatures":[],"checkpoint":"","kept":""}'):
        file.write_text(text)
        assert machine.ask()["decision"] == "needs_approval"


def test_no_record_no_permit(machine: Machine):
    machine.keep()
    (machine.folder / "cache" / "offline").write_text("in the way")
    told = machine.ask()
    assert told["decision"] == "needs_approval"
    assert "cannot be recorded" in str(told["reason"])


def test_every_decision_leaves_a_record_unless_it_is_dry(machine: Machine):
    machine.keep()
    machine.ask()
    machine.ask(RiskClass.HIGH)
    question = Question(service="web", change="v2", declared=RiskClass.LOW)
    offline = Offline(machine.copies, machine.spool, machine.signers)
    offline.check(question, cause="refused", now=NOW, dry_run=True)

    told = [read_json(file)["decision"]["decision"] for file in machine.spool.files()]

    assert sorted(told) == ["allow", "needs_approval"]


def test_a_record_that_is_none_names_its_file(tmp_path: Path):
    (tmp_path / "1.json").write_text("[1]")
    with pytest.raises(Failure, match=r"1\.json: is not a JSON object"):
        read_json(tmp_path / "1.json")
