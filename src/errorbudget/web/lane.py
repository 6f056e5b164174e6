"""How are many decided on at once? One thread decides, and writes all that waited in one go."""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import orjson

from errorbudget.errors import Failure
from errorbudget.program.gate.recording import Recording
from errorbudget.store.trail import Trail

LOG = logging.getLogger(__name__)

Asks = Callable[[], Recording | None]
"""Decides from memory; None for a question that the lane is not for. Raises Failure."""


@dataclass(slots=True, eq=False)
class _Asked:
    """A question that waits, and whoever waits for it."""

    asks: Asks
    heard: "asyncio.Future[bytes | None]"
    recording: Recording | None = None
    answer: bytes | None = None

    def decide(self) -> None:
        """Decide; what goes wrong is told by whoever answers what the lane does not."""
        try:
            self.recording = self.asks()
        except Failure:
            return
        except Exception:
            LOG.exception("a question could not be decided from memory")

    def tell(self) -> None:
        """Make the answer, once it is granted."""
        if self.recording and not self.recording.failure:
            self.answer = orjson.dumps(self.recording.answer.as_dict()) + b"\n"


class Lane:
    """Takes plain questions from an event loop; their entries share the wait for the disk."""

    def __init__(self, trail: Trail) -> None:
        self._trail = trail
        self._waiting = deque[_Asked]()
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="errorbudget-gate")

    def start(self) -> None:
        """Begin to decide."""
        self._thread.start()

    def stop(self) -> None:
        """Decide what waits, and no more."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    async def ask(self, asks: Asks) -> bytes | None:
        """The answer in JSON, which is in the trail; None where the lane has none."""
        asked = _Asked(asks, asyncio.get_running_loop().create_future())
        self._waiting.append(asked)
        self._wake.set()
        return await asked.heard

    def _run(self) -> None:
        while not self._stopping:
            self._wake.wait()
            self._wake.clear()
            self._answer([self._waiting.popleft() for _ in range(len(self._waiting))])

    def _answer(self, asked: Sequence[_Asked]) -> None:
        try:
            for one in asked:
                one.decide()
            self._trail.grant_all([one.recording for one in asked if one.recording])
            for one in asked:
                one.tell()
        except Exception:
            LOG.exception("questions could not be answered together")
        finally:
            _hear(asked)


def _hear(asked: Sequence[_Asked]) -> None:
    """Wake whoever waits, each loop once."""
    loops = {one.heard.get_loop() for one in asked}
    for loop in loops:
        mine = [one for one in asked if one.heard.get_loop() is loop]
        loop.call_soon_threadsafe(_heard, mine)


def _heard(asked: Sequence[_Asked]) -> None:
    for one in asked:
        # Whoever waited may have gone.
        if not one.heard.done():
            one.heard.set_result(one.answer)
