"""How does the server keep its own budget? Its calls are requests of the service `errorbudget`."""

import logging
from collections import deque
from datetime import datetime, timedelta
from importlib.metadata import version
from importlib.resources import files
from typing import Any, Final

import orjson

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.ingest.frame import Batch
from errorbudget.ingest.stream import Stream
from errorbudget.web.repeating import Repeating

LOG = logging.getLogger(__name__)

SERVICE: Final = "errorbudget"
FEED: Final = "own"
_MOST: Final = 50_000
"""Calls remembered while the journal takes none; older ones are forgotten first."""
_EVERY: Final = 1.0
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def document() -> bytes:
    """What the server promises of itself unless somebody promised something else."""
    return files("errorbudget.program").joinpath("own.yaml").read_bytes()


class OwnRequests(Repeating):
    """Notes calls as they are answered, and hands them to the stream every second."""

    def __init__(self, stream: Stream) -> None:
        super().__init__("own", _EVERY, self._attempt)
        self._stream = stream
        self._version = version("errorbudget")
        self._noted = deque[dict[str, Any]](maxlen=_MOST)

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """One more call, just answered."""
        began = clock.now() - timedelta(seconds=seconds)
        self._noted.append(
            {
                "time": (began - _EPOCH) // timedelta(microseconds=1),
                "service": SERVICE,
                "route": route,
                "method": method,
                "status": status,
                "duration_ms": round(seconds * 1000, 3),
                "version": self._version,
                "attributes": {},
            }
        )

    def stop(self) -> None:
        """Hand over what is left."""
        super().stop()
        self._attempt()

    def hand_over(self) -> int:
        """Put what was noted into the journal; how many calls. Raises Failure."""
        rows = [self._noted.popleft() for _ in range(len(self._noted))]
        if not rows:
            return 0
        lines = b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
        try:
            self._stream.accept("requests", Batch(feed=FEED, rows=lines))
        except Failure:
            self._noted.extendleft(reversed(rows))
            raise
        return len(rows)

    def _attempt(self) -> None:
        try:
            self.hand_over()
        except Failure as failure:
            LOG.warning("own calls are not counted yet: %s", failure)
