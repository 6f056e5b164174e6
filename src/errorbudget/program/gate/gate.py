"""The gate: a decision is in the audit trail before anybody hears it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from typing import Any

from errorbudget.objective.document import ObjectiveDocument, RiskClass
from errorbudget.policy.approval import Backing, backing, change_digest
from errorbudget.policy.decision import Decision, decide
from errorbudget.policy.permission import Return, is_unknown, place
from errorbudget.policy.risk import RiskFinding, classify
from errorbudget.program.budgets.book import Standing
from errorbudget.program.budgets.budgets import Budgets
from errorbudget.program.gate import evidence
from errorbudget.program.gate.asking import Question
from errorbudget.program.gate.deployed import Deployed, deployed
from errorbudget.program.gate.named import going_back, recalled
from errorbudget.program.gate.outcomes import Outcomes
from errorbudget.program.gate.question import Answer, Weighed
from errorbudget.program.gate.recording import Recording
from errorbudget.program.gate.sight import Sight, look
from errorbudget.program.objectives.objectives import Counting, Objectives
from errorbudget.source import Source
from errorbudget.store.home import Home

Known = Callable[[ObjectiveDocument], Sight | None]
"""What is seen of a document where it was evaluated already."""


class Gate:
    """Between the deploy command and the deploy."""

    def __init__(
        self, home: Home, source: Source, objectives: Objectives, budgets: Budgets
    ) -> None:
        self._home = home
        self._source = source
        self._objectives = objectives
        self._budgets = budgets
        self._outcomes = Outcomes(home)

    def deployed(self, service: str, at: datetime) -> Deployed | None:
        """What a service runs, as far as is known. Raises Failure for an unknown service."""
        return deployed(self._home, service, self._budgets.document(service).environment, at)

    def look(self, service: str, at: datetime) -> Sight:
        """What is to be seen of a service's budgets at a moment. Raises Failure."""
        return look(self._budgets, self._budgets.document(service), at)

    def check(
        self,
        question: Question,
        *,
        at: datetime,
        now: datetime,
        known: Known | None = None,
        dry_run: bool = False,
    ) -> Answer:
        """Decide on a change with the budgets as of `at`. Raises Failure for an unknown service.

        Asked again while nothing that counts has changed, the first entry stands, and the numbers
        told are those of now. `now` is when it is asked: approvals, incidents and how long an allow
        stands go by that.
        """
        if dry_run:
            return self._weigh(question, at, now, known).answer(None)
        recording = self.recording(question, at=at, now=now, known=known)
        self._home.trail.grant(recording)
        return recording.answer

    def recording(
        self, question: Question, *, at: datetime, now: datetime, known: Known | None = None
    ) -> Recording:
        """The same, to be granted by the trail before anybody hears it. Raises Failure."""
        weighed = self._weigh(question, at, now, known)
        return Recording(weighed, self._home.decisions, now)

    def _weigh(
        self, question: Question, at: datetime, now: datetime, known: Known | None
    ) -> Weighed:
        counting = self._budgets.counting(question.service)
        document, policy = counting.document, counting.digest
        sight = (known(document) if known else None) or look(self._budgets, document, at)
        question = self._with_base(question, document, at)
        question = going_back(self._source, question, document.environment, at)
        moments = at, now
        if before := recalled(self._home, question, document, at):
            question = replace(question, by=tuple(dict.fromkeys((*before.by, *question.by))))
            digest, risk = before.digest, before.risk
        else:
            digest = change_digest(
                question.service, document.environment, question.change, question.diff
            )
            risk = self._risk(document, question, *moments)
        decision = self._decide(
            counting,
            sight,
            risk,
            self._backed(sight, digest, policy, now),
            *moments,
        )
        return Weighed(
            document=document,
            question=question,
            policy=policy,
            digest=digest,
            decision=decision,
            standings=tuple(sight.standings),
            as_of=at,
            recalled=before.diff if before else None,
        )

    def _decide(
        self,
        counting: Counting,
        sight: Sight,
        risk: RiskFinding,
        backed: Backing,
        at: datetime,
        now: datetime,
    ) -> Decision:
        document, places = counting.document, self._places(counting, at)
        budgets = {one.objective: one.budget for one in sight.standings}

        def decided(returns: Mapping[str, tuple[Return, ...]]) -> Decision:
            return decide(
                document,
                budgets,
                risk,
                bound=counting.is_bound,
                now=at,
                beside=sight.beside(places, returns),
                backed=backed,
                told_at=now,
            )

        decision = decided({})
        self._remember(counting, decision, at)
        return decision if len(decision.permits_now) == len(RiskClass) else decided(sight.returns())

    def _risk(
        self, document: ObjectiveDocument, question: Question, at: datetime, now: datetime
    ) -> RiskFinding:
        proven: dict[RiskClass, str] = {}
        where = question.service, document.environment
        if question.declared is RiskClass.ROLLBACK:
            seen = {RiskClass.ROLLBACK: question.shown} if question.shown else None
            proven = seen or evidence.of_rollback(self._source, *where, question.change, at)
        elif question.declared is RiskClass.CRITICAL:
            proven = evidence.of_critical(self._home, *where, question.advisory, now)
        return classify(question.diff, document.risk, question.declared, proven=proven)

    def _with_base(self, question: Question, document: ObjectiveDocument, at: datetime) -> Question:
        """The same; a base that is not what is deployed is only the caller's word."""
        diff = question.diff
        if diff is None or not diff.deployed:
            return question
        runs = deployed(self._home, question.service, document.environment, at)
        if runs and runs.version == diff.deployed and runs.revision in ("", diff.base):
            return question
        return replace(question, diff=replace(diff, deployed=""))

    def _backed(self, sight: Sight, digest: str, policy: str, now: datetime) -> Backing:
        decisions = self._home.decisions
        if not (answers := decisions.answers(digest)):
            return Backing()
        return backing(
            answers,
            digest=digest,
            policy=policy,
            remaining=least(sight.standings),
            now=now,
            shipped_at=decisions.shipped_at(digest),
        )

    def _places(self, counting: Counting, at: datetime) -> dict[str, int]:
        """The bands that count for hysteresis; without any, nothing has to be remembered."""
        policy = counting.document.policy
        if policy is None or not policy.hysteresis:
            return {}
        return self._home.decisions.places(counting.digest, at)

    def _remember(self, counting: Counting, decision: Decision, at: datetime) -> None:
        policy = counting.document.policy
        if policy is None or not policy.hysteresis:
            return
        known = [budget for budget in decision.budgets if not is_unknown(budget)]
        places = {budget.objective: place(policy, budget) for budget in known}
        self._home.decisions.reach(counting.digest, places, at)

    def record_outcome(
        self, entry: int, exit_code: int, *, started_at: datetime, now: datetime
    ) -> dict[str, Any]:
        """What came of the command that a decision permitted. Raises Failure for no decision."""
        return self._outcomes.record(entry, exit_code, started_at=started_at, now=now)

    def asked_for(self, entry: int) -> tuple[str, str]:
        """The service and the change that a decision was about. Raises Failure."""
        return self._outcomes.asked_for(entry)


def least(standings: Sequence[Standing]) -> Fraction | None:
    """The least that any objective has left; None while one of them is unknown."""
    left = [None if one.budget.state == "unknown" else one.budget.remaining for one in standings]
    known = [share for share in left if share is not None]
    return min(known) if known and len(known) == len(left) else None
