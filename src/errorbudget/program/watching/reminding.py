"""Which documents should people have looked at again by now? They are told once a month."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Final

from errorbudget.objective.document import ObjectiveDocument
from errorbudget.objective.signoff import revisiting
from errorbudget.program.watching import telling
from errorbudget.program.watching.ears import Addressed

_MONTH: Final = 30
"""Days between two reminders of the same date."""


class Reminders:
    """Of documents past their `signoff.revisit`. The same one made again has the same id."""

    def __init__(self, documents: Sequence[ObjectiveDocument]) -> None:
        self._documents = documents
        self._looked: date | None = None

    def due(self, now: datetime) -> list[Addressed]:
        """What to tell today; nothing more until tomorrow."""
        if self._looked == now.date():
            return []
        self._looked = now.date()
        return [one for document in self._documents for one in _reminder(document, now)]


def _reminder(document: ObjectiveDocument, now: datetime) -> Iterator[Addressed]:
    due, overdue = document.signoff.revisit, revisiting(document, now.date())
    if due and overdue:
        month = (now.date() - due).days // _MONTH
        yield telling.of_overdue(document, due, month, overdue, now), document.notify
