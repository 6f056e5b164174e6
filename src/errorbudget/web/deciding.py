"""How does a server decide? By budgets in memory, and by the warehouse only where it must."""

from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from functools import partial
from typing import Any, Final

from errorbudget import clock
from errorbudget.objective.document import RISING, ObjectiveDocument, RiskClass
from errorbudget.program.budgets.budgets import Budgets
from errorbudget.program.gate.approvals import Approvals
from errorbudget.program.gate.asking import Question
from errorbudget.program.gate.evidence import of_template
from errorbudget.program.gate.gate import Gate
from errorbudget.program.gate.question import Answer
from errorbudget.program.gate.recording import Recording
from errorbudget.program.gate.sight import Sight
from errorbudget.program.gate.statements import Wanted
from errorbudget.program.program import Program
from errorbudget.program.watching.vigil import Snapshot
from errorbudget.web.current import Current, known
from errorbudget.web.turn import Turn


class Deciding:
    """The gate beside a watch."""

    def __init__(self, program: Program, turn: Turn, budgets: Budgets, current: Current) -> None:
        objectives, source = program.objectives, turn.source
        self._home = program.home
        self._gate = Gate(program.home, source, objectives, budgets)
        self._approvals = Approvals(program.home, objectives, budgets)
        self._budgets = budgets
        self._current = current
        self._turn = turn
        self._sights = _Sights()

    def document(self, service: str) -> ObjectiveDocument:
        """The document that counts for a service. Raises Failure."""
        return self._budgets.document(service)

    def check(self, question: Question, *, at: datetime | None, dry_run: bool) -> Answer:
        """Decide on a change; in the trail before it is told. Raises Failure."""
        self._current.settled()
        now, seen = clock.now(), None if at else self._current.snapshot
        with self._unless_in_memory(question, seen):
            return self._gate.check(
                question,
                at=at or (seen.at if seen else now),
                now=now,
                known=partial(self._sights.of, seen) if seen else None,
                dry_run=dry_run,
            )

    def from_memory(self, question: Question) -> Recording | None:
        """The decision that is to be recorded, where nothing has to be waited for to make it.

        Raises Failure.
        """
        seen, now = self._current.snapshot, clock.now()
        if not (seen and _is_light(question) and self._current.is_settled):
            return None
        if not self._sights.of(seen, self.document(question.service)):
            return None
        known = partial(self._sights.of, seen)
        return self._gate.recording(question, at=seen.at, now=now, known=known)

    def ran_before(self, service: str, template: str) -> str:
        """What shows that pods of this template served before; else empty. Raises Failure."""
        where = service, self.document(service).environment
        with self._turn.held() as source:
            return of_template(self._home, source, *where, template)

    def draw_up(self, wanted: Wanted) -> dict[str, Any]:
        """A statement to be signed, with what it would lead to. Raises Failure."""
        with self._turn.steady():
            return self._approvals.draw_up(wanted, now=clock.now())

    def waiting(self, service: str | None) -> list[dict[str, Any]]:
        """What waits for an answer. Raises Failure."""
        with self._turn.steady():
            return self._approvals.status(service, now=clock.now())

    def _unless_in_memory(
        self, question: Question, seen: Snapshot | None
    ) -> AbstractContextManager[object]:
        """The warehouse, for one reader at a time, where a decision needs it."""
        needs = question.named or question.declared is RiskClass.ROLLBACK
        if seen and not needs and self._sights.of(seen, self.document(question.service)):
            return nullcontext()
        return self._turn.held()


_PLAIN: Final = frozenset((None, *RISING))


def _is_light(question: Question) -> bool:
    """Whether a question needs neither evidence nor what was told or deployed before."""
    is_against_deployed = question.diff is not None and bool(question.diff.deployed)
    return question.declared in _PLAIN and not question.named and not is_against_deployed


class _Sights:
    """What the gate sees of each document in the newest snapshot: many ask between two."""

    def __init__(self) -> None:
        self._found: tuple[Snapshot | None, dict[int, tuple[ObjectiveDocument, Sight | None]]]
        self._found = None, {}

    def of(self, snapshot: Snapshot, document: ObjectiveDocument) -> Sight | None:
        """What is seen of exactly this document; None where it is not evaluated."""
        found = self._found
        if found[0] is not snapshot:
            found = self._found = snapshot, {}
        held = found[1].get(id(document))
        if held is None:
            # Held with the document, so that no other one can get its identity meanwhile.
            held = found[1][id(document)] = document, known(snapshot, document)
        return held[1]
