"""What can an assistant reach? Only what stands here: nothing approves, declines, corrects, signs.

The command line hands in the same door that its commands enter by, so the answers are the same.
"""

from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from errorbudget.program.gate.asking import Question

Told = dict[str, Any]
"""One answer, as JSON has it."""


class Proposals(Protocol):
    """What services could promise, and what documents would have done."""

    def unpromised(self) -> list[Told]:
        """The services that have traffic and no objective."""
        ...

    def propose(self, services: list[str], sla: str | None, dependencies: list[str]) -> Told:
        """A proposal for a service, or for a pool of them."""
        ...

    def replay(self, body: bytes, name: str, incidents: list[Any] | None) -> Told:
        """What the text of a document would have done."""
        ...


class Objectives(Protocol):
    """Objective documents in force."""

    def in_force(self, service: str) -> Told:
        """The text of a service's document, and who signed it."""
        ...


class Budgets(Protocol):
    """What is left, and how fast it goes."""

    def read(self, service: str | None, at: datetime | None) -> list[Told]:
        """Every budget, or those of one service."""
        ...

    def burns(self, service: str | None, at: datetime | None) -> list[Told]:
        """How fast they burn."""
        ...


class Explaining(Protocol):
    """What broke."""

    def explain(
        self,
        service: str,
        objective: str,
        *,
        since: datetime | None,
        until: datetime | None,
        at: datetime | None,
    ) -> Told:
        """A burn by where, who, what changed and what the logs say."""
        ...


class Gate(Protocol):
    """Whether a change may ship."""

    def deployed(self, service: str, at: datetime | None) -> Told | None:
        """What a service runs, as far as is known."""
        ...

    def check(self, question: Question, *, at: datetime | None, dry_run: bool) -> Told:
        """The decision on a change."""
        ...


class Audit(Protocol):
    """What was decided."""

    def entry(self, number: int) -> Told:
        """One entry of the trail."""
        ...


class Reviews(Protocol):
    """Quarters looked back at."""

    def read(self, service: str | None, quarter: str | None, at: datetime | None) -> Told:
        """The review of a document's quarter, or of all."""
        ...


class Postmortems(Protocol):
    """What was learned of incidents."""

    def list(self, service: str | None) -> "list[Told]":
        """Every postmortem."""
        ...

    def show(self, id_: str) -> Told:
        """One of them."""
        ...

    def draft(self, asked: Told) -> "list[Told]":
        """Draft what is asked for, and keep it."""
        ...

    def impact(
        self,
        service: str,
        objective: str | None,
        since: datetime,
        until: datetime | None,
        at: datetime | None,
    ) -> Told:
        """What a time cost; nothing is kept."""
        ...


class Door(Protocol):
    """The capabilities behind the tools, on an open home or on a server; all raise Failure."""

    @property
    def proposals(self) -> Proposals:
        """What services could promise."""
        ...

    @property
    def objectives(self) -> Objectives:
        """Documents in force."""
        ...

    @property
    def budgets(self) -> Budgets:
        """What is left."""
        ...

    @property
    def explaining(self) -> Explaining:
        """What broke."""
        ...

    @property
    def gate(self) -> Gate:
        """Whether a change may ship."""
        ...

    @property
    def review(self) -> Reviews:
        """Quarters looked back at."""
        ...

    @property
    def postmortems(self) -> Postmortems:
        """What was learned of incidents."""
        ...

    @property
    def audit(self) -> Audit:
        """What was decided."""
        ...


class Way(Protocol):
    """How calls come to a door; `token` is the caller's own, empty where there is none."""

    def enter(self, token: str) -> AbstractContextManager[Door]:
        """The door, for one call. Raises Failure where the caller may not enter."""
        ...

    def pages(self) -> str:
        """The address of the pages; empty where no server shows any."""
        ...

    def records(self, token: str) -> bool:
        """Whether a token came with the call that may let it leave a record."""
        ...

    def askers(self) -> tuple[str, ...]:
        """Who is at the keyboard; empty where only the server can know."""
        ...

    def repository(self) -> Path | None:
        """Where git is asked what a change alters; None where callers are elsewhere."""
        ...
