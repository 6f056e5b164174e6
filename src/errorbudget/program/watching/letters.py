"""Messages that did not arrive: who should have been told what, why not, and once more."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.notify.message import Message
from errorbudget.store.home import Home
from errorbudget.store.outbox import Letter


class Letters:
    """The dead letters of a home."""

    def __init__(self, home: Home) -> None:
        self._outbox = home.outbox

    def dead(self) -> list[dict[str, Any]]:
        """Given up or refused, oldest first; each with its number and the last reason."""
        return [_told(letter) for letter in self._outbox.dead()]

    def resend(self, numbers: Sequence[int], *, now: datetime) -> dict[str, int]:
        """Let these wait for delivery again, or all where none is named. Raises Failure."""
        dead = {letter.seq for letter in self._outbox.dead()}
        if strange := sorted(set(numbers) - dead):
            told = ", ".join(str(number) for number in strange)
            raise Failure(
                f"no dead letter has the number {told}", "`errorbudget letter list` shows them."
            )
        return {"resent": self._outbox.resend(now, only=numbers or None)}


def _told(letter: Letter) -> dict[str, Any]:
    return {
        "number": letter.seq,
        "target": letter.address,
        "title": _title(letter.body),
        "problem": letter.problem,
        "attempts": letter.attempts,
        "put": clock.text(letter.put_at),
    }


def _title(body: bytes) -> str:
    try:
        return Message.from_bytes(body).title
    except (ValueError, KeyError, TypeError):
        return "a message that cannot be read"
