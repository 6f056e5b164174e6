"""The Program: an open home, and every capability on it."""

import os
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from errorbudget.program.budgets.budgets import Budgets
from errorbudget.program.budgets.failures import FailedRequests
from errorbudget.program.budgets.rollups import Rollups
from errorbudget.program.burning.burns import Burns
from errorbudget.program.changes import Changes
from errorbudget.program.gate.approvals import Approvals
from errorbudget.program.gate.gate import Gate
from errorbudget.program.gate.offline import OfflineRecords
from errorbudget.program.incidents import Incidents
from errorbudget.program.intake.requests import Requests
from errorbudget.program.intake.retention import Retention
from errorbudget.program.objectives.history import History
from errorbudget.program.objectives.objectives import Objectives
from errorbudget.program.trail.accounts import Accounts
from errorbudget.program.trail.audit import AuditTrail
from errorbudget.program.trail.reconciling import Reconciling
from errorbudget.program.watching.watching import Looked, Route, Watch, nobody, unheard
from errorbudget.source.duckdb.warehouse import Warehouse
from errorbudget.source.sources import Sources
from errorbudget.store.home import Home

if TYPE_CHECKING:
    from errorbudget.program.configuration import Configuration
    from errorbudget.program.explaining.explaining import Explaining
    from errorbudget.program.explaining.explanation import Explanation
    from errorbudget.program.explaining.handoffs import Handoffs
    from errorbudget.program.moving import Moving
    from errorbudget.program.postmortems.drafting import Drafting
    from errorbudget.program.postmortems.postmortems import Postmortems
    from errorbudget.program.proposing.backtests import Backtests
    from errorbudget.program.proposing.differing import Differing
    from errorbudget.program.proposing.proposals import Proposals
    from errorbudget.program.reviewing.cadences import Cadences
    from errorbudget.program.reviewing.reviews import Reviews
    from errorbudget.program.watching.contexts import Contexts


def store_address() -> str:
    """Where the records are, as ERRORBUDGET_STORE says; empty: in the home."""
    return os.environ.get("ERRORBUDGET_STORE", "")


class Program:
    """What command line, web and assistants share; held by one process until it is closed."""

    def __init__(self, home: Home, configuration: "Configuration | None" = None) -> None:
        self.home = home
        self._configuration = configuration

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        create: bool = False,
        wait: float = 10.0,
        configuration: "Configuration | None" = None,
        replica: bool = False,
    ) -> Self:
        """The program on the home at `path`; only with `create` may the home come to be.

        Without a configuration the one that ERRORBUDGET_CONFIG names holds. The records are in the
        database that ERRORBUDGET_STORE names, as a `replica` beside others, or in the home.

        Raises Failure where there is no home, HomeBusy where another process holds it for longer
        than `wait` seconds.
        """
        home = Home.open(path, create=create, wait=wait, store=store_address(), replica=replica)
        return cls(home, configuration)

    @cached_property
    def configuration(self) -> "Configuration":
        """What the program was opened with, or what ERRORBUDGET_CONFIG names. Raises Failure."""
        from errorbudget.program.configuration import from_environment

        return self._configuration or from_environment()

    @cached_property
    def warehouse(self) -> Warehouse:
        """The embedded source of requests, opened when first asked."""
        if self._configuration is None:
            return Warehouse.open(self.home.warehouse)
        return Warehouse.open(self.home.warehouse, memory=self._configuration.memory)

    @cached_property
    def source(self) -> Sources:
        """Every source of requests, asked as one."""
        from errorbudget.program.asked import open_sources

        beside = open_sources(self.configuration.sources, self.warehouse, Path.cwd())
        return Sources(self.warehouse, beside)

    @cached_property
    def requests(self) -> Requests:
        """Requests, logs and corrections in."""
        from errorbudget.program.intake import redacting

        redaction = redacting.of_environment(self.home)
        return Requests(self.home, self.warehouse, self.objectives, redaction)

    @cached_property
    def retention(self) -> Retention:
        """What is kept, and for how long."""
        return Retention(self.home, self.warehouse, self.objectives)

    @cached_property
    def objectives(self) -> Objectives:
        """Objective documents in force."""
        return Objectives(self.home, lambda: self.configuration.embedded)

    @cached_property
    def history(self) -> History:
        """Their versions, and what each judged."""
        return History(self.home)

    @cached_property
    def differing(self) -> "Differing":
        """What a change to a document means."""
        from errorbudget.program.proposing.differing import Differing

        return Differing(self.home, self.source)

    @cached_property
    def proposals(self) -> "Proposals":
        """What services could promise."""
        from errorbudget.program.proposing.proposals import Proposals

        return Proposals(self.warehouse, self.objectives)

    @cached_property
    def backtests(self) -> "Backtests":
        """What documents would have done."""
        from errorbudget.program.proposing.backtests import Backtests
        from errorbudget.source.duckdb.profiling import Profiler

        return Backtests(self.home, self.source, Profiler(self.warehouse.connection))

    @cached_property
    def budgets(self) -> Budgets:
        """What is left, by objective."""
        return Budgets(self.home, self.source, self.objectives)

    @cached_property
    def rollups(self) -> Rollups:
        """Budgets by service, by team, by any label."""
        return Rollups(self.home, self.source, self.objectives, self.budgets)

    @cached_property
    def failures(self) -> FailedRequests:
        """The bad requests behind the numbers."""
        return FailedRequests(self.source, self.budgets)

    @cached_property
    def burns(self) -> Burns:
        """How fast it goes, and what the alerts say."""
        return Burns(self.objectives, self.budgets)

    @cached_property
    def explaining(self) -> "Explaining":
        """What broke."""
        from errorbudget.program.explaining.explaining import Explaining

        return Explaining(self.source, self.budgets, self.home.changes)

    @cached_property
    def handoffs(self) -> "Handoffs":
        """What log tools need to go on from there."""
        from errorbudget.program.explaining.handoffs import Handoffs

        return Handoffs(self.source, self.explaining)

    def watch(
        self,
        *,
        route: Route = nobody,
        wake: Callable[[], None] = lambda: None,
        contexts: "Contexts | None" = None,
        looked: Looked = unheard,
    ) -> Watch:
        """What keeps looking and tells; for a thread of its own."""
        return Watch(
            self.home,
            self.source.another(),
            self.objectives,
            route=route,
            wake=wake,
            contexts=contexts,
            looked=looked,
        )

    def moving(self) -> "Moving":
        """What takes the whole state along, beside all that goes on."""
        from errorbudget.program.moving import Moving

        return Moving(self.home, self.warehouse.another())

    def drafting(self) -> "Drafting":
        """What drafts postmortems of what a watch sees burn, on sources of its own."""
        from errorbudget.program.postmortems.drafting import Drafting
        from errorbudget.program.postmortems.postmortems import Postmortems

        source = self.source.another()
        return Drafting(Postmortems(self.home, source, self.objectives), source)

    def contexts(self, *, patience: float | None = None) -> "Contexts":
        """What finds out about burns that a watch tells of, on sources of its own.

        `patience`: seconds that a message waits for what is found; None: the usual ones.
        """
        from errorbudget.program.explaining.explaining import Explaining
        from errorbudget.program.watching.contexts import PATIENCE, Contexts

        source = self.source.another()
        budgets = Budgets(self.home, source, self.objectives)
        explaining = Explaining(source, budgets, self.home.changes)

        def explain(service: str, objective: str, at: datetime) -> "Explanation":
            with source.snapshot():
                return explaining.explain(service, objective, at=at)

        return Contexts(explain, patience=PATIENCE if patience is None else patience)

    @cached_property
    def approvals(self) -> Approvals:
        """Who spends budget on which change."""
        return Approvals(self.home, self.objectives, self.budgets)

    @cached_property
    def incidents(self) -> Incidents:
        """What hurts users, who sees to it, and what happened meanwhile."""
        return Incidents(self.home, self.budgets)

    @cached_property
    def postmortems(self) -> "Postmortems":
        """What was learned of incidents."""
        from errorbudget.program.postmortems.postmortems import Postmortems

        return Postmortems(self.home, self.source, self.objectives)

    @cached_property
    def gate(self) -> Gate:
        """Whether a change may ship."""
        return Gate(self.home, self.source, self.objectives, self.budgets)

    @cached_property
    def changes(self) -> Changes:
        """What altered production."""
        return Changes(self.home)

    @cached_property
    def audit(self) -> AuditTrail:
        """What was decided."""
        return AuditTrail(self.home)

    @cached_property
    def reconciling(self) -> Reconciling:
        """What shipped past the gate."""
        return Reconciling(self.home, self.source, self.objectives)

    @cached_property
    def offline(self) -> OfflineRecords:
        """What was decided while the server did not answer."""
        return OfflineRecords(self.home)

    @cached_property
    def accounts(self) -> Accounts:
        """Where the budget went, looking back."""
        return Accounts(self.home, self.budgets)

    @cached_property
    def cadences(self) -> "Cadences":
        """Other ways to keep accounts, tried on what there was."""
        from errorbudget.program.reviewing.cadences import Cadences

        return Cadences(self.home, self.source, self.budgets)

    @cached_property
    def reviews(self) -> "Reviews":
        """Quarters looked back at."""
        from errorbudget.program.reviewing.reviews import Reviews

        return Reviews(self.home, self.source, self.objectives, self.budgets, self.explaining)

    def close(self) -> None:
        """Let the next process in."""
        if "warehouse" in self.__dict__:
            self.warehouse.close()
        self.home.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
