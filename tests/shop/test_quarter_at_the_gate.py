"""A quarter of the shop at its gate: every band, one approval, an account that adds up, a trail."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from deploy.test_verify_trail import INDEPENDENT, VERIFIERS, Copy, refused
from errorbudget.change import Diff, FileChange
from errorbudget.objective.document import RiskClass
from errorbudget.policy.approval import NAMESPACE, Says
from errorbudget.program.gate.asking import Question
from errorbudget.program.gate.gate import Answer
from errorbudget.program.gate.statements import Wanted
from errorbudget.program.program import Program
from errorbudget.shop import Shop, generate
from errorbudget.shop.plot import Deploy
from errorbudget.store.home import Home
from errorbudget.store.signatures import sign
from store.keys import allow, make

BLOCKED, ONCE_ONLY = "checkout-2.19.0", "the partner's campaign starts tomorrow"
FILES = {
    RiskClass.LOW: FileChange(path="docs/faq.md", added=3, deleted=1),
    RiskClass.NORMAL: FileChange(path="src/cart.py", added=80, deleted=9),
    RiskClass.HIGH: FileChange(path="migrations/0042.sql", added=2, deleted=0),
}


@dataclass
class Quarter:
    """What came of it."""

    program: Program
    shop: Shop
    daily: list[tuple[datetime, Fraction, RiskClass, Answer]]
    """What was left of the worst budget, and the answer to a change of a class."""
    spent: list[Answer]
    """Of the change that was approved: before, when approved, and after it shipped."""
    checkpoints: dict[int, str]
    """By entry, as pipelines keep them."""


def prescribed(left: Fraction) -> set[RiskClass]:
    """What the document of checkout permits, read off its bands by hand."""
    if left > Fraction(1, 2):
        return {RiskClass.LOW, RiskClass.NORMAL, RiskClass.HIGH}
    return {RiskClass.LOW} if left > Fraction(1, 4) else set()


@pytest.fixture(scope="module")
def quarter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quarter]:
    folder: Path = tmp_path_factory.mktemp("quarter")
    shop = generate(folder / "shop", scale=0.2, search_scale=0.1)
    with Program.open(folder / "home", create=True) as program:
        for paths in shop.requests.values():
            for path in paths:
                program.requests.ingest(path)
        for paths in shop.logs.values():
            for path in paths:
                program.requests.ingest(path, logs=True)
        for document in shop.documents.values():
            program.objectives.apply(document, now=shop.start)
        told = Quarter(program, shop, [], [], {})
        for moment, happens in sorted(_calendar(told, folder), key=lambda one: one[0]):
            happens(moment)
        yield told


def _calendar(told: Quarter, folder: Path) -> Iterator[tuple[datetime, Callable[[datetime], None]]]:
    """What happens when: deploys ask, somebody asks for each class, and day 58."""
    for day in range(8, 92, 4):
        yield told.shop.at(day, "09:00"), lambda at: _ask_for_each(told, at)
    yield told.shop.at(58, "09:30"), lambda at: _correct(told, at)
    yield told.shop.at(58, "10:30"), lambda at: _ask_for_each(told, at)
    for deploy in told.shop.changes:
        if deploy.gated and deploy.change.service == "checkout":
            ships = _spend if deploy.change.id == BLOCKED else _ship
            yield (
                deploy.change.started_at,
                lambda at, ships=ships, deploy=deploy: ships(told, deploy, at, folder),
            )


def _kept(told: Quarter, answer: Answer) -> Answer:
    if answer.recorded:
        told.checkpoints[answer.recorded.entry] = answer.recorded.checkpoint
    return answer


def _ask_for_each(told: Quarter, at: datetime) -> None:
    sight = told.program.gate.look("checkout", at)
    shares = [one.budget.remaining for one in sight.standings]
    left = min(share for share in shares if share is not None)
    for risk, file in FILES.items():
        diff = Diff(base="a", head=f"{risk}-{at:%m%d%H}", files=(file,))
        question = Question(service="checkout", change=diff.head, diff=diff, by=("robot",))
        answer = told.program.gate.check(question, at=at, now=at, known=lambda _: sight)
        told.daily.append((at, left, risk, _kept(told, answer)))


def _correct(told: Quarter, at: datetime) -> None:
    for one in told.shop.corrections:
        told.program.requests.correct(
            one["service"], one["request_ids"], one["verdict"], one["reason"], now=at
        )


def _ask(told: Quarter, deploy: Deploy, at: datetime) -> Answer:
    declared = RiskClass.ROLLBACK if deploy.risk is RiskClass.ROLLBACK else None
    change = deploy.change.version if declared else deploy.change.id
    question = Question(
        service="checkout",
        change=change,
        diff=deploy.diff,
        declared=declared,
        by=(deploy.author,),
    )
    return _kept(told, told.program.gate.check(question, at=at, now=at))


def _ship(told: Quarter, deploy: Deploy, at: datetime, _folder: Path) -> None:
    answer = _ask(told, deploy, at)
    assert answer.recorded
    if answer.exit_code == 0:
        finished = deploy.change.finished_at or at
        told.program.gate.record_outcome(answer.recorded.entry, 0, started_at=at, now=finished)


def _spend(told: Quarter, deploy: Deploy, at: datetime, folder: Path) -> None:
    told.spent.append(_ask(told, deploy, at))
    owners = told.program.budgets.document("checkout").owners
    people = {role: owners[role][0] for role in ("product", "engineering")}
    keys = {role: make(folder, person) for role, person in people.items()}
    allow(
        told.program.home.path / "allowed_signers",
        *((people[role], key) for role, key in keys.items()),
    )
    for role, key in keys.items():
        wanted = Wanted(
            says=Says.APPROVE,
            service="checkout",
            change=BLOCKED,
            role=role,
            reason=ONCE_ONLY,
            spend="6%",
        )
        text = told.program.approvals.draw_up(wanted, now=at)["statement"]
        signature = sign(text.encode(), key=key, namespace=NAMESPACE)
        told.program.approvals.give(text, signature=signature, now=at)
    told.spent.append(_ask(told, deploy, at))
    allowed = told.spent[-1].recorded
    assert allowed
    finished = deploy.change.finished_at or at
    told.program.gate.record_outcome(allowed.entry, 0, started_at=at, now=finished)
    told.spent.append(_ask(told, deploy, finished + timedelta(minutes=1)))


def test_every_answer_of_the_quarter_is_what_the_document_prescribes(quarter: Quarter):
    bands = {frozenset(prescribed(left)) for _, left, _, _ in quarter.daily}

    assert len(bands) == 3, "the budget fell through all bands"
    for at, left, risk, answer in quarter.daily:
        code = 0 if risk in prescribed(left) else 3
        assert answer.exit_code == code, (at, float(left), risk, answer.decision.reason)
        assert answer.as_dict()["risk"]["counts_as"] == risk


def test_the_blocked_change_is_approved_once_and_ships(quarter: Quarter):
    assert [one.exit_code for one in quarter.spent] == [3, 0, 3]
    entries = {entry["seq"]: entry for entry in quarter.program.audit.log()}
    approvals = [one for one in entries.values() if one["kind"] == "approval"]
    assert len(approvals) == 2
    assert all(ONCE_ONLY in one["words"] for one in approvals)


def test_the_quarter_reads_as_an_account_that_adds_up(quarter: Quarter):
    end = quarter.shop.at(92)
    expected = quarter.shop.truth["services"]["checkout"]
    accounts = quarter.program.accounts.read("checkout", "2026Q3", at=end)
    told = {one.objective: one.as_dict() for one in accounts}

    account = told["availability"]
    assert (account["valid"], account["bad"]) == (expected["valid"], expected["bad"])
    for one in accounts:
        assert sum(line.bad for line in one.told.lines) == one.told.bad
    shipped = quarter.spent[1].recorded
    assert shipped
    (line,) = (one for one in account["lines"] if one["change"] == BLOCKED)
    assert line["decided_by"] == shipped.entry


@pytest.fixture(scope="module")
def copy(quarter: Quarter, tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """The quarter's trail, and the checkpoints that decisions came with."""
    folder: Path = tmp_path_factory.mktemp("copy")
    (folder / "copy").write_bytes(b"".join(quarter.program.home.trail.export()))
    notes = []
    for entry, text in list(quarter.checkpoints.items())[-4:]:
        notes.append(folder / f"note-{entry:04}")
        notes[-1].write_text(text)
    return Copy(folder / "copy", quarter.program.home.trail.verifier_key, tuple(notes))


def test_both_verifiers_accept_the_trail(quarter: Quarter, copy: Copy):
    size = quarter.program.home.trail.size()

    assert INDEPENDENT.verify(str(copy.file), copy.key, *map(str, copy.notes)) == size
    assert quarter.program.audit.verify()["entries"] == size


def _edit(entries: list[dict]) -> list[dict]:
    held = next(n for n, one in enumerate(entries) if "needs_approval" in str(one["body"]))
    body = entries[held]["body"]
    body = body | {"decision": body["decision"] | {"decision": "allow"}}
    return [*entries[:held], entries[held] | {"body": body}, *entries[held + 1 :]]


TAMPERINGS: dict[str, Callable[[list[dict]], list[dict]]] = {
    "edited": _edit,
    "left out": lambda entries: [*entries[:5], *entries[6:]],
    "another put in": lambda entries: [*entries[:5], entries[5], *entries[5:]],
    "put in another order": lambda entries: [*entries[:5], entries[6], entries[5], *entries[7:]],
    "cut": lambda entries: entries[:-30],
    "begun anew": lambda entries: entries[-1:],
}


@pytest.mark.parametrize("how", TAMPERINGS)
@VERIFIERS
def test_who_holds_the_key_and_tampers_is_found_by_kept_checkpoints(
    quarter: Quarter, copy: Copy, tmp_path: Path, how: str, verifier: Callable[..., int]
):
    entries = [entry.fields() for entry in quarter.program.home.trail.entries()]
    anew = tmp_path / "home"
    anew.mkdir(mode=0o700)
    key = quarter.program.home.path / "trail.key"
    (anew / "trail.key").write_bytes(key.read_bytes())
    with Home.open(anew, create=True) as home, home.database.writing() as connection:
        for one in TAMPERINGS[how](entries):
            at = datetime.fromisoformat(one["at"])
            home.trail.append_with(connection, one["kind"], one["body"], at)
    with Home.open(anew) as home:
        (tmp_path / "copy").write_bytes(b"".join(home.trail.export()))
    tampered = Copy(tmp_path / "copy", copy.key, ())

    assert verifier(tampered) >= 1
    assert refused(verifier, tampered, copy.notes[-1])
