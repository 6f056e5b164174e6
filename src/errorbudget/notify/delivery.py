"""Who is told next, and what happens when they do not answer?

A letter is marked after its receiver took it. Where the receiver's answer is lost, or the process
is killed before the mark, it is sent once more with the same id; nothing loses it.
"""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Event, Thread
from time import monotonic
from typing import Final, Generic, Protocol, TypeVar

from errorbudget.notify.channel import Channel, Postponed, Refused
from errorbudget.notify.message import Message

LOG = logging.getLogger(__name__)

HOLD: Final = timedelta(seconds=15)
"""How long an address in trouble is left alone, at most, unless it asks for longer."""

UNASKED: Final = timedelta(seconds=1)
"""Between two questions whether letters are ours to carry."""
IDLE: Final = timedelta(seconds=30)
"""How long an address without letters sleeps when nobody wakes it."""


class Letter(Protocol):
    """A message on its way to one address, as the outbox keeps it."""

    @property
    def message(self) -> str:
        """The message's id."""
        ...

    @property
    def address(self) -> str:
        """Where it goes."""
        ...

    @property
    def body(self) -> bytes:
        """The message."""
        ...

    @property
    def attempts(self) -> int:
        """How often it was tried in vain."""
        ...

    @property
    def sent_at(self) -> datetime | None:
        """When it last arrived; None before the first time."""
        ...


L = TypeVar("L", bound=Letter)


class Outbox(Protocol[L]):
    """Where letters wait; the one of the store, in real life."""

    def due(self, address: str, now: datetime, *, limit: int = 50) -> Sequence[L]:
        """Letters to carry now, in order."""
        ...

    def next_due(self, address: str) -> datetime | None:
        """When the next one is due."""
        ...

    def sent(self, letter: L, now: datetime, *, repeat_at: datetime | None = None) -> None:
        """It arrived."""
        ...

    def postpone(self, letter: L, due_at: datetime, problem: str) -> None:
        """It did not, yet."""
        ...

    def bury(self, letter: L, problem: str) -> None:
        """It will not."""
        ...

    def bury_for_others_than(self, addresses: Collection[str]) -> int:
        """Give up what waits for addresses that are gone."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """The receiver took it; while it holds, it is sent again at a moment."""

    repeat_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """Try again at a moment, and leave the whole address alone until `hold`."""

    due_at: datetime
    hold: datetime
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Refused, or tried often enough."""

    problem: str


Outcome = Arrived | Later | Lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a receiver that fails is believed to come back: by default some two hours."""

    first: timedelta = timedelta(seconds=1)
    longest: timedelta = timedelta(minutes=10)
    tries: int = 25

    def wait(self, attempts: int, seed: str) -> timedelta:
        """The wait after so many tries in vain: doubling, and spread over its upper half.

        The spread comes from the seed, so letters that failed together do not return together.
        """
        doubled = self.first * 2 ** min(attempts - 1, 30)
        share = int.from_bytes(sha256(f"{seed}/{attempts}".encode()).digest()[:4]) / 2**32
        return min(doubled, self.longest) * (0.5 + share / 2)


def attempt(letter: Letter, channel: Channel, patience: Patience, now: datetime) -> Outcome:
    """Try to hand a letter over, and say what came of it."""
    try:
        message = Message.from_bytes(letter.body)
    except (ValueError, KeyError, TypeError) as cause:
        return Lost(problem=f"cannot be read: {type(cause).__name__}")
    try:
        channel.send(message, now)
    except Refused as failure:
        return Lost(problem=str(failure))
    except Postponed as failure:
        return after_failure(letter, failure, patience, channel.repeat, now)
    except Exception as defect:
        LOG.exception("%s: sending failed", letter.address)
        trouble = Postponed(f"a defect of the program: {type(defect).__name__}")
        return after_failure(letter, trouble, patience, channel.repeat, now)
    again = channel.repeat if message.lasting else None
    return Arrived(repeat_at=None if again is None else now + again)


def after_failure(
    letter: Letter, failure: Postponed, patience: Patience, repeat: timedelta | None, now: datetime
) -> Later | Lost:
    """When to try a letter again, if it was not tried often enough."""
    attempts = letter.attempts + 1
    wait = patience.wait(attempts, f"{letter.message}/{letter.address}")
    if letter.sent_at is not None and repeat is not None:
        # It still holds, so it is never given up, and its receiver will forget it soon.
        wait = min(wait, repeat)
    elif attempts >= patience.tries:
        return Lost(problem=str(failure))
    asked = failure.retry_after or timedelta()
    return Later(
        due_at=now + max(wait, asked),
        hold=now + max(min(wait, HOLD), asked),
        problem=str(failure),
    )


PATIENCE: Final = Patience()


class Delivery(Generic[L]):
    """Carries letters, each address on its own thread: a slow receiver delays no other."""

    def __init__(
        self,
        outbox: Outbox[L],
        channels: Mapping[str, Channel],
        *,
        clock: Callable[[], datetime],
        patience: Patience = PATIENCE,
        speaks: Callable[[], bool] = lambda: True,
    ) -> None:
        """`speaks` says whether letters are ours to carry now, or another replica's."""
        self._speaks = speaks
        self._outbox = outbox
        self._channels = channels
        self._clock = clock
        self._patience = patience
        self._stopping = Event()
        self._wakes = {address: Event() for address in channels}
        self._held = dict[str, datetime]()
        self._threads: list[Thread] = []
        self._has_buried = False

    def start(self) -> None:
        """Begin, and give up what waits for addresses that are gone."""
        if self._speaks():
            self._bury()
        for address in self._channels:
            name = f"delivery-{address}"
            thread = Thread(target=self._serve, args=(address,), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def wake(self) -> None:
        """Look for new letters now; to be called when some were put and are committed."""
        for wake in self._wakes.values():
            wake.set()

    def stop(self, timeout: float = 15.0) -> bool:
        """Finish the letters under way, for so many seconds at most; whether all were finished."""
        self._stopping.set()
        self.wake()
        until = monotonic() + timeout
        for thread in self._threads:
            thread.join(max(until - monotonic(), 0))
        return not any(thread.is_alive() for thread in self._threads)

    def deliver_due(self, address: str) -> datetime:
        """Carry what is due for an address; the moment to look again."""
        now = self._clock()
        held = self._held.get(address, now)
        if now < held:
            return held
        if not self._speaks():
            return now + UNASKED
        self._bury()
        for letter in self._outbox.due(address, now):
            if self._stopping.is_set() or not self._speaks():
                return now
            outcome = attempt(letter, self._channels[address], self._patience, self._clock())
            self._note(letter, outcome)
            if isinstance(outcome, Later):
                self._held[address] = outcome.hold
                return outcome.hold
        now = self._clock()
        return min(self._outbox.next_due(address) or now + IDLE, now + IDLE)

    def _bury(self) -> None:
        """Give up what waits for addresses that are gone: once, when letters are first ours."""
        if not self._has_buried:
            self._outbox.bury_for_others_than(list(self._channels))
            self._has_buried = True

    def _serve(self, address: str) -> None:
        wake = self._wakes[address]
        while not self._stopping.is_set():
            wake.clear()
            try:
                until = self.deliver_due(address)
            except Exception:  # a disk that is full for a while must not end delivery for good
                LOG.exception("%s: delivery stumbled and goes on later", address)
                until = self._clock() + HOLD
            wake.wait(max((until - self._clock()).total_seconds(), 0))

    def _note(self, letter: L, outcome: Outcome) -> None:
        """Mark a letter, however long that takes: unmarked, it would be sent again."""
        while True:
            try:
                return self._mark(letter, outcome)
            except Exception:
                LOG.exception("%s: what was delivered could not be noted", letter.address)
                if self._stopping.wait(HOLD.total_seconds() / 10):
                    raise

    def _mark(self, letter: L, outcome: Outcome) -> None:
        match outcome:
            case Arrived():
                self._outbox.sent(letter, self._clock(), repeat_at=outcome.repeat_at)
            case Later():
                LOG.warning("%s: %s", letter.address, outcome.problem)
                self._outbox.postpone(letter, outcome.due_at, outcome.problem)
            case Lost():
                LOG.error("%s: %s; a dead letter now", letter.address, outcome.problem)
                self._outbox.bury(letter, outcome.problem)
