"""The gate while no server answers, and what the server hears of it afterwards.

A machine goes by a copy of the document: one that the signatures of people it knows are over, and
that is no older than the document says. What it decides, it records; the server takes it in later.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any, Final

from errorbudget import clock
from errorbudget.change import Change
from errorbudget.errors import Failure
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.objective.reading import read
from errorbudget.policy.decision import Decision
from errorbudget.policy.risk import classify
from errorbudget.policy.unreachable import decide_unreachable
from errorbudget.program.gate.asking import Question
from errorbudget.program.objectives.signing import verified_bytes
from errorbudget.store.copies import Copies, Copy, Spool
from errorbudget.store.decided import Shipped, Subject
from errorbudget.store.home import Home
from errorbudget.store.signatures import Signers

SKEW: Final = timedelta(minutes=15)
"""How far the clock that a copy was kept by may be ahead."""


@dataclass(frozen=True, slots=True)
class Basis:
    """The document that a machine goes by, or none; and which it is, or why none, in words."""

    document: ObjectiveDocument | None
    digest: str
    words: str


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer given without the server, and the record of it that the server is to hear."""

    answer: dict[str, Any]
    record: dict[str, Any]


class Offline:
    """Decides without a server; nothing of it needs a home."""

    def __init__(self, copies: Copies, spool: Spool, signers: Signers) -> None:
        self._copies = copies
        self._spool = spool
        self._signers = signers

    def check(
        self, question: Question, *, cause: str, now: datetime, dry_run: bool = False
    ) -> "Answered":
        """The answer, as the gate's; `cause` is what kept the server from answering.

        On disk before it is told, like every decision; a permit that cannot be recorded is none.
        """
        basis = self._basis(question.service, now)
        risk = classify(
            question.diff, basis.document.risk if basis.document else None, question.declared
        )
        decision = decide_unreachable(basis.document, risk, basis=basis.words)
        record, kept = _record(question, basis, decision, cause, now), ""
        if not dry_run:
            try:
                kept = str(self._spool.put(record))
            except Failure as failure:
                words = f"what is decided without one cannot be recorded: {failure}"
                decision = decide_unreachable(None, risk, basis=words)
        answer = {
            "service": question.service,
            "change": question.change,
            **decision.as_dict(),
            "entry": None,
            "checkpoint": None,
            "askings": 0,
            "decided": clock.text(now),
            "offline": {"record": kept, "policy": basis.digest, "cause": cause},
        }
        return Answered(answer, record)

    def finished(
        self, record: Mapping[str, Any], exit_code: int, *, started: datetime, now: datetime
    ) -> None:
        """Record what came of the command that such a decision permitted. Raises Failure."""
        outcome = {
            "exit_code": exit_code,
            "started": clock.text(started),
            "finished": clock.text(now),
        }
        self._spool.put({**record, "outcome": outcome})

    def _basis(self, service: str, now: datetime) -> Basis:
        try:
            copy = self._copies.of(service)
            if copy is None:
                return Basis(None, "", f"no copy of a signed document of {service} is kept here")
            return self._verified(service, copy, now)
        except Failure as failure:
            return Basis(None, "", f"the copy kept here cannot be gone by: {failure.lines[0]}")

    def _verified(self, service: str, copy: Copy, now: datetime) -> Basis:
        """Raises Failure for a copy that is not to be gone by."""
        document = read(copy.document, file="copy", kept=True)
        found = verified_bytes(
            copy.document, "copy", copy.signatures, signers=self._signers, now=now
        )
        if service not in document.services:
            raise Failure(f"it is the document of {', '.join(document.services)}")
        if found.state != "binding":
            waits = " and ".join(str(wait) for wait in found.waits)
            raise Failure(next(iter(found.refused), f"it waits for the signature of {waits}"))
        if not document.signoff.required:
            raise Failure("nobody has to sign it, so nothing shows that it is the one in force")
        limit = timedelta(minutes=document.policy.offline_for if document.policy else 0)
        age = now - copy.kept_at
        if document.policy and not -SKEW <= age <= limit:
            raise Failure(f"it was kept at {clock.text(copy.kept_at)}, longer ago than offline_for")
        words = f"the signed copy of {clock.text(copy.kept_at)}"
        return Basis(document, found.digest, words)


def _record(
    question: Question, basis: Basis, decision: Decision, cause: str, now: datetime
) -> dict[str, Any]:
    return {
        "id": token_hex(16),
        "service": question.service,
        "environment": basis.document.environment if basis.document else "",
        "change": question.change,
        "asked_by": list(question.by),
        "at": clock.text(now),
        "policy": basis.digest,
        "cause": cause,
        "diff": question.diff.summary() if question.diff else None,
        "decision": decision.as_dict(),
        "outcome": None,
    }


class OfflineRecords:
    """What a server gives away for such times, and what it hears afterwards."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def copy(self, service: str) -> dict[str, Any]:
        """The document in force for a service, with the signatures over it; None where unsigned.

        Raises Failure for a service without a document.
        """
        home = self._home
        name = home.documents.name_for(service)
        if name is None:
            raise Failure(f"{service}: no objective document names this service")
        version = home.documents.in_force(name)
        signatures = dict[str, str]()
        for one in home.signings.of(version.digest) if version else ():
            signatures[one.role] = signatures.get(one.role, "") + one.body.decode("ascii")
        last = next(home.trail.entries(after=home.trail.size() - 1), None)
        return {
            "service": service,
            "digest": version.digest if version else None,
            "document": version.body.decode() if version else None,
            "signatures": signatures,
            "checkpoint": last.checkpoint if last else "",
        }

    def take(
        self, records: Iterable[Mapping[str, Any]], *, by: str, now: datetime
    ) -> dict[str, int]:
        """Record what was decided without the server, each once, whoever sends it how often.

        The entry says whether the document it went by was ever one of the service's; a deploy that
        succeeded has altered production.
        """
        known, taken, before = self._known(), 0, 0
        for record in records:
            if record["id"] in known.get(bool(record["outcome"]), ()):
                before += 1
                continue
            self._take(record, by, now)
            known.setdefault(bool(record["outcome"]), set()).add(record["id"])
            taken += 1
        return {"taken": taken, "known": before}

    def _take(self, record: Mapping[str, Any], by: str, now: datetime) -> None:
        policy = record["policy"]
        body = {
            **record,
            "told_by": by,
            "policy_known": bool(policy) and self._home.documents.body(policy) is not None,
        }
        entry = self._home.trail.append("offline", body, now)
        outcome = record["outcome"]
        if outcome and outcome["exit_code"] == 0:
            self._ship(record, outcome, entry.seq)

    def _ship(self, record: Mapping[str, Any], outcome: Mapping[str, Any], entry: int) -> None:
        service, change = record["service"], record["change"]
        subject = Subject(service=service, environment=record["environment"], change=change)
        finished = clock.parse(outcome["finished"])
        revision = str((record["diff"] or {}).get("head", ""))
        self._home.decisions.ship(
            Shipped(subject=subject, digest="", revision=revision, entry=entry, at=finished)
        )
        self._home.changes.record(
            Change(
                id=change,
                service=service,
                version=change,
                environment=subject.environment,
                started_at=clock.parse(outcome["started"]),
                finished_at=finished,
            )
        )

    def _known(self) -> dict[bool, set[str]]:
        """The records taken before, by whether they came with an outcome."""
        known: dict[bool, set[str]] = {False: set(), True: set()}
        for entry in self._home.trail.entries():
            if b'"kind":"offline"' in entry.body[:200]:
                body = entry.fields()["body"]
                known[bool(body["outcome"])].add(body["id"])
        # An outcome says all that the record before it did.
        known[False] |= known[True]
        return known
