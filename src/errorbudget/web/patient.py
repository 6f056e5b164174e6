"""Questions that take their time, one after the other, on sources of their own."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.ledger.window import Span
from errorbudget.notify.message import Message
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.objective.proposal.caps import Caps
from errorbudget.program.budgets.budgets import Budgets
from errorbudget.program.budgets.left_out import Uncounted, uncounted
from errorbudget.program.configuration import Configuration
from errorbudget.program.courses import Course, Courses
from errorbudget.program.explaining.explaining import Explaining
from errorbudget.program.intake.retention import Retention
from errorbudget.program.postmortems.postmortems import Postmortems
from errorbudget.program.program import Program
from errorbudget.program.proposing.backtests import Backtests
from errorbudget.program.proposing.differing import Differing
from errorbudget.program.proposing.proposals import Proposals
from errorbudget.program.reviewing.cadences import Cadences
from errorbudget.program.reviewing.closings import Closings
from errorbudget.program.reviewing.reviews import Reviews
from errorbudget.program.trail.accounts import Accounts
from errorbudget.program.trail.reconciling import Reconciling
from errorbudget.program.watching.watching import Route
from errorbudget.source.duckdb.profiling import Profiler
from errorbudget.source.sources import Sources
from errorbudget.web.turn import Turn

FRESH: Final = 10
"""How many minutes old what was found of many requests may be when it is told again."""
MANY: Final = 10_000


class Patient:
    """Nobody who asks for a budget or a decision waits for these."""

    def __init__(self, program: Program, configuration: Configuration) -> None:
        self._program = program
        self._configuration = configuration
        self._turn = Turn(program.source.another())
        self._uncounted: dict[str, tuple[ObjectiveDocument, Uncounted]] = {}

    def unpromised(self) -> list[dict[str, Any]]:
        """The services that have traffic and no objective."""
        with self._turn.held() as source:
            return Proposals(source.warehouse, self._program.objectives).unpromised()

    def propose(self, services: list[str], caps: Caps) -> dict[str, Any]:
        """A proposal for a service, or a pool of them. Raises Failure."""
        with self._turn.held() as source:
            proposals = Proposals(source.warehouse, self._program.objectives)
            return proposals.read(services, caps).as_dict()

    def backtest(self, body: bytes, name: str, incidents: list[Any] | None) -> dict[str, Any]:
        """What a document would have done. Raises Failure."""
        with self._turn.held() as source:
            profiler = Profiler(source.warehouse.connection)
            backtests = Backtests(self._program.home, source, profiler)
            return backtests.retell(body, name, incidents=incidents)

    def differences(self, new: bytes, name: str, old: bytes | None, digest: str) -> list[str]:
        """What a change to a document means. Raises DocumentInvalid, Failure."""
        with self._turn.held() as source:
            differing = Differing(self._program.home, source)
            return differing.between(new, name, old=old, digest=digest)

    def accounts(
        self, service: str, quarter: str | None, at: datetime | None
    ) -> list[dict[str, Any]]:
        """Where a quarter's budget went, by objective. Raises Failure."""
        with self._turn.steady() as source:
            budgets = Budgets(self._program.home, source, self._program.objectives)
            read = Accounts(self._program.home, budgets).read(
                service, quarter, at=at or clock.now()
            )
        return [account.as_dict() for account in read]

    def review(
        self, service: str | None, quarter: str | None, at: datetime | None
    ) -> dict[str, Any]:
        """A quarter looked back at. Raises Failure."""
        with self._turn.steady() as source:
            return self._reviews(source).read(service, quarter, at=at or clock.now())

    def next_versions(
        self, service: str | None, quarter: str | None, at: datetime | None
    ) -> dict[str, bytes]:
        """What a review would have signed next, by document. Raises Failure."""
        with self._turn.steady() as source:
            return self._reviews(source).next_versions(service, quarter, at=at or clock.now())

    def review_as_told(self, service: str | None, quarter: str | None) -> dict[str, Any]:
        """A quarter as it was told when it had closed. Raises Failure."""
        with self._turn.held() as source:
            return self._reviews(source).as_told(service, quarter)

    def review_what_closed(
        self, now: datetime, *, route: Route, wake: Callable[[], None]
    ) -> list[Message]:
        """Review the quarters that have closed, once each; what was told."""
        program = self._program
        with self._turn.steady() as source:
            reviews = self._reviews(source)
            closings = Closings(program.home, program.objectives, reviews, route=route, wake=wake)
            return closings.review_what_closed(now)

    def cadences(self, service: str, at: datetime | None) -> dict[str, Any]:
        """What another cadence would have meant for a service. Raises Failure."""
        with self._turn.steady() as source:
            budgets = Budgets(self._program.home, source, self._program.objectives)
            cadences = Cadences(self._program.home, source, budgets)
            return cadences.simulate(service, at=at or clock.now())

    @contextmanager
    def postmortems(self) -> Generator[Postmortems]:
        """Postmortems, and what a time cost, for as long as the block lasts."""
        with self._turn.steady() as source:
            yield Postmortems(self._program.home, source, self._program.objectives)

    def courses(self, service: str, at: datetime | None) -> list[Course]:
        """What happened to each budget of a service over its window. Raises Failure."""
        with self._turn.steady() as source:
            budgets = Budgets(self._program.home, source, self._program.objectives)
            return Courses(self._program.home, budgets).read(service, at=at or clock.now())

    def uncounted(self, document: ObjectiveDocument, span: Span) -> Uncounted:
        """What a document leaves out of a span's requests, or those of just before. Raises Failure.

        What was found of many requests is told for a while: each of them is looked at for it.
        """
        known = self._uncounted.get(document.name)
        if known and known[0] == document and 0 <= span.end - known[1].span.end < FRESH:
            return known[1]
        with self._turn.steady() as source:
            found = uncounted(source, document, span)
        if any(one.came > MANY for one in (found.scope, *found.valid.values()) if one):
            self._uncounted[document.name] = document, found
        return found

    def reconcile(self, now: datetime, since: datetime | None = None) -> dict[str, Any]:
        """Record what shipped past the gate."""
        with self._turn.held() as source:
            return Reconciling(self._program.home, source, self._program.objectives).reconcile(
                now=now, since=since
            )

    def prune(
        self, *, requests: timedelta | None = None, logs: timedelta | None = None
    ) -> dict[str, Any]:
        """Drop what is older than is asked, or configured. Raises Failure."""
        retain, late = self._configuration.retain, self._configuration.receive.late
        if requests and requests < late:
            raise Failure(
                "requests: senders may be later than that (receive.late), and would not be counted"
            )
        with self._turn.held() as source:
            return Retention(self._program.home, source.warehouse, self._program.objectives).prune(
                requests=requests or retain.requests, logs=logs or retain.logs, now=clock.now()
            )

    def _reviews(self, source: Sources) -> Reviews:
        program = self._program
        budgets = Budgets(program.home, source, program.objectives)
        explaining = Explaining(source, budgets, program.home.changes)
        return Reviews(program.home, source, program.objectives, budgets, explaining)
