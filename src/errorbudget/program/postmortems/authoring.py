"""What people do with postmortems: write them, publish them, and see to what was decided."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from errorbudget.errors import Failure
from errorbudget.postmortem.actions import actions, unfit, with_done
from errorbudget.postmortem.document import Postmortem, read, spoken
from errorbudget.postmortem.merging import merge
from errorbudget.program.postmortems.shelf import Shelf, Written
from errorbudget.store.home import Home
from errorbudget.store.postmortems import State


class Authoring:
    """Takes what people write; two of them and the program at once lose nothing."""

    def __init__(self, home: Home, shelf: Shelf) -> None:
        self._home = home
        self._shelf = shelf

    def save(self, text: str, *, by: str, at: datetime, name: str = "") -> Written:
        """Take what a person wrote: merged with what others wrote since the version it names.

        Raises Failure where it cannot be read, or is of no postmortem.
        """
        mine = read(text, name=name or "the postmortem")
        return self._save(mine, by=by, at=at)

    def write(
        self, id_: str, version: int, sections: Mapping[str, str], *, by: str, at: datetime
    ) -> Written:
        """The same of single sections of people's, of the version they were read in."""
        with self._home.database.reading() as connection:
            base = self._shelf.wording(connection, id_, version)
        new = {
            name: text
            for name, text in sections.items()
            if spoken(base.section(name)) != text.strip()
        }
        return self._save(base.with_sections(new), by=by, at=at)

    def done(self, id_: str, number: int, *, by: str, at: datetime) -> Written:
        """An action is done. Raises Failure."""
        with self._home.database.reading() as connection:
            current = self._shelf.read(connection, id_).document
        return self._save(with_done(current, number), by=by, at=at)

    def publish(self, id_: str, *, by: str, at: datetime) -> Written:
        """Publish it, in the trail too. Raises Failure, in words, while judgment is missing."""
        home = self._home
        with home.database.writing() as connection:
            current = self._shelf.read(connection, id_)
            self._refuse_unfinished(current)
            if current.kept.state is State.PUBLISHED:
                return current
            kept = home.postmortems.renew(
                connection, current.kept, state=State.PUBLISHED, published_at=at
            )
            told = {"service": kept.name, "id": id_, "state": "published", "by": by}
            home.trail.append_with(connection, "postmortem", told | {"version": kept.version}, at)
        return replace(current, kept=kept)

    def actions(self, service: str | None = None, *, at: datetime) -> Sequence[dict[str, Any]]:
        """Every action item, open ones first, by date. Raises Failure."""
        name = self._shelf.name(service)
        today = at.date().isoformat()
        found = [
            {
                **one.as_dict(),
                "postmortem": written.kept.id,
                "service": written.kept.name,
                "overdue": bool(one.due) and not one.done and one.due < today,
            }
            for written in self._shelf.all(name)
            for one in actions(written.document)
        ]
        return sorted(found, key=lambda one: (one["done"], one["due"] or "9999", one["postmortem"]))

    def _save(self, mine: Postmortem, *, by: str, at: datetime) -> Written:
        if not by:
            raise Failure("--by: say who wrote it")
        with self._home.database.writing() as connection:
            current = self._shelf.read(connection, mine.id)
            base = self._shelf.wording(connection, mine.id, mine.version)
            merged = merge(base, mine, current.document, by=by)
            after = self._shelf.put(connection, current, current.kept, merged.document, by, at)
        return replace(after, told=merged.told)

    def _refuse_unfinished(self, current: Written) -> None:
        id_, document = current.kept.id, current.document
        if current.kept.state is State.BURNING:
            raise Failure(f"{id_}: it still burns; publish it when it is over")
        if missing := document.unwritten:
            raise Failure(
                f"{id_}: people have yet to write {_joined(missing)}",
                "Write them, and bring them in with `errorbudget postmortem save FILE`.",
            )
        if lacking := unfit(document):
            raise Failure(*(f"{id_}: {one}" for one in lacking))


def _joined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
