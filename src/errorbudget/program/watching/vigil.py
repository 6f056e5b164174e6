"""One look after another at the books of the documents in force: what was found, what to tell."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

import numpy as np

from errorbudget.burn import alert
from errorbudget.burn.alert import Alert, Notice
from errorbudget.burn.rate import Ints
from errorbudget.burn.rules import Rules
from errorbudget.ledger.fleet import Budgets
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.program.budgets.book import Book, Standing
from errorbudget.program.burning import burning
from errorbudget.program.burning.burning import Look, Sight
from errorbudget.program.burning.burns import BurnStanding, burn_standing, spent, together
from errorbudget.program.watching import telling
from errorbudget.program.watching.ears import Addressed, Ears
from errorbudget.program.watching.remembering import WATCH, Key, Memory
from errorbudget.program.watching.reminding import Reminders


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Watched:
    """Rows that share rules, their alerts, and what was found of them."""

    rules: Rules
    rows: Ints
    fleet: alert.Fleet
    found: Look | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Snapshot:
    """What one look found; it never changes, so that many may read it while the watch goes on."""

    at: datetime
    book: Book
    budgets: Budgets | None
    watched: Sequence[Watched]

    @cached_property
    def standings(self) -> list[Standing]:
        """Every budget."""
        return [] if self.budgets is None else self.book.standings(self.budgets)

    @cached_property
    def burns(self) -> list[BurnStanding]:
        """Every burn, and where its alert stands."""
        told = dict[int, BurnStanding]()
        for group in self.watched:
            for place, row in enumerate(group.rows.tolist()):
                told[row] = self._alone(group, place)
        return together(self.book, told) if told else []

    def word(self, row: int) -> str:
        """Where a row's alert stands."""
        group, place = self._where(row)
        state, code = group.fleet.alerts[place], int(group.fleet.codes[place])
        return alert.standing(state, alert.reading(code))

    def burn(self, group: Watched, place: int) -> BurnStanding:
        """The burn at a place of a group; of a pool, with its members."""
        members = self.book.members.get(int(group.rows[place]), ())
        return replace(
            self._alone(group, place),
            members=tuple(self._alone(*self._where(member)) for member in members),
        )

    def _alone(self, group: Watched, place: int) -> BurnStanding:
        if self.budgets is None or group.found is None:
            raise LookupError("nothing was looked at yet")
        budget = self.budgets[int(group.rows[place])]
        code, state = int(group.fleet.codes[place]), group.fleet.alerts[place]
        return burn_standing(self.book, group.found, place, code, state, budget)

    def _where(self, row: int) -> tuple[Watched, int]:
        for group in self.watched:
            for place in np.flatnonzero(group.rows == row).tolist():
                return group, place
        raise LookupError(f"row {row} is in no group")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a look found, and what of it must be on disk before anybody hears of it."""

    snapshot: Snapshot
    messages: Sequence[Addressed]
    changed: Sequence[Key]


class Vigil:
    """The watch over one edition of the documents; another edition is another vigil's."""

    def __init__(self, book: Book, memory: Memory) -> None:
        self.book = book
        self.memory = memory
        self._keys = [(promise.document.name, promise.objective) for promise in book.promises]
        self._dispersions = {
            row: memory.dispersions[key]
            for row, key in enumerate(self._keys)
            if key in memory.dispersions
        }
        self._ears = Ears(book, memory)
        self._reminders = Reminders(book.documents)
        self._watched = [self._start(*group) for group in burning.grouped(book)]

    def look(self, now: datetime) -> Seen:
        """Bring the books to `now`, and find out what that changes."""
        book = self.book
        book.bring_to(now)
        if not book.promises:
            snapshot = Snapshot(at=now, book=book, budgets=None, watched=())
            return Seen(snapshot=snapshot, messages=(), changed=())
        usual = burning.usual(book, now)
        messages, heard_anew = self._ears.listen(usual, now)
        messages += self._reminders.due(now)
        learning = burning.Dispersions(book, now, self._dispersions)
        sight = Sight(usual=usual, learnt=learning, listening=self._ears.since())
        snapshot, changed = self._judge(sight, now, messages)
        changed |= {self._keys[row] for row in learning.learnt}
        self.memory.dispersions |= {
            self._keys[row]: self._dispersions[row] for row in learning.learnt
        }
        if heard_anew:
            changed.add(WATCH)
        return Seen(snapshot=snapshot, messages=messages, changed=sorted(changed))

    def removed(self, now: datetime) -> tuple[list[Addressed], list[Key]]:
        """What to tell of alerts whose objectives nobody promises any more, and their keys."""
        gone = sorted(self.memory.alerts.keys() - set(self._keys))
        messages: list[Addressed] = []
        for key in gone:
            state = self.memory.alerts.pop(key)
            self.memory.dispersions.pop(key, None)
            document = self._document(key[0])
            if state.onset is not None and state.taken_back < state.notices:
                told = telling.of_removal(*key, state, document, now)
                messages.append((told, document.notify if document else ()))
        return messages, gone

    def _start(self, rules: Rules, rows: Ints) -> Watched:
        kept = [self.memory.alerts.get(self._keys[row], Alert()) for row in rows.tolist()]
        return Watched(rules=rules, rows=rows, fleet=alert.fleet(kept))

    def _judge(
        self, sight: Sight, now: datetime, messages: list[Addressed]
    ) -> tuple[Snapshot, set[Key]]:
        """Advance every alert; adds what is to be told."""
        book, ends = self.book, self._ears.ends(now)
        budgets = book.columns(now)
        notices: list[tuple[Watched, int, Notice]] = []
        changed = set[Key]()
        for index, group in enumerate(self._watched):
            found = burning.look(book, sight, group.rules, group.rows, ends[group.rows])
            after, told = self._advance(group, found, budgets)
            changed |= self._remember(group, after)
            notices += ((after, place, notice) for place, notice in told)
            self._watched[index] = after
        snapshot = Snapshot(at=now, book=book, budgets=budgets, watched=tuple(self._watched))
        for group, place, notice in notices:
            burn = snapshot.burn(group, place)
            messages.append((telling.of_notice(notice, burn), burn.standing.document.notify))
        return snapshot, changed

    def _advance(
        self, group: Watched, found: Look, budgets: Budgets
    ) -> tuple[Watched, list[tuple[int, Notice]]]:
        def spend(place: int, since: int) -> float:
            row, until = int(group.rows[place]), int(found.ends[place])
            return spent(self.book, row, since, until, budgets[row])

        codes = found.codes(burning.pressing(found, budgets))
        fleet, told = alert.step(group.fleet, codes, found.ends, spend)
        return replace(group, fleet=fleet, found=found), told

    def _remember(self, before: Watched, after: Watched) -> set[Key]:
        """Keep the alerts that changed; their keys."""
        if after.fleet is before.fleet:
            return set()
        changed = set[Key]()
        pairs = zip(before.fleet.alerts, after.fleet.alerts, before.rows.tolist(), strict=True)
        for old, new, row in pairs:
            if new is not old:
                self.memory.alerts[self._keys[row]] = new
                changed.add(self._keys[row])
        return changed

    def _document(self, name: str) -> ObjectiveDocument | None:
        """The document of that name, or of the pool that it was a member of."""
        named = {document.name: document for document in self.book.documents}
        return named.get(name) or named.get(name.rpartition("/")[0])
