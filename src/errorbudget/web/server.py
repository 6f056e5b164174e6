"""What runs while the server does, and in which order does it start and stop?"""

import shutil
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from errorbudget import clock
from errorbudget.ingest.otlp import Door
from errorbudget.ingest.stream import Stream
from errorbudget.notify.delivery import Delivery
from errorbudget.notify.heartbeat import Heartbeat
from errorbudget.notify.targets import open_targets, reveal
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.program.budgets.budgets import Budgets
from errorbudget.program.configuration import Configuration, is_loopback, split
from errorbudget.program.gate.asking import Question
from errorbudget.program.intake import redacting
from errorbudget.program.postmortems.drafting import Drafting
from errorbudget.program.program import Program
from errorbudget.program.tokens import Tokens
from errorbudget.program.watching.contexts import Contexts
from errorbudget.program.watching.letters import Letters
from errorbudget.program.watching.watching import Watch
from errorbudget.web import condition, limits
from errorbudget.web.current import PATIENCE, Current
from errorbudget.web.daily import Daily
from errorbudget.web.deciding import Deciding
from errorbudget.web.families import Calls, Note
from errorbudget.web.finder import Finder
from errorbudget.web.forge import GitHubApp
from errorbudget.web.issuers import Issuers
from errorbudget.web.lane import Lane
from errorbudget.web.own import SERVICE, OwnRequests, document
from errorbudget.web.patient import Patient
from errorbudget.web.provider import Provider
from errorbudget.web.reader import Reader
from errorbudget.web.receiving import PostedDoor, Room
from errorbudget.web.repeating import SUCCESSION, Repeating
from errorbudget.web.turn import Turn
from errorbudget.web.writer import Writer


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
        self._delivery = Delivery(
            program.home.outbox, self._addresses.channels, clock=clock.now, speaks=self._speaks
        )
        self.current = self._current()
        self.patient = Patient(program, configuration)
        self.heartbeat, self._daily = (
            self._heartbeat(),
            Daily(self._review_what_closed, self.patient.prune, is_ours=self._speaks),
        )
        self.own = OwnRequests(self.stream) if configuration.measure_itself else None
        turn = Turn(program.source.another())
        self._budgets = Budgets(program.home, turn.source, program.objectives)
        self.reader = Reader(program, turn, self._budgets, self.current)
        self.deciding = Deciding(program, turn, self._budgets, self.current)
        self.finder = Finder(program, Turn(program.source.another()))
        self.writer = Writer(
            program, redaction, self.current, settle=partial(self.stream.settle, PATIENCE)
        )
        self.lane = Lane(program.home.trail)
        self._succession = (
            Repeating("succession", SUCCESSION, program.home.leads)
            if program.home.is_shared
            else None
        )

    @cached_property
    def _contexts(self) -> Contexts:
        """What finds out about burns that are told of."""
        return self.program.contexts()

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

    def _speaks(self) -> bool:
        """Whether it is this server that tells people, among its replicas."""
        return self.program.home.is_leading

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
        if self._succession:
            self._succession.start()
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
        if self._succession:
            self._succession.stop()
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
        return condition.problems(
            self.current.pulse, self.stream.state, self.free(), self.configuration
        )

    def unanswered(self) -> list[tuple[ObjectiveDocument, str]]:
        """Documents whose source tells nothing new, each with what it said instead."""
        seen = self.current.snapshot
        return seen.book.unanswered if seen else []

    def free(self) -> int:
        """Bytes that the disk of the home has left."""
        return shutil.disk_usage(self.program.home.path).free

    def refresh(self) -> None:
        """Return when everything acknowledged before is evaluated, or patience ends."""
        self.stream.settle(PATIENCE)
        if self.current.is_behind:
            self.current.changed()
        self.current.settled()

    def check(
        self, question: Question, *, at: datetime | None, dry_run: bool = False
    ) -> dict[str, Any]:
        """Decide on a change from memory; in the trail before it is told. Raises Failure."""
        return self.deciding.check(question, at=at, dry_run=dry_run).as_dict()

    def document(self, service: str) -> ObjectiveDocument:
        """The document that counts for a service. Raises Failure."""
        return self._budgets.document(service)

    def resend(self, numbers: Sequence[int]) -> dict[str, int]:
        """Try dead letters again, at once. Raises Failure."""
        resent = self.letters.resend(numbers, now=clock.now())
        self._delivery.wake()
        return resent

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
            speaks=self._speaks,
        )

    def _promise_of_itself(self) -> None:
        if self.program.objectives.observing(SERVICE) is None:
            self.writer.apply(document(), "errorbudget.yaml")


def _take_signers(program: Program, configuration: Configuration) -> None:
    signers = configuration.signers
    program.home.signers = program.home.signers_in(signers.allowed, signers.revoked)
