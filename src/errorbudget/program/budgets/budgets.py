"""What every objective allows, had and has left, from tallies that are brought up to date first."""

from collections.abc import Sequence
from datetime import datetime

from errorbudget.errors import Failure
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.program.budgets.book import Book, Standing
from errorbudget.program.budgets.closing import ClosingDays
from errorbudget.program.budgets.parts import parts
from errorbudget.program.objectives.objectives import Counting, Objectives
from errorbudget.source import Source
from errorbudget.store.home import Home


class Budgets:
    """The state of every budget at a moment."""

    def __init__(self, home: Home, source: Source, objectives: Objectives) -> None:
        self._home = home
        self._source = source
        self._objectives = objectives

    def read(self, service: str | None = None, *, at: datetime) -> list[Standing]:
        """The budgets of all services or of one, by name, pools with their members.

        Raises Failure for an unknown service.
        """
        documents = self._objectives.all() if service is None else [self.document(service)]
        return self.whole_book(documents, at=at).budgets(at)

    def of(self, documents: Sequence[ObjectiveDocument], *, at: datetime) -> list[Standing]:
        """The budgets of these documents' objectives, in their order."""
        return self.book(documents, at=at).budgets(at)

    def book(self, documents: Sequence[ObjectiveDocument], *, at: datetime) -> Book:
        """The books of these documents' own objectives, brought to a moment."""
        return _brought(Book(self._source, ClosingDays(self._home, documents), documents), at)

    def whole_book(self, documents: Sequence[ObjectiveDocument], *, at: datetime) -> Book:
        """The same, with what is watched beside their own objectives."""
        beside = parts(documents, self._objectives.speaking)
        book = Book(self._source, ClosingDays(self._home, documents), documents, beside)
        return _brought(book, at)

    def document(self, service: str) -> ObjectiveDocument:
        """The document that counts for a service, by its or its document's name. Raises Failure."""
        return self.counting(service).document

    def counting(self, service: str) -> Counting:
        """The same, with its digest and whether it binds. Raises Failure."""
        found = self._objectives.counting(service)
        if found is None:
            known = ", ".join(self._home.documents.names()) or "none yet"
            raise Failure(
                f"{service}: no objective document speaks for this service (there are: {known})",
                "Write one, and put it in force with `errorbudget objective apply FILE`.",
            )
        return found


def _brought(book: Book, at: datetime) -> Book:
    """The book at a moment, with all of the past that its sources tell piece by piece."""
    book.bring_to(at)
    while book.is_behind:
        book.bring_to(at)
    return book
