"""Works on what GitHub tells: taken in at once, answered by a thread of its own."""

import logging
import re
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Final

import orjson

from errorbudget import clock
from errorbudget.errors import Failure, Untrusted
from errorbudget.notify.github import GitHub, verify
from errorbudget.notify.targets import reveal
from errorbudget.program.configuration import AtGitHub
from errorbudget.program.gate.forge import Asks, Forge
from errorbudget.program.program import Program
from errorbudget.web.failing import Unauthorized

LOG = logging.getLogger(__name__)

EVERY: Final = 5.0
"""Seconds between two looks at what waits for an approval."""
_ID: Final = re.compile(r"[0-9A-Za-z-]{1,64}")


class GitHubApp:
    """Takes webhooks in at once, and works on them in a thread of its own."""

    def __init__(self, secret: bytes, forge: Forge) -> None:
        self._secret = secret
        self._forge = forge
        self._waking, self._ending = Event(), False
        self._thread = Thread(target=self._run, name="errorbudget-github")

    @classmethod
    def of(
        cls,
        given: AtGitHub,
        program: Program,
        *,
        asks: Asks,
        environment: Callable[[str], str],
    ) -> "GitHubApp":
        """The app that is configured. Raises Failure where one of its secrets is not."""
        forge = Forge(
            program.home,
            GitHub(given.api, str(given.app), reveal(given.key, Path.cwd())),
            given.repositories,
            gate=program.gate,
            asks=asks,
            environment=environment,
        )
        return cls(reveal(given.secret, Path.cwd()).encode(), forge)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more; what waits, waits on disk."""
        self._ending = True
        self._waking.set()
        if self._thread.is_alive():
            self._thread.join()
        self._forge.close()

    def take(self, signature: str, event: str, id_: str, body: bytes) -> bool:
        """Keep a delivery. Raises Unauthorized, Failure."""
        try:
            verify(self._secret, signature, body)
        except Untrusted as why:
            raise Unauthorized(*why.lines) from why
        if not _ID.fullmatch(id_):
            raise Failure("X-GitHub-Delivery: is missing, or no id")
        try:
            payload = orjson.loads(body)
        except orjson.JSONDecodeError as cause:
            raise Failure("the body is no JSON; set the webhook's content type to it") from cause
        if not isinstance(payload, dict):
            raise Failure("the body is no JSON object")
        new = self._forge.take(id_, event, payload, clock.now())
        self._waking.set()
        return new

    def _run(self) -> None:
        self._guarded(self._forge.recover)
        while not self._ending:
            self._guarded(lambda: self._forge.step(clock.now()))
            self._waking.wait(EVERY)
            self._waking.clear()

    def _guarded(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Failure as failure:
            LOG.warning("GitHub: %s", failure)
        except Exception:
            # One delivery that breaks it must not end the answering of all others.
            LOG.exception("GitHub: a defect")
