"""Who notices when nobody is watching? Somebody outside, when a heartbeat stays away.

A heartbeat is sent only while the watch does its work. It is never stored and never tried again:
a missing one is the news. (Also called a dead man's switch.)
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Final

from errorbudget.errors import Failure
from errorbudget.notify.channel import Channel
from errorbudget.notify.message import Kind, Level, Message, identity
from errorbudget.notify.posting import client, post

LOG = logging.getLogger(__name__)

LONGEST: Final = timedelta(minutes=2)
"""Between two beats: an alert in Alertmanager lives for four minutes."""


class Heartbeat:
    """Beats on its own thread; `problems` says what keeps the watch from its work, if anything."""

    def __init__(
        self,
        *,
        channels: Sequence[Channel],
        url: str,
        every: timedelta,
        problems: Callable[[], Sequence[str]],
        clock: Callable[[], datetime],
        speaks: Callable[[], bool] = lambda: True,
    ) -> None:
        """`speaks` says whether it is ours to beat now, or another replica's."""
        self._speaks = speaks
        self._channels = channels
        self._url = url
        self._every = every
        self._problems = problems
        self._clock = clock
        self._stopping = Event()
        self._http = client()
        self._thread = Thread(target=self._run, name="errorbudget-heartbeat", daemon=True)
        self.sent = 0
        """Beats that somebody took."""
        self._since = clock()

    def start(self) -> None:
        """Begin to beat, where there is anybody to hear it."""
        if self._channels or self._url:
            self._thread.start()

    def stop(self) -> None:
        """Beat no more; whoever listens will notice."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(15)
        self._http.close()

    def beat(self, now: datetime) -> bool:
        """One beat to everybody who listens; False where the watch does not do its work."""
        if problems := self._problems():
            LOG.warning("no heartbeat: %s", "; ".join(problems))
            return False
        message = Message(
            id=identity("errorbudget", "heartbeat", now.isoformat()),
            kind=Kind.FIRED,
            level=Level.HEARTBEAT,
            service="errorbudget",
            objective="",
            title="errorbudget is watching",
            lines=("This is always said; when it stays away, nobody watches the budgets.",),
            at=now,
            started_at=self._since,
        )
        for channel in self._channels:
            self._try(lambda channel=channel: channel.send(message, now))
        if self._url:
            self._try(lambda: post(self._http, self._url, body=b"", headers={}, now=now))
        return True

    def _try(self, send: Callable[[], None]) -> None:
        try:
            send()
        except Failure as failure:
            LOG.warning("a heartbeat was not taken: %s", failure)
        else:
            self.sent += 1

    def _run(self) -> None:
        while True:
            try:
                if self._speaks():
                    self.beat(self._clock())
            except Exception:  # whatever it is must not end the heartbeat for good
                LOG.exception("the heartbeat stumbled and goes on")
            if self._stopping.wait(self._every.total_seconds()):
                return
