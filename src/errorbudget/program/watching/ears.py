"""Which documents' data is late or missing, and as of when is each to be looked at?"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import numpy as np

from errorbudget.burn.rate import Ints
from errorbudget.burn.silence import CHANCE, LATE
from errorbudget.ledger.window import minute_ceil, minute_floor
from errorbudget.notify.message import Message
from errorbudget.program.budgets.book import Book
from errorbudget.program.budgets.part import Part
from errorbudget.program.burning.burning import UNHEARD, Usual
from errorbudget.program.watching import telling
from errorbudget.program.watching.hearing import Hearing, Listening, hear, judge
from errorbudget.program.watching.remembering import Memory

_MISSED: Final = -float(np.log(CHANCE))
"""So many requests do not stay away by chance."""

Addressed = tuple[Message, Sequence[str]]
"""A message, and the names of the targets that it goes to."""


class Ears:
    """What is heard of every document's senders; documents that say nothing new cost nothing."""

    def __init__(self, book: Book, memory: Memory) -> None:
        self._book = book
        self._memory = memory
        rows: dict[str, list[int]] = {part.key: [] for part in book.parts}
        for row, promise in enumerate(book.promises):
            rows[promise.part.key].append(row)
        self._rows = {key: np.array(places, np.int64) for key, places in rows.items()}
        self._lag = np.zeros(len(book.promises), np.int64)
        self._heard = np.full(len(book.promises), UNHEARD)
        self._minute = -1

    def listen(self, usual: Usual, now: datetime) -> tuple[list[Addressed], bool]:
        """Hear what is new; what to tell of it, and whether there is anything to keep."""
        memory, minute = self._memory, minute_floor(now)
        before = memory.listening
        memory.listening = Listening.at(before, minute)
        worth_keeping = memory.listening != before
        messages: list[Addressed] = []
        for part in self._to_ask(minute):
            old = memory.hearings.get(part.key)
            new, told = self._heard_of(part, old, usual, now)
            if new is None:
                continue
            memory.hearings[part.key] = new
            self._place(part, new)
            worth_keeping |= old is None or old.gist != new.gist
            if part.is_whole:  # what is late of a part is late of its document too
                messages += [(message, part.document.notify) for message in told]
        self._minute = minute
        return messages, worth_keeping

    def ends(self, now: datetime) -> Ints:
        """For each row, as of when it is looked at: when its data was complete."""
        return minute_ceil(now) - self._lag

    def since(self) -> Ints:
        """For each row, since when its silence is its own."""
        listening = self._memory.listening
        return self._heard if listening is None else np.maximum(self._heard, listening.since)

    def _to_ask(self, minute: int) -> Iterable[Part]:
        return self._book.news if minute == self._minute else self._book.parts

    def _heard_of(
        self, part: Part, old: Hearing | None, usual: Usual, now: datetime
    ) -> tuple[Hearing | None, list[Message]]:
        """A part's hearing now, None where it has no sender, and what to tell of it."""
        as_of, heard = self._book.as_of(part), self._book.heard(part)
        if as_of is None or heard is None:
            return None, []
        known = hear(old, as_of, now)
        late = known.late or self._missed(part, known, heard, usual, now)
        after, kind = judge(known, late, minute_floor(now))
        if kind is None:
            return after, []
        since = after.late_since or known.late_since or minute_floor(now)
        return after, [telling.of_lateness(part.document, kind, after, since, now)]

    def _missed(
        self,
        part: Part,
        hearing: Hearing,
        heard: datetime,
        usual: Usual,
        now: datetime,
    ) -> bool:
        """Whether nothing has come for longer than it usually stays away."""
        listening, end = self._memory.listening, minute_floor(now)
        since = max(minute_ceil(heard), listening.since if listening else end)
        if end - since <= LATE or not hearing.live or not part.document.burn.silence:
            return False
        rows = self._rows[part.key]
        expected = usual.requests(rows, np.full(rows.size, since), np.full(rows.size, end))
        return bool(expected.max() / 2 >= _MISSED)

    def _place(self, part: Part, hearing: Hearing) -> None:
        rows, heard = self._rows[part.key], self._book.heard(part)
        self._lag[rows] = hearing.lag if hearing.live else 0
        self._heard[rows] = minute_ceil(heard) if hearing.live and heard else UNHEARD
