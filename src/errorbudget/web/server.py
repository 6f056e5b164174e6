"""What runs while the server does, and in which order does it start and stop?"""

import secrets
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from errorbudget import clock
from errorbudget.burn.handoff import Handoff
from errorbudget.ingest.otlp import Door
from errorbudget.ingest.report import Report
from errorbudget.ingest.stream import Stream
from errorbudget.ledger.window import Span
from errorbudget.notify.delivery import Delivery
from errorbudget.notify.heartbeat import Heartbeat
from errorbudget.notify.targets import open_targets, reveal
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.program.budgets.book import Standing
from errorbudget.program.budgets.budgets import Budgets
from errorbudget.program.budgets.failures import FailedRequests, Failures
from errorbudget.program.budgets.rollups import Grouped, Rollups
from errorbudget.program.burning.burns import Burns, BurnStanding
from errorbudget.program.configuration import Configuration, is_loopback, split
from errorbudget.program.explaining.explaining import Explaining
from errorbudget.program.explaining.explanation import Explanation
from errorbudget.program.explaining.handoffs import Handoffs
from errorbudget.program.gate.approvals import Approvals
from errorbudget.program.gate.asking import Question
from errorbudget.program.gate.evidence import of_template
from errorbudget.program.gate.gate import Gate
from errorbudget.program.gate.statements import Wanted
from errorbudget.program.intake import redacting
from errorbudget.program.intake.requests import Requests
from errorbudget.program.postmortems.drafting import Drafting
from errorbudget.program.program import Program
from errorbudget.program.tokens import Tokens
from errorbudget.program.watching.contexts import Contexts
from errorbudget.program.watching.letters import Letters
from errorbudget.program.watching.watching import Watch
from errorbudget.source import Failing
from errorbudget.web import limits
from errorbudget.web.current import OVERDUE, PATIENCE, Current
from errorbudget.web.daily import Daily
from errorbudget.web.deciding import Deciding
from errorbudget.web.families import Calls, Note
from errorbudget.web.forge import GitHubApp
from errorbudget.web.issuers import Issuers
from errorbudget.web.lane import Lane
from errorbudget.web.own import SERVICE, OwnRequests, document
from errorbudget.web.patient import Patient
from errorbudget.web.provider import Provider
from errorbudget.web.receiving import PostedDoor, Room


class Server:
    """An open home and everything that works on it at once, each with a warehouse of its own."""

    def __init__(self, program: Program, configuration: Configuration, key: str) -> None:
        receive = configuration.receive
        _take_signers(program, configuration)
        self.program, self.configuration = program, configuration
        self.key = key
        """What shows that a caller can read the home."""
        self.tokens = Tokens(program.home)
        self.provider = Provider.of(configuration.sign_in) if configuration.sign_in else None
        self.calls = Calls()
        self.stream = Stream.open(
            program.home.path / "journal", program.warehouse.another(), limits.pace(configuration)
        )
        redaction = redacting.redaction(program.home, configuration)
        self.otlp = Door(
            self.stream, program.home.rejected, limits.settings(configuration, redaction)
        )
        self.posted = PostedDoor(
            self.stream,
            program.warehouse,
            program.home.rejected,
            limits.posted(configuration),
            redaction,
        )
        self.room = Room(receive.body, receive.at_once)
        self._addresses = open_targets(
            configuration.targets, source=f"errorbudget:{program.home.path.name}", folder=Path.cwd()
        )
        self._delivery = Delivery(program.home.outbox, self._addresses.channels, clock=clock.now)
        self.current = self._current()
        self.patient = Patient(program, configuration)
        self.heartbeat, self._daily = (
            self._heartbeat(),
            Daily(self._review_what_closed, self.patient.prune),
        )
        self.own = OwnRequests(self.stream) if configuration.measure_itself else None
        self._reading = program.source.another()
        self._reading_turn = threading.Lock()
        self._writing = Requests(
            program.home, program.warehouse.another(), program.objectives, redaction
        )
        self._writing_turn = threading.Lock()
        self._budgets = Budgets(program.home, self._reading, program.objectives)
        self._burns = Burns(program.objectives, self._budgets)
        self._aside = program.source.another()
        self._explaining_turn = threading.Lock()
        self._explaining = Explaining(
            self._aside,
            Budgets(program.home, self._aside, program.objectives),
            program.home.changes,
        )
        self._approvals = Approvals(program.home, program.objectives, self._budgets)
        self.lane = Lane(program.home.trail)

    @cached_property
    def _contexts(self) -> Contexts:
        """What finds out about burns that are told of."""
        return self.program.contexts()

    @cached_property
    def deciding(self) -> Deciding:
        """The gate, by budgets in memory."""
        gate = Gate(self.program.home, self._reading, self.program.objectives, self._budgets)
        return Deciding(gate, self._budgets, self.current, self._reading_turn)

    @cached_property
    def _drafting(self) -> Drafting:
        """What drafts postmortems of what burns."""
        return self.program.drafting()

    @cached_property
    def issuers(self) -> Issuers:
        """Whose tokens of pipelines are taken."""
        return Issuers(self.configuration.identity, self.program.objectives.all)

    @cached_property
    def letters(self) -> Letters:
        """Messages that did not arrive."""
        return Letters(self.program.home)

    @cached_property
    def github(self) -> GitHubApp | None:
        """Deployments that wait for the gate at GitHub, where it is configured."""
        if (given := self.configuration.github) is None:
            return None
        return GitHubApp.of(
            given,
            self.program,
            asks=partial(self.check, at=None),
            environment=lambda service: self.document(service).environment,
        )

    @property
    def notes(self) -> list[Note]:
        """Who is told of every call."""
        return [self.calls.note, *([self.own.note] if self.own else [])]

    @property
    def needs_tokens(self) -> bool:
        """Until a token is made the server serves its own machine alone, and all of it.

        Not where people sign in at a provider. It stays guarded when its last token expires:
        nobody was asked whether it may open.
        """
        is_open = any(not is_loopback(split(one)[0]) for one in self.configuration.listens)
        return is_open or self.provider is not None or self.tokens.were_any()

    def _review_what_closed(self) -> None:
        """Quarters that have closed; before anything of them is dropped."""
        self.patient.review_what_closed(
            clock.now(), route=self._addresses.of, wake=self._delivery.wake
        )

    def start(self) -> None:
        """Begin to load and to watch."""
        self._delivery.start()
        self.stream.start()
        self.current.start()
        self.heartbeat.start()
        self.lane.start()
        if self.github:
            self.github.start()
        self._daily.start()
        if self.own:
            self._promise_of_itself()
            self.own.start()

    def stop(self) -> None:
        """Load what was acknowledged, evaluate it, tell what it says, and let go."""
        self._daily.stop()
        self.lane.stop()
        self.heartbeat.stop()
        if self.github:
            self.github.stop()
        if self.own:
            self.own.stop()
        self.stream.close()
        self.current.stop()
        self.current.renew()
        self._contexts.close()
        self._drafting.close()
        self._delivery.stop()
        self._addresses.close()

    def problems(self) -> list[str]:
        """What keeps the server from doing its work, each in a line."""
        pulse, stream = self.current.pulse, self.stream.state
        problems = list[str]()
        if pulse.age is None:
            problems.append("the budgets have not been evaluated yet")
        elif pulse.age > OVERDUE + self.configuration.watch.every.total_seconds():
            problems.append(f"the budgets were last evaluated {pulse.age:.0f} s ago")
        if (free := self.free()) < self.configuration.receive.spare:
            problems.append(_full(free, self.configuration.receive.spare))
        if pulse.problem:
            problems.append(f"evaluating the budgets fails: {_plain(pulse.problem)}")
        if stream.problem:
            problems.append(f"loading what was acknowledged fails: {_plain(stream.problem)}")
        if stream.unloaded > self.configuration.receive.unloaded * 0.9:
            problems.append(f"{stream.unloaded // 2**20} MiB wait to be loaded")
        return problems

    def free(self) -> int:
        """Bytes that the disk of the home has left."""
        return shutil.disk_usage(self.program.home.path).free

    def refresh(self) -> None:
        """Return when everything acknowledged before is evaluated, or patience ends."""
        self.stream.settle(PATIENCE)
        if self.current.is_behind:
            self.current.changed()
        self.current.settled()

    def budgets(self, service: str | None, at: datetime | None) -> list[Standing]:
        """Budgets from memory, or computed for a moment that was asked for. Raises Failure."""
        if at is None and (seen := self.current.snapshot):
            name = self._name(service)
            return [one for one in seen.standings if name in (None, one.document.name)]
        with self._reading_turn, self._reading.snapshot():
            return self._budgets.read(service, at=at or clock.now())

    def rollups(
        self,
        by: str,
        over: str,
        at: datetime | None,
        shows: Callable[[ObjectiveDocument], bool],
    ) -> list[Grouped]:
        """Budgets in groups, of the documents that may be shown. Raises Failure."""
        objectives, home = self.program.objectives, self.program.home
        with self._reading_turn, self._reading.snapshot():
            rollups = Rollups(home, self._reading, objectives, self._budgets)
            return rollups.read(by, over=over, at=at or clock.now(), shows=shows)

    def failed(
        self, service: str, objective: str | None, at: datetime | None, last: int
    ) -> list[Failures]:
        """The last failed requests of a service's budgets, from the warehouse. Raises Failure."""
        with self._reading_turn, self._reading.snapshot():
            failures = FailedRequests(self._reading, self._budgets)
            return failures.read(service, objective, at=at or clock.now(), last=last)

    def failed_within(self, document: ObjectiveDocument, objective: str, span: Span) -> Failing:
        """The last failed requests of one objective in a span of minutes."""
        with self._explaining_turn, self._aside.snapshot():
            return FailedRequests(self._aside, self._budgets).within(document, objective, span)

    def burns(self, service: str | None, at: datetime | None) -> list[BurnStanding]:
        """Burns from memory, or computed for a moment that was asked for. Raises Failure."""
        if at is None and (seen := self.current.snapshot):
            name = self._name(service)
            return [one for one in seen.burns if name in (None, one.standing.document.name)]
        with self._reading_turn, self._reading.snapshot():
            return self._burns.read(service, at=at or clock.now())

    def explain(
        self,
        service: str,
        objective: str | None,
        *,
        since: datetime | None,
        until: datetime | None,
        at: datetime | None,
    ) -> Explanation:
        """What broke; nobody else waits while it is found out. Raises Failure."""
        with self._explaining_turn, self._aside.snapshot():
            return self._explaining.explain(
                service, objective, since=since, until=until, at=at or clock.now()
            )

    def hand_off(
        self,
        service: str,
        objective: str,
        *,
        since: datetime | None,
        until: datetime | None,
        at: datetime | None,
    ) -> Handoff:
        """What a log tool needs to go on from a burn. Raises Failure."""
        with self._explaining_turn, self._aside.snapshot():
            return Handoffs(self._aside, self._explaining).hand_off(
                service, objective, since=since, until=until, at=at or clock.now()
            )

    def check(
        self, question: Question, *, at: datetime | None, dry_run: bool = False
    ) -> dict[str, Any]:
        """Decide on a change from memory; in the trail before it is told. Raises Failure."""
        return self.deciding.check(question, at=at, dry_run=dry_run).as_dict()

    def ran_before(self, service: str, template: str) -> str:
        """What shows that pods of this template served before; else empty. Raises Failure."""
        where = service, self.document(service).environment
        with self._reading_turn:
            return of_template(self.program.home, self._reading, *where, template)

    def draw_up(self, wanted: Wanted) -> dict[str, Any]:
        """A statement to be signed, with what it would lead to. Raises Failure."""
        with self._reading_turn, self._reading.snapshot():
            return self._approvals.draw_up(wanted, now=clock.now())

    def waiting(self, service: str | None) -> list[dict[str, Any]]:
        """What waits for an answer. Raises Failure."""
        with self._reading_turn, self._reading.snapshot():
            return self._approvals.status(service, now=clock.now())

    def document(self, service: str) -> ObjectiveDocument:
        """The document that counts for a service. Raises Failure."""
        return self._budgets.document(service)

    def services(self) -> list[dict[str, Any]]:
        """Every service that has ever sent a request."""
        with self._reading_turn:
            return [dict(one.as_dict()) for one in self._reading.warehouse.services()]

    def ingest(self, file: Path, *, form: str, maps: Mapping[str, str], **about: Any) -> Report:
        """Take a file in; it is evaluated soon after. Raises Failure."""
        with self._writing_turn:
            report = self._writing.ingest(file, form=form, maps=maps, **about)
        self.current.changed()
        return report

    def correct(
        self, service: str, request_ids: Sequence[str], verdict: str, reason: str
    ) -> dict[str, Any]:
        """Judge requests by hand. Raises Failure."""
        self.stream.settle(PATIENCE)
        with self._writing_turn:
            done = self._writing.correct(
                service, request_ids, verdict, reason, now=clock.now()
            ).as_dict()
        self.current.changed()
        return dict(done)

    def apply(
        self, body: bytes, name: str, signatures: Mapping[str, bytes] | None = None
    ) -> dict[str, Any]:
        """Put a document in force. Raises DocumentInvalid."""
        applied = self.program.objectives.put(
            body, Path(name), now=clock.now(), signatures=signatures
        )
        self.current.changed()
        return applied.as_dict()

    def verify(self, body: bytes, name: str, signatures: Mapping[str, bytes]) -> dict[str, Any]:
        """What `apply` would answer. Raises DocumentInvalid."""
        return self.program.objectives.verify(
            body, Path(name), now=clock.now(), signatures=signatures
        ).as_dict()

    def resend(self, numbers: Sequence[int]) -> dict[str, int]:
        """Try dead letters again, at once. Raises Failure."""
        resent = self.letters.resend(numbers, now=clock.now())
        self._delivery.wake()
        return resent

    def spool(self, name: str) -> Path:
        """A place for a file that is being sent; it goes when it is in, or with the next start."""
        folder = self.program.home.staging / f"sent-{secrets.token_hex(8)}"
        folder.mkdir()
        return folder / (Path(name).name or "file")

    def unspool(self, file: Path) -> None:
        """Drop a file that was sent."""
        shutil.rmtree(file.parent, ignore_errors=True)

    def _current(self) -> Current:
        program, watching = self.program, self.program.source.another()
        watch = Watch(
            program.home,
            watching,
            program.objectives,
            route=self._addresses.of,
            wake=self._delivery.wake,
            contexts=self._contexts,
            looked=self._drafting.look,
        )
        every = self.configuration.watch.every.total_seconds()
        return Current(watch, watching, every, lambda: self.stream.state.loaded)

    def _heartbeat(self) -> Heartbeat:
        beating = self.configuration.heartbeat
        addresses = self._addresses.of(beating.targets)
        return Heartbeat(
            channels=[self._addresses.channels[address] for address in addresses],
            url=reveal(beating.url, Path.cwd()) if beating.url else "",
            every=beating.every,
            problems=self.problems,
            clock=clock.now,
        )

    def _promise_of_itself(self) -> None:
        if self.program.objectives.observing(SERVICE) is None:
            self.apply(document(), "errorbudget.yaml")

    def _name(self, service: str | None) -> str | None:
        return None if service is None else self._budgets.document(service).name


def _take_signers(program: Program, configuration: Configuration) -> None:
    signers = configuration.signers
    program.home.signers = program.home.signers_in(signers.allowed, signers.revoked)


def _full(free: int, spare: int) -> str:
    return (
        f"the disk is full: {free >> 20} MiB are left, and {spare >> 20} MiB are kept for what was"
        " acknowledged; senders are told to come again"
    )


def _plain(problem: str) -> str:
    return problem.splitlines()[0][:300]
