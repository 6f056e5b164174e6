"""How a decision gets into the trail: as one entry for as long as nothing that counts changes."""

from datetime import datetime

from sqlalchemy import Connection

from errorbudget.policy.audit import record_bytes
from errorbudget.program.gate.question import Answer, Weighed
from errorbudget.store.decided import Decided, Decisions
from errorbudget.store.trail import Recorded, Wish


class Recording(Wish):
    """A decision that is to be in the trail: the one before, when nothing that counts changed.

    Whether it did is read in the transaction that writes, so that of two who ask at once the second
    is counted and not decided anew.
    """

    def __init__(self, weighed: Weighed, decisions: Decisions, now: datetime) -> None:
        self._weighed = weighed
        self._decisions = decisions
        self._now = now
        self._same = weighed.same
        self._body = weighed.body()
        self._record = record_bytes(at=now, kind="decision", body=self._body)
        self._before: Decided | None = None
        self._after: Decided | None = None

    @property
    def answer(self) -> Answer:
        """What is told, once it is granted."""
        return self._weighed.answer(self._after)

    def record(self, connection: Connection) -> bytes | None:
        """The entry; None where an earlier decision still answers."""
        weighed = self._weighed
        before = self._decisions.of(weighed.subject, within=connection)
        shipped_at = self._decisions.shipped_at(weighed.digest, within=connection)
        stands = _stands(before, self._same, shipped_at, self._now)
        self._before = before if stands else None
        return None if self._before else self._record

    def write(self, connection: Connection, recorded: Recorded | None) -> None:
        """Remember it for who asks next, or count the asking."""
        by = self._weighed.question.by
        if self._before:
            self._after = self._decisions.asked_again(connection, self._before, by)
        elif recorded:
            seq, checkpoint = recorded.seq, recorded.checkpoint
            self._after = self._weighed.decided(self._body, self._same, seq, checkpoint, self._now)
            self._decisions.put(connection, self._after, by)


def _stands(before: Decided | None, same: str, shipped_at: datetime | None, now: datetime) -> bool:
    """Whether an earlier decision still answers: an allow expires, and covers one deploy."""
    if before is None or before.same != same:
        return False
    expired = before.expires_at is not None and before.expires_at <= now
    return not expired and not (shipped_at and shipped_at >= before.decided_at)
