"""What do commands work on? An open home, or the server that owns it; the same JSON from both."""

import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from errorbudget import clock
from errorbudget.cli.options import Told, home_path

if TYPE_CHECKING:
    from errorbudget.change import Change, Diff
    from errorbudget.cli.progress import Progress
    from errorbudget.ingest.report import Report
    from errorbudget.program.program import Program
    from errorbudget.program.tokens import Tokens


class Door(Protocol):
    """Everything that commands do; `at` is now where it is None. All raise Failure."""

    def services(self) -> list[Told]:
        """Every service that has ever sent a request."""
        ...

    def budgets(self, service: str | None, at: datetime | None) -> list[Told]:
        """Every budget, or those of one service."""
        ...

    def burns(self, service: str | None, at: datetime | None) -> list[Told]:
        """How fast every budget burns, or those of one service."""
        ...

    def ingest(
        self,
        file: Path,
        *,
        form: str,
        service: str,
        maps: Mapping[str, str],
        logs: bool,
        progress: "Progress | None",
    ) -> "Report":
        """Take a file in."""
        ...

    def correct(self, service: str, request_ids: Sequence[str], verdict: str, reason: str) -> Told:
        """Judge requests by hand."""
        ...

    def apply(self, file: Path) -> Told:
        """Put a document in force."""
        ...

    def record(self, change: "Change") -> Told:
        """Store a change."""
        ...

    def check(
        self,
        service: str,
        change: str,
        *,
        at: datetime | None,
        diff: "Diff | None",
        declared: str | None,
    ) -> Told:
        """Decide on a change; the decision is in the trail."""
        ...

    def record_outcome(self, entry: int, exit_code: int, started_at: datetime) -> Told:
        """What came of the command that a decision permitted."""
        ...

    def entries(self, last: int) -> list[Told]:
        """The last entries of the audit trail, or all."""
        ...

    def verify(self, checkpoint: str | None) -> Told:
        """Check the audit trail, also against a checkpoint kept elsewhere."""
        ...

    def make_token(self, name: str, wanted: Told) -> Told:
        """A new token; `wanted` has scopes, services, environments and expires_minutes."""
        ...

    def tokens(self) -> list[Told]:
        """Every token, without secrets."""
        ...

    def revoke_token(self, which: str) -> Told:
        """Let a token open nothing any more."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def entered(*, create: bool = False, wait: float = 10.0) -> Door:
    """The server that ERRORBUDGET_URL names or that owns the home, else the home. Raises Failure.

    Only commands that write may create a home.
    """
    from errorbudget.store.address import running

    token = os.environ.get("ERRORBUDGET_TOKEN", "")
    if url := os.environ.get("ERRORBUDGET_URL"):
        return _remote(url, token)
    home = home_path()
    if address := running(home):
        return _remote(address.url, token or address.key)
    from errorbudget.program.program import Program

    return Local(Program.open(home, create=create, wait=wait))


def _remote(url: str, token: str) -> Door:
    from errorbudget.cli.remote import Remote

    return Remote(url, token)


class Local:
    """The home itself, held until the block ends."""

    def __init__(self, program: "Program") -> None:
        self._program = program

    def services(self) -> list[Told]:
        """Every service that has ever sent a request."""
        return [dict(one.as_dict()) for one in self._program.warehouse.services()]

    def budgets(self, service: str | None, at: datetime | None) -> list[Told]:
        """Every budget, or those of one service."""
        return [one.as_dict() for one in self._program.budgets.read(service, at=_now(at))]

    def burns(self, service: str | None, at: datetime | None) -> list[Told]:
        """How fast every budget burns, or those of one service."""
        return [one.as_dict() for one in self._program.burns.read(service, at=_now(at))]

    def ingest(
        self,
        file: Path,
        *,
        form: str,
        service: str,
        maps: Mapping[str, str],
        logs: bool,
        progress: "Progress | None",
    ) -> "Report":
        """Take a file in."""
        return self._program.requests.ingest(
            file, form=form, service=service, maps=maps, logs=logs, progress=progress
        )

    def correct(self, service: str, request_ids: Sequence[str], verdict: str, reason: str) -> Told:
        """Judge requests by hand."""
        now = clock.now()
        done = self._program.requests.correct(service, request_ids, verdict, reason, now=now)
        return done.as_dict()

    def apply(self, file: Path) -> Told:
        """Put a document in force."""
        return self._program.objectives.apply(file, now=clock.now()).as_dict()

    def record(self, change: "Change") -> Told:
        """Store a change."""
        return self._program.changes.record(change, now=clock.now()).as_dict()

    def check(
        self,
        service: str,
        change: str,
        *,
        at: datetime | None,
        diff: "Diff | None",
        declared: str | None,
    ) -> Told:
        """Decide on a change; the decision is in the trail."""
        from errorbudget.program.gate import declared_risk

        now = clock.now()
        answer = self._program.gate.check(
            service, change, at=at or now, now=now, diff=diff, declared=declared_risk(declared)
        )
        return answer.as_dict()

    def record_outcome(self, entry: int, exit_code: int, started_at: datetime) -> Told:
        """What came of the command that a decision permitted."""
        return self._program.gate.record_outcome(
            entry, exit_code, started_at=started_at, now=clock.now()
        )

    def entries(self, last: int) -> list[Told]:
        """The last entries of the audit trail, or all."""
        return self._program.audit.log(last)

    def verify(self, checkpoint: str | None) -> Told:
        """Check the audit trail, also against a checkpoint kept elsewhere."""
        return self._program.audit.verify(*([checkpoint] if checkpoint else []))

    @property
    def _tokens(self) -> "Tokens":
        from errorbudget.program.tokens import Tokens

        return Tokens(self._program.home)

    def make_token(self, name: str, wanted: Told) -> Told:
        """A new token; `wanted` has scopes, services, environments and expires_minutes."""
        minutes = wanted["expires_minutes"]
        return self._tokens.make(
            name,
            wanted["scopes"],
            services=wanted["services"],
            environments=wanted["environments"],
            expires=timedelta(minutes=minutes) if minutes else None,
            now=clock.now(),
        )

    def tokens(self) -> list[Told]:
        """Every token, without secrets."""
        return self._tokens.list(clock.now())

    def revoke_token(self, which: str) -> Told:
        """Let a token open nothing any more."""
        return self._tokens.revoke(which, now=clock.now())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._program.close()


def _now(at: datetime | None) -> datetime:
    return clock.now() if at is None else at
