"""Postmortems as they are kept: each with its text, its versions and what is said of it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.ledger.window import moment
from errorbudget.objective.document import PostmortemRules
from errorbudget.postmortem import draft
from errorbudget.postmortem.actions import actions
from errorbudget.postmortem.document import Postmortem, read
from errorbudget.program.budgets.budgets import Budgets
from errorbudget.program.objectives.objectives import Objectives
from errorbudget.store.home import Home
from errorbudget.store.postmortems import Kept

PROGRAM: Final = "errorbudget"
"""Who wrote a version that nobody did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A postmortem as it is now, with its text."""

    kept: Kept
    document: Postmortem
    journal: str
    """The folder where its document wants published ones."""
    told: tuple[str, ...] = ()
    """What came of merging that a person should look at."""

    def as_dict(self) -> dict[str, Any]:
        """The postmortem as JSON has it."""
        return {
            **summary(self.kept, self.document),
            "markdown": str(self.document),
            "sections": {one.name: one.text for one in self.document.pieces if one.kind != "text"},
            "journal": self.journal,
            "data": dict(self.kept.told),
            "told": list(self.told),
        }


class Shelf:
    """Reads postmortems, and keeps new versions of them."""

    def __init__(self, home: Home, budgets: Budgets, objectives: Objectives) -> None:
        self._home = home
        self._budgets = budgets
        self._objectives = objectives

    def show(self, id_: str) -> Written:
        """One of them. Raises Failure."""
        with self._home.database.reading() as connection:
            return self.read(connection, id_)

    def name(self, service: str | None) -> str | None:
        """The name of a service's document; None for all. Raises Failure."""
        return None if service is None else self._budgets.document(service).name

    def all(self, name: str | None) -> Iterator[Written]:
        """Those of a document, or all, the newest first."""
        for kept in self._home.postmortems.list(name):
            with self._home.database.reading() as connection:
                yield self.read(connection, kept.id)

    def read(self, connection: Connection, id_: str) -> Written:
        """One of them, within the caller's transaction. Raises Failure."""
        kept = self._home.postmortems.get(connection, id_)
        if kept is None:
            raise Failure(
                f"{id_}: there is no such postmortem; `errorbudget postmortem list` has them all"
            )
        return Written(
            kept=kept,
            document=self.wording(connection, id_, kept.version),
            journal=self._journal(kept.name),
        )

    def wording(self, connection: Connection, id_: str, version: int) -> Postmortem:
        """The text of one of its versions. Raises Failure."""
        found = self._home.postmortems.text(connection, id_, version)
        if found is None:
            raise Failure(
                f"{id_}: there never was a version {version};"
                f" `errorbudget postmortem show {id_}` has the newest"
            )
        return read(found.text, name=id_)

    def put(
        self,
        connection: Connection,
        current: Written,
        kept: Kept,
        document: Postmortem,
        by: str,
        at: datetime,
    ) -> Written:
        """Keep it, as a new version where its text differs; nothing that stood is dropped."""
        if document.pieces == current.document.pieces:
            return replace(current, kept=self._home.postmortems.renew(connection, kept))
        kept = replace(kept, version=current.kept.version + 1)
        document = replace(document, version=kept.version)
        read(str(document), name=kept.id)
        self._home.postmortems.put(connection, kept, str(document), by=by, at=at)
        return replace(current, kept=kept, document=document)

    def _journal(self, name: str) -> str:
        promised = self._objectives.in_force(name) or self._objectives.observing(name)
        return (promised.postmortem if promised else PostmortemRules()).journal


def summary(kept: Kept, document: Postmortem) -> dict[str, Any]:
    """One line of a list as JSON has it."""
    cost = next(one for one in kept.told["impact"]["costs"] if one["objective"] == kept.objective)
    todo = actions(document)
    return {
        "id": kept.id,
        "service": kept.name,
        "environment": kept.environment,
        "objective": kept.objective,
        "incident": kept.incident,
        "title": draft.title(kept.told).replace("\\", ""),
        "from": clock.text(moment(kept.start)),
        "to": clock.text(moment(kept.end)),
        "state": kept.state.value,
        "version": kept.version,
        "excess": cost["excess"],
        "share": cost["windows"][0]["share"],
        "unwritten": document.unwritten,
        "actions": {
            "open": sum(not one.done for one in todo),
            "done": sum(one.done for one in todo),
        },
        "drafted": clock.text(kept.drafted_at),
        "refreshed": clock.text(kept.refreshed_at),
        "published": clock.text(kept.published_at) if kept.published_at else None,
    }
