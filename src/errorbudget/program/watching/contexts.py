"""What is known of a burn when its alert goes out? Found out beside the watch, which waits briefly.

A page is worth more at once than complete: what takes longer than `PATIENCE` follows it.
"""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from errorbudget.errors import Failure
from errorbudget.notify.message import Kind, Message
from errorbudget.program.explaining import picturing
from errorbudget.program.explaining.explanation import Explanation
from errorbudget.program.watching import telling
from errorbudget.program.watching.ears import Addressed

LOG = logging.getLogger(__name__)

PATIENCE: Final = 2.0
"""Seconds that a look's messages wait for their context, all of them together."""
MOST: Final = 50
"""Messages whose context is being found out at once; those beyond say how one asks for it."""

Explain = Callable[[str, str, datetime], Explanation]
"""What is known of a document's objective at a moment; called on a thread of its own."""

_PAGES: Final = (Kind.FIRED, Kind.ESCALATED, Kind.AGAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """A message that went out, and what is still being found out about it."""

    page: Message
    names: Sequence[str]
    found: "Future[_Found]"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    explanation: Explanation
    picture: bytes


class Contexts:
    """One watch's: `add` and `late` are called by its thread alone."""

    def __init__(self, explain: Explain, *, patience: float = PATIENCE) -> None:
        self._explain = explain
        self._patience = patience
        self._finding = ThreadPoolExecutor(1, thread_name_prefix="errorbudget-context")
        self._waiting: dict[str, _Waiting] = {}
        """By thread: whatever is told there next makes it pointless."""

    def add(self, messages: Sequence[Addressed], now: datetime) -> list[Addressed]:
        """The messages, with their context where it is found out in time."""
        asked, told = dict[str, Future[_Found]](), list[Addressed]()
        for message, names in messages:
            self._forget(message.thread)
            if not _wants(message):
                told.append((message, names))
            elif len(self._waiting) + len(asked) < MOST:
                asked[message.id] = self._finding.submit(self._find, message, now)
                told.append((message, names))
            else:
                LOG.warning("%s: too much burns at once for its context", message.thread)
                told.append((telling.without_context(message), names))
        wait(asked.values(), timeout=self._patience)
        return [self._with(message, names, asked.get(message.id)) for message, names in told]

    def resume(self, pages: Sequence[Addressed], now: datetime) -> None:
        """Go on with pages that went out earlier, of which nobody has found out more since."""
        wanted = [(page, names) for page, names in pages if _wants(page)]
        for page, names in wanted[: MOST - len(self._waiting)]:
            found = self._finding.submit(self._find, page, now)
            self._waiting[page.thread] = _Waiting(page=page, names=names, found=found)

    def late(self, now: datetime) -> list[Addressed]:
        """Messages that complete what went out before its context was known."""
        done = [thread for thread, one in self._waiting.items() if one.found.done()]
        told = list[Addressed]()
        for one in map(self._waiting.pop, done):
            if more := _told(one.page, one.found, partial(telling.completing, now=now)):
                told.append((more, one.names))
        return told

    def close(self) -> None:
        """Give up what is not begun, and let what is under way end."""
        self._finding.shutdown(wait=True, cancel_futures=True)

    def _forget(self, thread: str) -> None:
        if (forgotten := self._waiting.pop(thread, None)) is not None:
            forgotten.found.cancel()

    def _find(self, message: Message, now: datetime) -> _Found:
        found = self._explain(message.service, message.objective, now)
        title = f"{message.service} {message.objective}"
        return _Found(explanation=found, picture=picturing.png(found.bars, title))

    def _with(
        self, message: Message, names: Sequence[str], found: "Future[_Found] | None"
    ) -> Addressed:
        if found is None:
            return message, names
        if not found.done():
            self._waiting[message.thread] = _Waiting(page=message, names=names, found=found)
            return message, names
        return _told(message, found, telling.in_context) or message, names


def _wants(message: Message) -> bool:
    """Whether it is a page about an objective."""
    return message.kind in _PAGES and bool(message.objective)


def _told(
    page: Message,
    found: "Future[_Found]",
    put: Callable[[Message, Explanation, bytes], Message],
) -> Message | None:
    """The page with what was found out; None where anything of that failed.

    A page that nobody gets is worse than one that says less.
    """
    try:
        known = found.result()
        return put(page, known.explanation, known.picture)
    except Failure as failure:
        LOG.warning("%s: no context: %s", page.thread, failure)
    except Exception:
        LOG.exception("%s: no context", page.thread)
    return None
