"""Where does everything that the program knows live, and who may open it?"""

import logging
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Final, Self

from errorbudget import clock
from errorbudget.errors import Failure, Untrusted
from errorbudget.store.alerts import Alerts
from errorbudget.store.changes import Changes
from errorbudget.store.database import Database
from errorbudget.store.decided import Decisions
from errorbudget.store.documents import Documents
from errorbudget.store.incidents import Incidents
from errorbudget.store.lock import hold
from errorbudget.store.outbox import Outbox
from errorbudget.store.postmortems import Postmortems
from errorbudget.store.reviews import Reviews
from errorbudget.store.revision import bring_up_to_date, stored_in
from errorbudget.store.signatures import Signers
from errorbudget.store.signings import Signings
from errorbudget.store.tallies import TallyDays
from errorbudget.store.templates import Templates
from errorbudget.store.tokens import Tokens
from errorbudget.store.torn import LeftLog
from errorbudget.store.trail import Trail

if TYPE_CHECKING:
    from errorbudget.store.members import Members

LOG = logging.getLogger(__name__)

DATABASE: Final = "errorbudget.sqlite"
LOCK: Final = "lock"
TRAIL_KEY: Final = "trail.key"
WAREHOUSE: Final = "warehouse.duckdb"
WAIT: Final = 10.0
"""Seconds to wait for another process to let go of the home."""


@dataclass
class Home:
    """An open home: held by this process alone until it is closed."""

    path: Path
    database: Database
    _lock: IO[str]
    members: "Members | None" = None
    """The processes that share its records; None where those are a file of this home."""

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        create: bool = False,
        wait: float = WAIT,
        store: str = "",
        replica: bool = False,
    ) -> Self:
        """The home at `path`; only with `create` may it come to be. Raises Failure, HomeBusy.

        Its records are in the PostgreSQL database that `store` names (a URL), where that is
        given, for this process alone or, as a `replica`, together with others.
        """
        if not create and not cls.is_at(path, store):
            raise Failure(
                f"{path}: there is no home here",
                "`errorbudget ingest FILE` or `errorbudget objective apply FILE` makes one;"
                " ERRORBUDGET_HOME names another place.",
            )
        _refuse_two_places(path, store)
        try:
            lock = _made_and_locked(path, wait)
        except OSError as cause:
            raise Failure(f"{path}: cannot be used as a home: {cause.strerror}") from cause
        try:
            if store:
                return cls._sharing(path, lock, store, wait, replica=replica)
            return cls._alone(path, lock)
        except BaseException:
            lock.close()
            raise

    @staticmethod
    def is_at(path: Path, store: str = "") -> bool:
        """Whether there is a home at `path`, whose records are in the store."""
        return (path / (LOCK if store else DATABASE)).is_file()

    @classmethod
    def _alone(cls, path: Path, lock: IO[str]) -> Self:
        """With the records in a file."""
        file = path / DATABASE
        # SQLite gives its -wal and -shm files the permissions of the database, so it is made first.
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        left = LeftLog(file)
        database = Database.sqlite(file)
        try:
            torn = left.torn_bytes(database)
            bring_up_to_date(database)
            home = cls(path=path, database=database, _lock=lock)
            home._record_recovery(torn)
        except BaseException:
            database.close()
            raise
        return home

    @classmethod
    def _sharing(cls, path: Path, lock: IO[str], store: str, wait: float, *, replica: bool) -> Self:
        """With the records in PostgreSQL."""
        from errorbudget.store.members import Members

        database = Database.postgresql(store)
        members = Members(database, is_replica=replica)
        try:
            # Asked first: it says what is wrong with the address.
            stored_in(database)
            members.join(wait)
            bring_up_to_date(database)
        except BaseException:
            members.leave()
            database.close()
            raise
        return cls(path=path, database=database, _lock=lock, members=members)

    def _record_recovery(self, torn: int) -> None:
        """A write that the last process did not finish is gone, and the trail says so."""
        if not torn:
            return
        body = {"torn_bytes": torn, "file": f"{DATABASE}-wal", "entries": self.trail.size()}
        try:
            self.trail.append("recovery", body, clock.now())
        except Untrusted as flaw:
            # The home opens all the same: how else could anybody find out what is wrong with it?
            LOG.error("an unfinished write of %d bytes is not in the trail: %s", torn, flaw)

    @property
    def is_leading(self) -> bool:
        """Whether this process is the one that watches and tells, as far as it knows."""
        return self.members is None or self.members.is_leading

    def leads(self) -> int:
        """The term in which this process watches and tells, 0 for none: see `Members.leads`."""
        return 1 if self.members is None else self.members.leads()

    @property
    def is_shared(self) -> bool:
        """Whether other replicas have the same records at the same time."""
        return self.members is not None and self.members.is_replica

    @property
    def warehouse(self) -> Path:
        """The file of requests."""
        return self.path / WAREHOUSE

    @property
    def staging(self) -> Path:
        """The folder through which files reach the warehouse."""
        return self.path / "staging"

    @property
    def rejected(self) -> Path:
        """The folder of lines that could not be taken in."""
        return self.path / "rejected"

    @cached_property
    def signers(self) -> Signers:
        """Whose signatures count; the files are written by an operator and only read here."""
        return self.signers_in(None, None)

    def signers_in(self, allowed: str | None, revoked: str | None) -> Signers:
        """The same with other files than the home's own."""
        return Signers(
            Path(allowed) if allowed else self.path / "allowed_signers",
            Path(revoked) if revoked else self.path / "revoked_signers",
        )

    @cached_property
    def documents(self) -> Documents:
        """The objective documents and which of them bind."""
        return Documents(self.database)

    @cached_property
    def signings(self) -> Signings:
        """Who signed what."""
        return Signings(self.database)

    @cached_property
    def tallies(self) -> TallyDays:
        """What has been counted."""
        return TallyDays(self.database)

    @cached_property
    def changes(self) -> Changes:
        """What altered production."""
        return Changes(self.database)

    @cached_property
    def decisions(self) -> Decisions:
        """What was decided about each change, and what people answered."""
        return Decisions(self.database)

    @cached_property
    def templates(self) -> Templates:
        """Which templates of pods stood in a cluster."""
        return Templates(self.database)

    @cached_property
    def incidents(self) -> Incidents:
        """What hurts users, and since when."""
        return Incidents(self.database)

    @cached_property
    def postmortems(self) -> Postmortems:
        """What was learned of incidents."""
        return Postmortems(self.database)

    @cached_property
    def outbox(self) -> Outbox:
        """Messages on their way to people."""
        return Outbox(self.database)

    @cached_property
    def alerts(self) -> Alerts:
        """Where alerts stand, and what was told."""
        return Alerts(self.database)

    @cached_property
    def reviews(self) -> Reviews:
        """What was told of quarters when they had closed."""
        return Reviews(self.database)

    @cached_property
    def tokens(self) -> Tokens:
        """Which programs may call the server."""
        return Tokens(self.database)

    @cached_property
    def trail(self) -> Trail:
        """The audit trail."""
        return Trail(self.database, self.path / TRAIL_KEY)

    def close(self) -> None:
        """Let the next process in."""
        if self.members:
            self.members.leave()
        self.database.close()
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _made_and_locked(path: Path, wait: float) -> IO[str]:
    """The folder for its owner alone, and the lock."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return hold(path / LOCK, wait=wait)


def _refuse_two_places(path: Path, store: str) -> None:
    if store and (path / DATABASE).is_file():
        raise Failure(
            f"{path}: keeps records of its own in {DATABASE}, and ERRORBUDGET_STORE names others",
            "`errorbudget home export FILE` without ERRORBUDGET_STORE takes them out, and"
            " `errorbudget home import FILE` with another ERRORBUDGET_HOME puts them there.",
        )
