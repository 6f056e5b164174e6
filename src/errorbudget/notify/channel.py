"""What can carry a message, and how does it say that it could not?"""

from datetime import datetime, timedelta
from typing import Protocol

from errorbudget.errors import Failure, Kind
from errorbudget.notify.message import Message


class Channel(Protocol):
    """One way to one receiver."""

    @property
    def repeat(self) -> timedelta | None:
        """How often a message that still holds must be sent again; None where once is enough."""
        ...

    def send(self, message: Message, now: datetime) -> None:
        """Hand a message over. Raises Postponed or Refused when the receiver did not take it."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


class Postponed(Failure):
    """The receiver did not take the message now; trying again later may help."""

    kind = Kind.BUSY

    def __init__(self, *lines: str, retry_after: timedelta | None = None) -> None:
        super().__init__(*lines)
        self.retry_after = retry_after


class Refused(Failure):
    """The receiver will not take the message however often it is sent."""

    kind = Kind.USAGE
