"""Always watching: looks at every budget again and again, and tells when one burns."""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from threading import Event
from typing import Any, Final

from sqlalchemy import Connection

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.notify.message import Message
from errorbudget.program.budgets.book import Book, Standing
from errorbudget.program.budgets.closing import ClosingDays
from errorbudget.program.budgets.parts import parts
from errorbudget.program.burning.burns import BurnStanding
from errorbudget.program.changes import Changes
from errorbudget.program.incidents import follow
from errorbudget.program.objectives.objectives import Objectives
from errorbudget.program.watching import telling
from errorbudget.program.watching.contexts import Contexts
from errorbudget.program.watching.ears import Addressed
from errorbudget.program.watching.remembering import WATCH, Key, Memory
from errorbudget.program.watching.vigil import Snapshot, Vigil
from errorbudget.source import Source
from errorbudget.store.alerts import Told
from errorbudget.store.home import Home

LOG = logging.getLogger(__name__)

EVERY: Final = 2.0
"""Seconds between two looks."""

RESUMED: Final = timedelta(hours=1)
"""How long after a page its context is still worth finding out, where a restart was between."""

Route = Callable[[Sequence[str]], Iterable[str]]
"""The addresses behind the names of targets; may raise Failure for a name nobody gave."""


Looked = Callable[[Snapshot, datetime], None]
"""Who is told what each look found; on the watch's thread, so it must not take its time."""


def unheard(snapshot: Snapshot, now: datetime) -> None:
    """Tell nobody."""
    del snapshot, now


def nobody(names: Sequence[str]) -> Iterable[str]:
    """No addresses, whatever the names."""
    del names
    return ()


class Watch:
    """One thread's: it alone may call `tick` and `run`; anybody may read what it found last."""

    def __init__(
        self,
        home: Home,
        source: Source,
        objectives: Objectives,
        *,
        route: Route = nobody,
        wake: Callable[[], None] = lambda: None,
        contexts: Contexts | None = None,
        looked: Looked = unheard,
    ) -> None:
        self._home = home
        self._source = source
        self._objectives = objectives
        self._route = route
        self._wake = wake
        self._contexts = contexts
        self._looked = looked
        self._changes = Changes(home)
        self._edition = 0
        self._term = 0
        """In which this process led when it looked last; 0 where it did not."""
        self._has_told = False
        """Whether this process has looked and told since it began, or took over."""
        self._vigil: Vigil | None = None
        self.snapshot: Snapshot | None = None
        """What was found last; None before the first look."""
        self.problem = ""
        """Why the last look failed; empty when it did not. It is tried again."""

    @property
    def at(self) -> datetime | None:
        """When everything was looked at last."""
        return self.snapshot.at if self.snapshot else None

    @property
    def standings(self) -> list[Standing]:
        """Every budget, as found last."""
        return self.snapshot.standings if self.snapshot else []

    @property
    def burns(self) -> list[BurnStanding]:
        """Every burn and its alert, as found last."""
        return self.snapshot.burns if self.snapshot else []

    def run(
        self, stop: Event, *, every: float = EVERY, now: Callable[[], datetime] = clock.now
    ) -> None:
        """Look again and again until told to stop; what goes wrong is noted, and tried again."""
        while not stop.is_set():
            try:
                self.tick(now())
            except Exception:  # a disk that is full for a while must not end the watch for good
                LOG.exception("the watch stumbled and goes on")
            stop.wait(every)

    def tick(self, now: datetime) -> list[Message]:
        """Look once; what was told. States and messages are on disk together, or neither is."""
        try:
            messages = self._tick(now)
        except BaseException as cause:
            # What was read may be half of something: begin again with what is on disk.
            self._vigil = None
            self.problem = f"{type(cause).__name__}: {cause}"
            raise
        self.problem = ""
        if messages:
            self._wake()
        return messages

    def _tick(self, now: datetime) -> list[Message]:
        term = self._home.leads()
        if term != self._term:
            # What the replica before has told is on disk, and nothing of it is told again.
            self._vigil, self._has_told, self._term = None, False, term
        vigil, removed, gone = self._vigil, list[Addressed](), list[Key]()
        edition = self._home.documents.edition()
        if vigil is None or edition != self._edition:
            vigil = self._begin()
            removed, gone = vigil.removed(now)
        for change in self._changes.recognise(self._source):
            LOG.info("%s: version %s appeared", change.service, change.version)
        seen, sent = vigil.look(now), list[Message]()
        if term:
            if not self._has_told and self._contexts is not None:
                self._contexts.resume(self._unfinished(vigil, now), now)
            messages = self._in_context([*removed, *seen.messages], now)
            sent = self._keep(vigil.memory, messages, seen.changed, gone, now)
            self._has_told = True
        self._vigil, self._edition, self.snapshot = vigil, edition, seen.snapshot
        if term:
            self._looked(seen.snapshot, now)
        return sent

    def _unfinished(self, vigil: Vigil, now: datetime) -> Sequence[Addressed]:
        """Pages of before a restart that nothing followed, whose context was still to come."""
        last = dict[str, Message]()
        for told in self._home.alerts.told(since=now - RESUMED, until=now):
            message = Message.from_bytes(told.body)
            last[message.thread] = message
        notify = {part.document.name: part.document.notify for part in vigil.book.parts}
        return [
            (one, notify[one.service])
            for one in last.values()
            if one.context is None and one.service in notify
        ]

    def _in_context(self, messages: Sequence[Addressed], now: datetime) -> Sequence[Addressed]:
        """The messages with what is known of their burns, and what completes earlier ones."""
        if self._contexts is None:
            return messages
        told = self._contexts.add(messages, now)
        return [*told, *self._contexts.late(now)]

    def _begin(self) -> Vigil:
        documents = self._objectives.all()
        beside = parts(documents, self._objectives.speaking)
        book = Book(self._source, ClosingDays(self._home, documents), documents, beside)
        return Vigil(book, Memory.of(self._home.alerts.all()))

    def _keep(
        self,
        memory: Memory,
        messages: Sequence[Addressed],
        changed: Sequence[Key],
        gone: Sequence[Key],
        now: datetime,
    ) -> list[Message]:
        """Put it all on disk, or nothing; the messages as they go out."""
        if not (messages or changed or gone):
            return []
        home = self._home
        records = {
            key: memory.own_record() if key == WATCH else memory.record(key) for key in changed
        }
        with home.database.writing() as connection:
            if home.members:
                home.members.confirm(connection, self._term)
            home.alerts.keep(connection, records)
            home.alerts.forget(connection, gone)
            return [self._send(connection, message, names, now) for message, names in messages]

    def _send(
        self, connection: Connection, message: Message, names: Sequence[str], now: datetime
    ) -> Message:
        """Note a message, let it open an incident or stand in one, and put it for its targets."""
        home = self._home
        if not home.alerts.noted(connection, message.id):
            home.trail.append_with(connection, "alert", _recorded(message), now)
            where = self._environment(message.service)
            incidents = follow(home, connection, message, where, now)
            message = telling.to_acknowledge(message, incidents)
            home.alerts.note(connection, _told(message))
        home.outbox.put(
            connection,
            message=message.id,
            thread=message.thread,
            body=message.to_bytes(),
            addresses=self._addresses(names),
            now=now,
        )
        return message

    def _environment(self, name: str) -> str:
        """Where a document's service runs; empty where it says nothing, or is gone."""
        parts = () if self._vigil is None else self._vigil.book.parts
        known = (part.document for part in parts)
        return next((one.environment for one in known if one.name == name), "")

    def _addresses(self, names: Sequence[str]) -> tuple[str, ...]:
        """Where targets are; one that is not configured keeps nobody else from being told."""
        try:
            return tuple(self._route(names))
        except Failure as failure:
            LOG.error("%s", failure.lines[0])
        known: list[str] = []
        for name in names:
            try:
                known += self._route((name,))
            except Failure:
                continue
        return tuple(known)


def _told(message: Message) -> Told:
    return Told(
        id=message.id,
        name=message.service,
        objective=message.objective,
        kind=message.kind.value,
        level=message.level.value,
        at=message.at,
        started_at=message.started_at,
        body=message.to_bytes(),
    )


def _recorded(told: Message) -> dict[str, Any]:
    """A notice as the audit trail has it."""
    return {
        "service": told.service,
        "objective": told.objective,
        "notice": told.kind.value,
        "level": told.level.value,
        "at": clock.text(told.at),
        "started": clock.text(told.started_at),
        "id": told.id,
    }
